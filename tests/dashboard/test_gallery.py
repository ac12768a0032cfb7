"""The gallery of thousands: searched, leafed through, and only what is shown is read."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.panels import product_gallery
from dashboard.panels.product_gallery import SHOWN, found_rows
from relrec_core.products.data import catalogue
from relrec_core.products.data.catalogue import Catalogue
from tests.products import pictures

MANY = 5_000
LAST = (MANY - 1) // SHOWN


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Catalogue:
    kinds = ("mug", "vase", "lamp")
    rows = (f"p{n:04d},Thing number {n},{kinds[n % 3]},images/a.png\n" for n in range(MANY))
    pairs = "source,target,relation\np0000,p0001,also_viewed\n"
    items = "item_id,title,category,image\n" + "".join(rows)
    folder = tmp_path_factory.mktemp("gallery") / "shop"
    return catalogue.load(pictures.catalogue(folder, items=items, relations=pairs))


@pytest.fixture
def seen(shop: Catalogue, monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """Products shown last, and those whose pictures were read since they were looked at."""
    told: dict[str, list[str]] = {"shown": [], "read": []}

    def show(items, selected, look, **named) -> None:
        told["shown"] = [item.id for item in items]

    def read(self: Catalogue, row: int, side: int):
        told["read"].append(str(self.items["item_id"].iloc[row]))
        return plain(self, row, side)

    plain = Catalogue.picture
    monkeypatch.setattr(product_gallery, "picture_buttons", show)
    monkeypatch.setattr(Catalogue, "picture", read)
    product_gallery.product_thumbnail.clear()
    return told


def page(shop: Catalogue, chosen: int) -> AppTest:
    def script(shop, chosen) -> None:
        import streamlit as st

        from dashboard.panels.product_gallery import found_rows, gallery

        text = st.text_input("Search")
        gallery(shop, found_rows(shop, text, "all kinds"), chosen, (text, "all kinds"))

    return AppTest.from_function(script, args=(shop, chosen), default_timeout=60).run()


def numbered(numbers: range) -> list[str]:
    return [f"p{n:04d}" for n in numbers]


def test_search_by_words_and_id_and_category(shop: Catalogue) -> None:
    assert found_rows(shop, "", "all kinds") == list(range(MANY))
    assert found_rows(shop, "", "vase") == list(range(1, MANY, 3))
    assert found_rows(shop, "p4999", "all kinds") == [4999]
    assert found_rows(shop, "THING 4998", "mug") == [4998]
    assert found_rows(shop, "p4999", "mug") == []


def test_only_one_page_is_read(shop: Catalogue, seen: dict[str, list[str]]) -> None:
    shown = page(shop, chosen=100)
    first = 100 // SHOWN * SHOWN
    assert seen["shown"] == seen["read"] == numbered(range(first, first + SHOWN))
    assert f"{first + 1}–{first + SHOWN} of 5,000" in shown.markdown[0].value
    seen["read"].clear()
    shown.button[1].click().run()
    assert seen["shown"] == seen["read"] == numbered(range(first + SHOWN, first + 2 * SHOWN))
    assert shown.query_params["gallery"] == str(first // SHOWN + 2)
    shown.button[0].click().run()
    assert seen["shown"] == numbered(range(first, first + SHOWN))
    assert "gallery" not in shown.query_params


def test_a_search_begins_anew_and_an_end_is_an_end(
    shop: Catalogue, seen: dict[str, list[str]]
) -> None:
    shown = page(shop, chosen=MANY - 1)
    assert seen["shown"] == numbered(range(LAST * SHOWN, MANY))
    assert shown.button[1].disabled and not shown.button[0].disabled
    shown.text_input[0].set_value("number 1").run()
    assert seen["shown"][0] == "p0001" and shown.button[0].disabled
    shown.text_input[0].set_value("p0007").run()
    assert seen["shown"] == ["p0007"] and not shown.button
    shown.text_input[0].set_value("nothing").run()
    assert "No product has this name or id" in shown.info[0].value


def test_a_link_leads_to_a_page_that_there_is(shop: Catalogue, seen: dict[str, list[str]]) -> None:
    shown = page(shop, chosen=0)
    for asked, number in (("3", 2), ("99999", LAST), ("x", 0), ("0", 0)):
        shown.query_params["gallery"] = asked
        shown.run()
        assert seen["shown"][0] == f"p{number * SHOWN:04d}"
