"""The products page in a real browser, with the model and the catalogue that ship."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from PIL import Image
from playwright.sync_api import FilePayload, expect

from relrec_core.products.explanation.result import ProductExplanation
from relrec_core.products.explanation.smallest_change import SmallestChange
from relrec_core.products.explanation.standing import UnlistedExplanation
from relrec_core.products.explanation.strategies_result import Strategies
from tests.browser.conftest import Open
from tests.browser.pages import (
    download,
    fits,
    headline,
    in_address,
    keep,
    not_in_address,
    sentence,
    settled,
)
from tests.products.pictures import encoded

MORE = {
    "missing": "What+if+a+part+were+missing%3F",
    "smallest": "Smallest+change",
    "answers": "Which+parts+match%3F",
    "other": "Why+not+another+one%3F",
    "methods": "Compare+methods",
    "planted": "Known+correct+answer",
}


def test_three_recommendations_with_both_maps_and_the_proof(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/products")
    sentence(page)
    expect(page.locator(".st-key-product_list button img.map")).to_have_count(6)
    large = page.locator(".st-key-product_answer")
    expect(large.locator("img.map")).to_have_count(2)
    for alt in large.locator(".mapped img.base").evaluate_all("found => found.map(i => i.alt)"):
        assert "contribution of this picture" in alt and "raises the score most in" in alt
    expect(large.locator(".outline")).to_have_count(2)
    for told in ("Original", re.compile("Strongest region, [+]")):
        expect(large.locator(".below figure").filter(has_text=told)).to_have_count(2)
    expect(page.get_by_text("Rendered: drawn products, not photos")).to_be_visible()
    expect(page.get_by_text("Do the contributions equal the score?")).to_be_visible()
    expect(page.get_by_text("Sum matches the score")).to_be_visible()
    expect(page.get_by_text("Does the score drop without these areas?")).to_be_visible()


def test_a_pasted_link_gives_the_same_view(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/products")
    first = sentence(page)
    page.locator(".st-key-gallery button[aria-pressed=false]").nth(6).click()
    expect(headline(page)).not_to_have_text(first)
    before = sentence(page)
    page.get_by_role("radio", name="Bought together").click()
    expect(headline(page)).not_to_have_text(before)
    before = sentence(page)
    page.locator(".st-key-product_list button").nth(1).click()
    expect(headline(page)).not_to_have_text(before)
    in_address(page, "product=", "relation=bought_together", "picked=")
    again = open_page(page.url)
    assert sentence(again) == sentence(page)


def test_any_product_is_found_and_explained_outside_the_list(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/products")
    first = sentence(page)
    settled(page)
    page.get_by_role("textbox", name="Ask about any product").fill("mug-010")
    page.keyboard.press("Enter")
    page.locator(".st-key-picked_found button").click()
    headline = page.locator("h3").filter(has_text=re.compile(r"stands at place \d+ of \d+ for"))
    expect(headline).to_be_visible()
    kept = page.get_by_text(re.compile(r"What keeps it from the top 3: Number 3, ‘.+ points more"))
    expect(kept).to_be_visible()
    expect(page.locator(".st-key-product_answer img.map")).to_have_count(2)
    expect(page.get_by_text("Not recommended", exact=True)).to_be_visible()
    settled(page)
    assert "picked=mug-010" in page.url
    told = headline.inner_text()
    found = json.loads(download(page, "Explanation (JSON)").read_text("utf-8"))["explanation"]
    explanation = UnlistedExplanation.model_validate(found)
    assert explanation.sentence() == told and explanation.item == "mug-010"
    page.locator(".st-key-product_list .list button").first.click()
    expect(page.locator("h3").filter(has_text=first)).to_be_visible()


@pytest.mark.parametrize("picked", ["teapot-005", None])
def test_a_product_that_is_left_out_says_why(
    site: str, open_page: Open, picked: str | None
) -> None:
    kind = "teapot-006" if picked else "teapot-005"
    said = "joins products of two kinds" if picked else "it is the product that was asked about"
    link = f"product={kind}&relation=bought_together&picked={picked or kind}"
    page = open_page(f"{site}/products?{link}")
    headline = page.locator("h3").filter(has_text="is not recommended").filter(has_text=said)
    expect(headline).to_be_visible()
    settled(page)
    expect(page.get_by_text("What keeps it from the top")).to_have_count(0)


def test_the_gallery_is_one_stop_of_tab_and_arrows_walk_in_it(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/products")
    first = sentence(page)
    gallery = page.locator(".st-key-gallery button")
    expect(page.locator('.st-key-gallery button[tabindex="0"]')).to_have_count(1)
    gallery.nth(3).focus()
    page.keyboard.press("End")
    expect(gallery.last).to_be_focused()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    expect(gallery.nth(gallery.count() - 2)).to_be_focused()
    page.keyboard.press("Enter")
    expect(headline(page)).not_to_have_text(first)


def test_unknown_things_in_a_link_get_sentences(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/products?product=no&relation=no&user=no&picked=no")
    sentence(page)
    for text in (
        "There is no product ‘no’ in Studio",
        "There is no relation ‘no’ here",
        "There is no user ‘no’ in Studio",
        "The product that this link asks about is not in this catalogue.",
    ):
        expect(page.get_by_text(text)).to_be_visible()


def test_a_picture_of_ones_own_and_what_is_not_one(site: str, open_page: Open) -> None:
    """Disguised, bombs, cut off, empty: each a sentence, and the page stays as it was."""
    page = open_page(f"{site}/products")
    sentence(page)
    page.get_by_role("button", name="Your own picture").click()
    picker = page.locator("input[type=file]")
    photo = encoded(Image.new("RGB", (60, 40), "teal"), "JPEG")
    bomb = encoded(Image.new("1", (20_000, 20_000)))
    for name, content, said in (
        ("mug.png", b"#!/bin/sh\necho mug", "mug.png is not a JPEG, PNG, WebP or GIF picture"),
        ("page.jpg", b"<html><script>alert(1)</script>", "page.jpg is not a JPEG"),
        ("empty.gif", b"", "empty.gif is empty"),
        ("bomb.png", bomb, "bomb.png has too many pixels"),
        ("long.png", encoded(Image.new("RGB", (30_000, 2))), "long.png has too many pixels"),
        ("cut.jpg", photo[: len(photo) // 2], "cut.jpg is damaged"),
        ("twice.png", photo[:200] + photo, "twice.png is damaged"),
    ):
        picker.set_input_files([FilePayload(name=name, mimeType="image/png", buffer=content)])
        expect(page.get_by_text(said)).to_be_visible()
        sentence(page)
        expect(page.get_by_test_id("stException")).to_have_count(0)
    settled(page)


def test_odd_pictures_of_ones_own_are_asked_about(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/products")
    sentence(page)
    page.get_by_role("button", name="Your own picture").click()
    for kind in ("see-through", "CMYK", "16 bit", "rotated", "animated"):
        own = FilePayload(name=f"{kind}.png", mimeType="image/png", buffer=_odd(kind))
        page.locator("input[type=file]").set_input_files([own])
        expect(page.get_by_text(f"Your file: {kind}.png")).to_be_visible()
        settled(page)
        answer = page.locator(".st-key-product_answer").get_by_text("Your picture").first
        expect(answer).to_be_visible()
        expect(page.get_by_test_id("stException")).to_have_count(0)


def _odd(kind: str) -> bytes:
    colours = (200, 60, 30, 120)
    if kind == "CMYK":
        return encoded(Image.new("CMYK", (90, 200), colours), "JPEG")
    if kind == "16 bit":
        return encoded(Image.new("I;16", (90, 200), 40_000))
    if kind == "rotated":
        sideways = Image.Exif()
        sideways[0x0112] = 6
        return encoded(Image.new("RGB", (90, 200), colours[:3]), "JPEG", exif=sideways)
    if kind == "animated":
        more = [Image.new("RGB", (90, 200), shade) for shade in ("green", "blue")]
        return encoded(more[0], "GIF", save_all=True, append_images=more[1:])
    return encoded(Image.new("RGBA", (90, 200), colours))


def test_downloads_hold_what_is_on_screen(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/products?product=lamp-003")
    shown = sentence(page)
    text = download(page, "Explanation (JSON)").read_text("utf-8")
    found = ProductExplanation.model_validate(json.loads(text)["explanation"])
    assert found.sentence() == shown and found.query == "lamp-003"
    rows = list(csv.DictReader(io.StringIO(download(page, "Table (CSV)").read_text("utf-8"))))
    total = sum(float(r["relevance"]) for r in rows)
    assert total == pytest.approx(found.audit.ledger.features, rel=1e-4)
    page_file = download(page, "Page to print").read_text("utf-8")
    assert found.item_title in page_file and "rendered" in page_file
    assert "<script" not in page_file
    picture = download(page, "Picture for a slide").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) > 20_000


def test_a_missing_part_changes_the_ranking_by_keyboard_too(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/products?aspect={MORE['missing']}")
    sentence(page)
    told = page.get_by_text(re.compile("Without 4 of 64 regions"))
    expect(told).to_contain_text("The network then calls ")
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_text("Nothing is erased: choose regions")).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Row 1, column 1", exact=True).focus()
    for key in ("ArrowDown", "ArrowRight", "Space"):
        page.keyboard.press(key)
    expect(page.get_by_text(re.compile("Without 1 of 64 regions"))).to_be_visible()
    in_address(page, "erased=9")


def test_the_smallest_change_is_told_kept_in_the_link_and_taken_away(
    site: str, open_page: Open
) -> None:
    page = open_page(f"{site}/products?product=lamp-003&aspect={MORE['smallest']}")
    told = page.locator("h4").filter(has_text=re.compile(r"Without \d+ of the 256 grid cells of"))
    expect(told).to_be_visible()
    expect(page.locator(".st-key-smallest_pictures img.base")).to_have_count(2)
    first = told.inner_text()
    page.get_by_role("radio", name=re.compile("^Recommended: ")).click()
    expect(told).not_to_have_text(first)
    in_address(page, "blurred_in=recommended")
    again = open_page(page.url)
    other = again.locator("h4").filter(has_text="of the 256 grid cells of")
    expect(other).to_have_text(told.inner_text())
    settled(again)
    again.locator(".st-key-smallest_downloads button").click()
    file = download(again, "Explanation (JSON)", again.locator(".st-key-smallest_downloads"))
    found = SmallestChange.model_validate(json.loads(file.read_text("utf-8"))["explanation"])
    assert found.sentence() == told.inner_text() and found.picture == "recommended"
    assert found.query == "lamp-003" and found.place <= found.n < found.place_after
    report = download(again, "Page to print").read_text("utf-8")
    assert found.item_title in report and "<script" not in report


def test_strategies_group_recommendations_and_lead_to_each(site: str, open_page: Open) -> None:
    link = "aspect=Strategies&relation=buy_after_viewing&grouped_kind=mug"
    page = open_page(f"{site}/products?{link}", width=390)
    told = page.locator("h4").filter(has_text=re.compile(r"The maps of \d+ recommendations of"))
    expect(told).to_be_visible(timeout=120_000)
    before = sentence(page)
    fits(page)
    groups = page.locator("h5").filter(has_text=re.compile(r"^Strategy \d+: \d+ \(\d+%\) mark"))
    count = groups.count()
    assert f"form {count} groups" in told.inner_text()
    page.locator(".st-key-strategies_downloads button").click()
    file = download(page, "Explanation (JSON)", page.locator(".st-key-strategies_downloads"))
    found = Strategies.model_validate(json.loads(file.read_text("utf-8"))["explanation"])
    assert len(found.strategies) == count and found.category == "mug"
    page.keyboard.press("Escape")
    page.locator(".st-key-strategy_1_members button").last.click()
    expect(headline(page)).not_to_have_text(before)
    in_address(page, "product=mug-", "grouped_kind=mug")
    assert any(f"product={m.query}" in page.url for m in found.strategies[0].members)


def test_maps_below_the_answer_are_added_to_the_story(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/products?product=lamp-003")
    sentence(page)
    tabs = ("Which parts match?", "Compare methods", "Known correct answer")
    for name in tabs:
        page.get_by_role("tab", name=name).click()
        keep(page, tabs.index(name) + 1, 1)
    page.get_by_role("link", name="Story", exact=True).click()
    settled(page)
    for name in tabs:
        expect(page.get_by_text(name.lower()).first).to_be_visible()
    expect(page.get_by_label("Title", exact=True)).to_have_count(len(tabs))


def test_presentation_and_the_way_out(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/products?product=vase-002")
    shown = sentence(page)
    page.get_by_role("button", name="Present").click()
    expect(page.get_by_role("button", name="Leave the presentation")).to_be_visible()
    expect(page.get_by_role("button", name="Surprise me")).to_be_hidden()
    expect(page.locator(".st-key-page_tour")).to_be_hidden()
    in_address(page, "present=1")
    assert sentence(page) == shown
    expect(page.get_by_text("Rendered: drawn products, not photos")).to_be_visible()
    settled(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Surprise me")).to_be_visible()
    not_in_address(page, "present")
    assert sentence(page) == shown


@pytest.mark.parametrize("aspect", MORE.values(), ids=MORE)
def test_nothing_is_wider_than_a_telephone(site: str, open_page: Open, aspect: str) -> None:
    page = open_page(f"{site}/products?aspect={aspect}", width=390, dark=True)
    sentence(page)
    others = (f".st-key-product_{name}" for name in ("answer", "list", "search"))
    foot = page.get_by_text("Data: Studio (rendered")
    order = (headline(page), *map(page.locator, others), foot)
    places = [found.first.bounding_box() for found in order]
    heights = [place["y"] for place in places if place]
    assert len(heights) == 5 and heights == sorted(heights)  # the answer stands before the controls
    fits(page)
    expect(page.get_by_test_id("stException")).to_have_count(0)


def test_ones_own_picture_outlives_another_page_and_can_be_taken_back(
    site: str, open_page: Open
) -> None:
    page = open_page(f"{site}/products")
    sentence(page)
    page.get_by_role("button", name="Your own picture").click()
    own = FilePayload(name="mine.png", mimeType="image/png", buffer=_odd("CMYK"))
    page.locator("input[type=file]").set_input_files([own])
    mine = page.locator("h3").filter(has_text="‘Your picture’")
    expect(mine).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Training").click()
    expect(page.locator("h1")).to_have_text("Training")
    page.get_by_role("link", name="Products").click()
    expect(mine).to_be_visible()
    page.get_by_role("button", name="Your own picture").click()
    expect(page.get_by_text("Your file: mine.png")).to_be_visible()
    page.get_by_role("button", name="Remove").click()
    expect(mine).to_have_count(0)
    assert "‘Your picture’" not in sentence(page)
