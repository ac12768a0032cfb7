"""The products page in a real browser, with the model and the catalogue that ship."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, Page, expect

from relrec_core.products.explain import ProductExplanation
from scripts import server
from tests.browser.conftest import APP, Open
from tests.products.pictures import encoded

REASON = re.compile(r"was recommended \(\d+%\) because of")
MORE = {
    "missing": "What+if+a+part+were+missing%3F",
    "answers": "Which+part+answers+which%3F",
    "other": "Why+not+another+one%3F",
    "methods": "Compare+methods",
    "planted": "The+planted+cause",
}


@pytest.fixture(scope="module")
def products_site(home: Path) -> Iterator[str]:
    """Address of a dashboard as it is after the first start: nothing fetched, nothing trained."""
    port = server.any_port()
    with server.running(APP, port):
        yield f"http://{server.ADDRESS}:{port}"


def sentence(page: Page) -> str:
    found = page.locator("h3").filter(has_text=REASON).first
    expect(found).to_be_visible(timeout=60_000)
    return found.inner_text()


def settled(page: Page) -> None:
    """The whole page is there, down to its foot, and the server rests."""
    expect(page.get_by_text("Data: Studio (rendered").first).to_be_visible(timeout=60_000)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)
    page.wait_for_timeout(400)


def download(page: Page, name: str) -> Path:
    button = page.get_by_role("button", name=name).first
    if not button.is_visible():
        page.get_by_role("button", name="Download").first.click()
    with page.expect_download() as waiting:
        button.dispatch_event("click")  # a popover may reach below the window
    return Path(waiting.value.path())


def test_three_recommendations_with_both_maps_and_the_proof(
    products_site: str, open_page: Open
) -> None:
    page = open_page(f"{products_site}/products")
    sentence(page)
    settled(page)
    expect(page.locator(".st-key-product_list button img.map")).to_have_count(6)
    large = page.locator(".st-key-product_answer")
    expect(large.locator("img.map")).to_have_count(2)
    for alt in large.locator("img.base").evaluate_all("found => found.map(i => i.alt)"):
        assert "its pixels sum to" in alt and "support in" in alt
    expect(page.get_by_text("Rendered: drawn products, not photos")).to_be_visible()
    expect(page.get_by_text("Does it add up?")).to_be_visible()
    expect(page.get_by_text("Exact: nothing is left over")).to_be_visible()
    expect(page.get_by_text("Do the named cells matter?")).to_be_visible()


def test_a_pasted_link_gives_the_same_view(products_site: str, open_page: Open) -> None:
    page = open_page(f"{products_site}/products")
    first = sentence(page)
    settled(page)
    page.locator(".st-key-gallery button").nth(7).click()
    expect(page.locator("h3").first).not_to_have_text(first)
    settled(page)
    before = sentence(page)
    page.get_by_role("radio", name="Bought together").click()
    expect(page.locator("h3").first).not_to_have_text(before)
    settled(page)
    before = sentence(page)
    page.locator(".st-key-product_list button").nth(1).click()
    expect(page.locator("h3").first).not_to_have_text(before)
    settled(page)
    for part in ("product=", "relation=bought_together", "picked="):
        assert part in page.url
    again = open_page(page.url)
    assert sentence(again) == sentence(page)


def test_unknown_things_in_a_link_get_sentences(products_site: str, open_page: Open) -> None:
    page = open_page(f"{products_site}/products?product=no&relation=no&user=no&picked=no")
    sentence(page)
    for text in (
        "There is no product ‘no’ in Studio",
        "There is no relation ‘no’ here",
        "There is no user ‘no’ in Studio",
        "The product of this link is not among the recommendations.",
    ):
        expect(page.get_by_text(text)).to_be_visible()


def test_a_picture_of_ones_own(products_site: str, open_page: Open) -> None:
    page = open_page(f"{products_site}/products")
    sentence(page)
    settled(page)
    page.get_by_role("button", name="Your own picture").click()
    picker = page.locator("input[type=file]")
    script = FilePayload(name="mug.png", mimeType="image/png", buffer=b"#!/bin/sh\necho mug")
    picker.set_input_files([script])
    expect(page.get_by_text("mug.png is not a JPEG, PNG, WebP or GIF picture")).to_be_visible()
    sentence(page)
    settled(page)
    see_through = Image.new("RGBA", (90, 200), (200, 60, 30, 120))
    own = FilePayload(name="own.png", mimeType="image/png", buffer=encoded(see_through))
    picker.set_input_files([own])
    expect(page.locator("h3").filter(has_text="‘Your picture’")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("is not a JPEG")).to_have_count(0)


def test_downloads_hold_what_is_on_screen(products_site: str, open_page: Open) -> None:
    page = open_page(f"{products_site}/products?product=lamp-003")
    shown = sentence(page)
    settled(page)
    text = download(page, "Explanation (JSON)").read_text("utf-8")
    found = ProductExplanation.from_json(text)
    assert found.sentence() == shown and found.query == "lamp-003"
    rows = list(csv.DictReader(io.StringIO(download(page, "Table (CSV)").read_text("utf-8"))))
    total = sum(float(r["relevance"]) for r in rows)
    assert total == pytest.approx(found.audit.ledger.features, rel=1e-4)
    page_file = download(page, "Page for a slide").read_text("utf-8")
    assert found.item_title in page_file and "rendered" in page_file
    assert "<script src=" not in page_file
    picture = download(page, "Picture (PNG)").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) > 20_000


def test_a_missing_part_changes_the_ranking_by_keyboard_too(
    products_site: str, open_page: Open
) -> None:
    page = open_page(f"{products_site}/products?aspect={MORE['missing']}")
    sentence(page)
    settled(page)
    expect(page.get_by_text(re.compile("Without 4 of 64 regions"))).to_be_visible()
    page.get_by_role("button", name="Nothing").click()
    expect(page.get_by_text("Nothing is erased: choose regions")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Row 1, column 1", exact=True).focus()
    for key in ("ArrowDown", "ArrowRight", "Space"):
        page.keyboard.press(key)
    expect(page.get_by_text(re.compile("Without 1 of 64 regions"))).to_be_visible()
    settled(page)
    assert "erased=9" in page.url


def test_presentation_and_the_way_out(products_site: str, open_page: Open) -> None:
    page = open_page(f"{products_site}/products?product=vase-002")
    shown = sentence(page)
    settled(page)
    page.get_by_role("button", name="Present").click()
    expect(page.get_by_role("button", name="Leave the presentation")).to_be_visible()
    expect(page.get_by_role("button", name="Surprise me")).to_be_hidden()
    assert "present=1" in page.url and sentence(page) == shown
    expect(page.get_by_text("Rendered: drawn products, not photos")).to_be_visible()
    settled(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Surprise me")).to_be_visible()
    assert "present" not in page.url and sentence(page) == shown


@pytest.mark.parametrize("aspect", MORE.values(), ids=MORE)
def test_nothing_is_wider_than_a_telephone(
    products_site: str, open_page: Open, aspect: str
) -> None:
    page = open_page(f"{products_site}/products?aspect={aspect}", width=390, dark=True)
    sentence(page)
    settled(page)
    page.wait_for_timeout(600)
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    main = "document.querySelector('[data-testid=stMain]')"
    assert page.evaluate(f"{main}.scrollWidth <= {main}.clientWidth")
    assert page.get_by_test_id("stException").count() == 0
