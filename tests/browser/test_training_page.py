"""Training from the browser: start, watch, cancel, activate, read-only, no data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from relrec_core import explain, paths
from relrec_core.batch import reading
from relrec_core.runs.active import active
from relrec_core.runs.directory import Run, list_runs
from relrec_core.wings import WINGS
from tests.browser import sites
from tests.browser.conftest import Open
from tests.browser.pages import not_in_address, sentence, settled
from tests.waiting import until


@pytest.fixture
def read_only_site(own_site: str) -> Iterator[str]:
    with sites.serving(paths.home(), RELREC_READ_ONLY="1") as address:
        yield address


@pytest.fixture
def empty_site(tmp_path: Path) -> Iterator[str]:
    with sites.serving(tmp_path) as address:
        yield address


def ended(run: Run) -> str:
    """The state of a run once it has ended."""
    until(lambda: not run.status().ongoing)
    return run.status().state


def test_a_run_is_started_watched_and_made_active(own_site: str, open_page: Open) -> None:
    page = open_page(f"{own_site}/training")
    page.get_by_role("textbox", name="Name").fill("from the browser")
    page.get_by_role("spinbutton", name="Epochs").fill("2")
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_text(re.compile("from-the-browser")).first).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    run = next(r for r in list_runs("movies") if "from-the-browser" in r.name)
    assert ended(run) == "done"
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    page.locator(".st-key-runs_movies").get_by_test_id("stDataFrame").click(
        position={"x": 18, "y": 52}
    )
    page.get_by_role("button", name="Make active").click()
    expect(page.get_by_role("button", name="This is the active model")).to_be_visible()
    chosen = active("movies")
    assert chosen is not None and chosen.name == run.name


def test_a_run_goes_on_without_the_page_and_is_found_and_cancelled(
    own_site: str, open_page: Open
) -> None:
    page = open_page(f"{own_site}/training")
    page.get_by_role("textbox", name="Name").fill("long one")
    page.get_by_role("spinbutton", name="Epochs").fill("5000")
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    page.close()
    again = open_page(f"{own_site}/training")
    expect(again.get_by_text(re.compile("long-one is running")).first).to_be_visible()
    again.get_by_role("button", name="Cancel").click()
    assert ended(next(r for r in list_runs("movies") if "long-one" in r.name)) == "cancelled"


def test_two_dashboards_share_one_data_directory(own_site: str, open_page: Open) -> None:
    with sites.serving(paths.home()) as other:
        first = open_page(f"{other}/training")
        first.get_by_role("textbox", name="Name").fill("shared")
        first.get_by_role("spinbutton", name="Epochs").fill("5000")
        first.get_by_role("button", name="Start training").click()
        expect(first.get_by_role("button", name="Cancel")).to_be_visible()
        first.close()
    # The dashboard that started it is gone; the other finds the run and may not start a second.
    second = open_page(f"{own_site}/training")
    expect(second.get_by_text(re.compile("shared is running")).first).to_be_visible()
    second.get_by_role("button", name="Start training").click()
    expect(second.get_by_role("alert").filter(has_text="shared")).to_be_visible()
    second.get_by_role("button", name="Cancel").click()
    assert ended(next(r for r in list_runs("movies") if "shared" in r.name)) == "cancelled"


def test_read_only_offers_no_change(read_only_site: str, open_page: Open) -> None:
    page = open_page(f"{read_only_site}/training")
    expect(page.get_by_text("Read-only: training and changes are off")).to_be_visible()
    button = page.get_by_role("button", name="Start training")
    expect(button).to_be_disabled()
    before = len(list_runs("movies"))
    # Whatever is sent: an enabled copy of the button still reaches a server that refuses.
    button.evaluate("b => { b.disabled = false; b.removeAttribute('disabled'); b.click(); }")
    settled(page)
    assert len(list_runs("movies")) == before


def test_without_data_every_page_says_how_to_get_it(empty_site: str, open_page: Open) -> None:
    for path in ("", "/movies"):
        page = open_page(f"{empty_site}{path}")
        expect(page.get_by_text("python3 scripts/fetch.py ml-100k").first).to_be_visible()
    expect(open_page(f"{empty_site}/training").get_by_text("No run yet")).to_be_visible()


def test_each_wing_has_its_own_form(own_site: str, open_page: Open) -> None:
    page = open_page(f"{own_site}/training?wing=sessions")
    expect(page.get_by_role("spinbutton", name="Simulated sessions")).to_be_visible()
    expect(page.get_by_role("spinbutton", name="Epochs")).to_have_value("8")
    page.get_by_test_id("stMain").get_by_text("Movies", exact=True).click()
    expect(page.get_by_role("spinbutton", name="Simulated sessions")).to_have_count(0)
    expect(page.get_by_text("Recall@50").first).to_be_attached()
    not_in_address(page, "wing=")
    page = open_page(f"{own_site}/training?wing=nothing")
    expect(page.get_by_text("There is nothing to train under ‘nothing’")).to_be_visible()


def test_explanations_of_everything_are_searched_and_opened(own_site: str, open_page: Open) -> None:
    assert explain.main(["movies", "--top", "2", "--audit", "--processes", "1"]) == 0
    (dataset,) = reading.kept(WINGS["movies"].batch)
    done, passed = reading.audited(dataset)
    page = open_page(f"{own_site}/training")
    expect(page.get_by_text("All 943 users.")).to_be_visible()
    expect(page.get_by_text(re.compile("^Mean score .* the average user’s"))).to_be_visible()
    assert done == 943 * 2
    for outcome, count in (("not confirmed", done - passed), ("confirmed", passed)):
        page.get_by_role("combobox", name="Deletion test").click()
        page.get_by_role("option", name=f"{outcome} ({count:,})", exact=True).click()
        said = f"{count:,} rows" if count else "No row is like that."
        expect(page.get_by_text(said).first).to_be_visible()
    page.get_by_role("textbox", name="User", exact=True).fill("42")
    page.keyboard.press("Enter")
    expect(page.get_by_text("2 rows. Tick one to open its explanation.")).to_be_visible()
    rows = page.locator("[class*=st-key-explained_rows_movies]").get_by_test_id("stDataFrame")
    rows.click(position={"x": 18, "y": 52})
    page.get_by_role("link", name="Open this explanation").click()
    assert sentence(page)
    expect(page.get_by_text("User 42", exact=False).first).to_be_visible()
