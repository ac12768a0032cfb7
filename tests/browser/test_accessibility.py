"""No page has an accessibility finding that axe-core calls serious or worse."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from dashboard.app_pages import __path__ as pages
from dashboard.story.storyfile import written
from tests.browser.conftest import Open
from tests.browser.pages import settled
from tests.dashboard.stories import story

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
WIDTHS = (1280, 390)


def nothing_grave(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    grave = [v for v in found if v["impact"] in ("serious", "critical")]
    assert not grave, "\n".join(
        f"{v['id']}: {node['html'][:200]} {node['failureSummary']}"
        for v in grave
        for node in v["nodes"]
    )


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", list(SHOWN))
def test_nothing_serious_stands_in_anyones_way(
    name: str, dark: bool, width: int, site: str, open_page: Open
) -> None:
    page = open_page(f"{site}/{'' if name == 'overview' else name}", dark=dark, width=width)
    expect(page.get_by_text(SHOWN[name], exact=False).last).to_be_visible()
    settled(page)
    nothing_grave(page)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("dark", [False, True])
def test_nothing_serious_is_in_a_story_or_its_presentation(
    dark: bool, width: int, site: str, open_page: Open
) -> None:
    page, made = open_page(f"{site}/story", dark=dark, width=width), story()
    settled(page)
    page.get_by_role("button", name="Open").click()
    page.locator("input[type=file]").set_input_files(
        {"name": "s.json", "mimeType": "application/json", "buffer": written(made).encode()}
    )
    expect(page.locator(f".st-key-story_item_{len(made.items) - 1}")).to_be_visible()
    page.keyboard.press("Escape")
    settled(page)
    nothing_grave(page)
    page.get_by_role("button", name="Present").click()
    expect(page.locator(".deck .slide.shown h1")).to_be_visible()
    for _ in made.items:
        nothing_grave(page)
        page.keyboard.press("ArrowRight")


def test_every_page_is_looked_at() -> None:
    assert {f.stem for f in Path(pages[0]).glob("[a-z]*.py")} == set(SHOWN)


def test_the_keyboard_sees_which_page_it_would_open(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/story")
    links = page.get_by_test_id("stTopNavLink")
    expect(links).to_have_count(len(SHOWN))
    links.first.focus()
    page.keyboard.press("Tab")
    expect(links.nth(1)).to_be_focused()
    expect(links.nth(1)).to_have_css("outline-style", "solid")
    expect(links.first).to_have_css("outline-style", "none")
