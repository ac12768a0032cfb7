"""Two cases pinned beside each other on every page, taken away together, and let go again."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Open

PIN, UNPIN = "Pin for comparison", "Unpin"


def settled(page: Page) -> None:
    page.wait_for_timeout(400)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0)


def pin(page: Page, wing: str) -> str:
    """Pin what is shown; gives its sentence."""
    place = page.locator(f".st-key-pin_{wing}")
    expect(place.get_by_role("button", name=PIN)).to_be_visible()
    settled(page)
    place.get_by_role("button", name=PIN).click()
    expect(place.get_by_role("button", name=UNPIN)).to_be_visible()
    settled(page)
    return page.locator("h3:visible").first.inner_text()


def beside(page: Page, wing: str, sentences: list[str]) -> None:
    """Both cases stand side by side, with their pictures, proofs and what differs."""
    expect(page.get_by_text("What differs most:")).to_be_visible()
    lefts = []
    for place, sentence in enumerate(sentences):
        case = page.locator(f".st-key-pin_{wing}_{place}")
        expect(case.get_by_text(sentence, exact=True)).to_be_visible()
        expect(case.get_by_text("Sum matches the score")).to_be_visible()
        expect(case.get_by_text(re.compile("Data: "))).to_be_visible()
        box = case.bounding_box()
        assert box is not None
        lefts.append(box["x"] + box["width"])
    assert lefts[0] < lefts[1]
    expect(page.get_by_label(re.compile("^Bars of .* minus "))).to_be_attached()
    expect(page.locator(f".st-key-pins_{wing}").get_by_test_id("stDataFrame")).to_be_visible()
    found = Axe().run(page).response["violations"]
    grave = [v for v in found if v["impact"] in ("serious", "critical")]
    assert not [(v["id"], node["html"][:200]) for v in grave for node in v["nodes"]]


def taken_away(page: Page, wing: str, sentences: list[str]) -> None:
    """The three files hold both cases; the page needs no script."""
    page.get_by_role("button", name="Download both").click()
    files = []
    for name in ("Joined table", "Both explanations", "Page to print"):
        with page.expect_download() as waiting:
            page.get_by_role("button", name=name).dispatch_event("click")
        files.append(Path(waiting.value.path()).read_text("utf-8"))
    table, told, printed = files
    rows = list(csv.DictReader(io.StringIO(table)))
    sums = [sum(float(row[side] or 0) for row in rows) for side in ("first", "second")]
    differences = sum(float(row["difference"]) for row in rows)
    assert abs(sums[0] - sums[1] - differences) < 1e-6
    cases = json.loads(told)["cases"]
    assert [case["sentence"] for case in cases] == sentences
    links = [case["link"] for case in cases]
    assert links[0] != links[1] == page.url
    shown = page.get_by_role("link", name="Open this view")
    assert shown.evaluate_all("found => found.map(a => a.href)") == links
    assert "<script" not in printed and all(case["name"] for case in cases)
    page.keyboard.press("Escape")


def let_go(page: Page, wing: str) -> None:
    """Unpinned, the first stands there no more, and without the second nothing is compared."""
    places = page.locator(f".st-key-pins_{wing}")
    places.get_by_role("button", name=UNPIN).first.click()
    expect(page.get_by_text("What differs most:")).to_have_count(0)
    expect(places.get_by_text(re.compile("^Pinned: "))).to_be_visible()
    page.locator(f".st-key-pin_{wing}").get_by_role("button", name=UNPIN).click()
    expect(places).to_have_count(0)


def test_one_movie_of_a_user_beside_another(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/movies?viewer=300")
    first = pin(page, "movies")
    page.locator('[data-testid="stRadio"] label').nth(3).click()
    expect(page.get_by_text("Shown now, not pinned")).to_be_visible()
    second = pin(page, "movies")
    beside(page, "movies", [first, second])
    taken_away(page, "movies", [first, second])
    page.locator('[data-testid="stRadio"] label').nth(4).click()
    third = pin(page, "movies")
    expect(page.get_by_text("is no longer pinned: two cases are, at most.")).to_be_visible()
    beside(page, "movies", [second, third])
    let_go(page, "movies")


def test_one_recommended_product_beside_another(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/products")
    first = pin(page, "products")
    page.locator(".st-key-product_list button").nth(1).click()
    second = pin(page, "products")
    beside(page, "products", [first, second])
    expect(page.locator(".st-key-pins_products img.map")).to_have_count(4)
    ends = page.locator(".st-key-pins_products").get_by_text(re.compile("^raises [+]"))
    assert len(set(ends.all_inner_texts())) == 1 and ends.count() == 2
    taken_away(page, "products", [first, second])
    let_go(page, "products")


def test_one_track_beside_another_on_a_telephone(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/sessions", dark=True)
    first = pin(page, "sessions")
    page.locator('[data-testid="stRadio"] label').nth(4).click()
    second = pin(page, "sessions")
    beside(page, "sessions", [first, second])
    taken_away(page, "sessions", [first, second])
    page.set_viewport_size({"width": 390, "height": 900})
    page.wait_for_timeout(1000)
    places = [page.locator(f".st-key-pin_sessions_{i}").bounding_box() for i in (0, 1)]
    assert places[0] and places[1] and places[0]["y"] + places[0]["height"] <= places[1]["y"]
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390
    let_go(page, "sessions")
