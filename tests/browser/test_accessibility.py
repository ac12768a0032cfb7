"""No page has an accessibility finding that axe-core calls serious or worse."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from dashboard.app_pages import __path__ as pages
from tests.browser.conftest import Open
from tests.browser.pages import settled

# Which element shows that a page has all its parts.
SHOWN = {
    "overview": "Training",
    "products": "Does the score drop without these areas?",
    "movies": "Does the score drop without the named reasons?",
    "sessions": "Who decided, track by track",
    "evidence": "Does end-to-end training help, on rendered products?",
    "story": "Nothing is kept yet.",
    "training": "Start training",
}


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", list(SHOWN))
def test_nothing_serious_stands_in_anyones_way(
    name: str, dark: bool, site: str, open_page: Open
) -> None:
    page = open_page(f"{site}/{'' if name == 'overview' else name}", dark=dark)
    expect(page.get_by_text(SHOWN[name], exact=False).last).to_be_visible()
    settled(page)
    found = Axe().run(page).response["violations"]
    grave = [v for v in found if v["impact"] in ("serious", "critical")]
    assert not grave, "\n".join(
        f"{v['id']}: {node['html'][:200]} {node['failureSummary']}"
        for v in grave
        for node in v["nodes"]
    )


def test_every_page_is_looked_at() -> None:
    assert {f.stem for f in Path(pages[0]).glob("[a-z]*.py")} == set(SHOWN)
