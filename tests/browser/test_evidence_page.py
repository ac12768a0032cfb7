"""The evidence page: counts, wings, pictures with words, and a quick run that comes and goes."""

from __future__ import annotations

import csv
import io
import re

import pytest
from playwright.sync_api import expect

from dashboard.claims import CLAIMS, WINGS
from dashboard.panels.evidence import LOOKS
from relrec_core.evaluation.tables import stored
from tests.browser.conftest import Open
from tests.browser.pages import download, fits, in_address
from tests.waiting import LONG

CHANCE, TOYS = CLAIMS["significance"], CLAIMS["toy"]
DEPENDS = CLAIMS["perturbation-photos"]
WIDE = CLAIMS["end-to-end-photos"]
PHOTOS, STUDIO = CLAIMS["end-to-end-photos"], CLAIMS["localisation"]


def test_the_counts_are_those_of_all_claims_and_each_is_a_click_away(
    own_site: str, open_page: Open
) -> None:
    page = open_page(f"{own_site}/evidence")
    expect(page.get_by_text(f"of {len(CLAIMS)} claims")).to_be_visible()
    statuses = [claim.verdict(claim.tables()).status for claim in CLAIMS.values()]
    shown = page.locator(".st-key-counts")
    for status, (label, _, _) in LOOKS.items():
        expect(shown.get_by_text(f"{statuses.count(status)} {label.lower()}")).to_be_visible()
    expect(page.get_by_test_id("stRadio").get_by_role("radio")).to_have_count(
        len(WINGS["Products"])
    )
    page.get_by_test_id("stRadio").get_by_text(DEPENDS.title).click()
    expect(page.get_by_role("heading", name=DEPENDS.title, exact=True)).to_be_visible()
    head = DEPENDS.verdict(DEPENDS.tables()).head
    assert "do better" in head
    expect(page.locator(f".st-key-claim_{DEPENDS.key}").get_by_text(head)).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(1)


def test_a_claim_is_in_the_address_and_its_numbers_can_be_kept(
    own_site: str, open_page: Open
) -> None:
    page = open_page(f"{own_site}/evidence")
    page.get_by_role("radio", name="Movies").or_(page.get_by_role("button", name="Movies")).click()
    in_address(page, "evidence_wing=Movies")
    page.get_by_test_id("stRadio").get_by_text(CHANCE.title).click()
    in_address(page, f"claim={CHANCE.key}")
    again = open_page(page.url)
    claim = again.get_by_role("heading", name=CHANCE.title, exact=True)
    expect(claim).to_be_visible()
    box = again.locator(f".st-key-claim_{CHANCE.key}")
    expect(box.locator(".js-plotly-plot .barlayer .trace")).to_have_count(2)
    kept_file = download(again, re.compile(r"significance-ml-100k\.csv"), box)
    rows = list(csv.DictReader(io.StringIO(kept_file.read_text("utf-8"))))
    kept = stored("movies", "significance-ml-100k")
    assert kept is not None and [r["model"] for r in rows] == list(kept.frame["model"])


def test_a_quick_run_replaces_the_stored_numbers_until_it_is_sent_away(
    own_site: str, open_page: Open
) -> None:
    page = open_page(f"{own_site}/evidence?claim={TOYS.key}")
    expect(page.get_by_role("heading", name=TOYS.title, exact=True)).to_be_visible()
    run = page.locator(f".st-key-run_{TOYS.key}").get_by_role("button")
    run.scroll_into_view_if_needed()
    run.click()
    warning = page.get_by_text("its numbers mean nothing", exact=False)
    expect(warning).to_be_visible(timeout=LONG * 1000)
    box = page.locator(f".st-key-claim_{TOYS.key}")
    expect(box.get_by_text(re.compile("Quick run$"))).to_be_visible()
    expect(box.get_by_text(re.compile("onfirmed$"))).to_have_count(0)
    assert stored("sessions", TOYS.sources[0].name(quick=True)) is not None
    page.get_by_role("button", name="Back to the stored numbers").click()
    expect(warning).to_have_count(0)


def test_a_quick_run_that_cannot_be_says_why_and_one_that_is_stopped_goes(
    own_site: str, open_page: Open
) -> None:
    page = open_page(f"{own_site}/evidence?claim={PHOTOS.key}")
    box = page.locator(f".st-key-claim_{PHOTOS.key}")
    box.get_by_role("button", name="Run the quick version").click()
    expect(box.get_by_text("The quick run was not finished.")).to_be_visible()
    expect(box.get_by_text("ikea-rooms")).not_to_have_count(0)
    page.wait_for_timeout(3000)
    expect(box.get_by_text("The quick run was not finished.")).to_be_visible()
    page.get_by_test_id("stRadio").get_by_text(STUDIO.title).click()
    expect(page.get_by_role("heading", name=STUDIO.title, exact=True)).to_be_visible()
    box = page.locator(f".st-key-claim_{STUDIO.key}")
    box.get_by_role("button", name="Run the quick version").click()
    box.get_by_role("button", name="Cancel").click()
    expect(box.get_by_role("button", name="Run the quick version")).to_be_visible()
    assert stored("products", STUDIO.sources[0].name(quick=True)) is None


def test_a_wide_table_scrolls_in_its_frame_and_prints_whole(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/evidence?claim={WIDE.key}", width=390)
    frame = page.get_by_role("region", name=f"The numbers: {WIDE.title}")
    expect(page.get_by_text("Scroll the table sideways")).to_be_visible()
    tables = WIDE.tables()
    assert tables is not None
    numbers = WIDE.numbers([table.frame for table in tables])
    expect(frame.locator("tbody tr")).to_have_count(len(numbers))
    expect(frame.locator("thead th")).to_have_text(list(map(str, numbers)))
    frame.focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    expect(frame).to_have_js_property("tabIndex", 0)
    page.wait_for_function("f => f.scrollLeft > 0", arg=frame.element_handle())
    page.set_viewport_size({"width": 700, "height": 900})  # of a sheet
    page.emulate_media(media="print")
    expect(page.get_by_text("Scroll the table sideways")).to_be_hidden()
    cut = "f => getComputedStyle(f).overflowX !== 'visible' || f.scrollWidth > f.clientWidth + 1"
    assert not frame.evaluate(cut)


@pytest.mark.parametrize("dark", [False, True])
def test_nothing_is_cut_off_on_a_phone(own_site: str, open_page: Open, dark: bool) -> None:
    page = open_page(f"{own_site}/evidence?evidence_wing=Sessions", width=390, dark=dark)
    expect(page.locator(".js-plotly-plot").first).to_be_visible()
    fits(page)
