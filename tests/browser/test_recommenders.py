"""Other recommenders than the active one, two beside each other, and one's own."""

from __future__ import annotations

import io
import re

import numpy as np
from playwright.sync_api import expect

from relrec_core import paths
from relrec_core.movies.data.interactions import load
from relrec_core.runs.active import make_active
from relrec_core.runs.directory import list_runs
from tests.browser.conftest import Open
from tests.browser.pages import download, fits, in_address, sentence, settled


def test_another_recommender_is_explained_and_stands_beside_the_first(
    site: str, open_page: Open
) -> None:
    page = open_page(f"{site}/movies?viewer=6&model=EASE&more=Two+recommenders")
    sentence(page)
    expect(page.get_by_text("it reads liked movies alone", exact=False)).to_be_visible()
    told = page.locator("h3").filter(has_text="movies stand in both lists")
    expect(told).to_contain_text(re.compile(r"\d of 10 movies stand in both lists for User 6"))
    expect(page.get_by_text("Sum matches the score")).to_have_count(3)
    expect(page.locator(".st-key-two_reasons .point")).not_to_have_count(0)
    page.get_by_role("tab", name="Smallest change").click()
    expect(page.get_by_text("Proven smallest")).to_be_visible()
    strange = open_page(f"{site}/movies?model=no")
    expect(strange.get_by_text("There is no recommender ‘no’ on this data.")).to_be_visible()


def test_a_theme_opens_on_a_click_and_by_its_list(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/movies?viewer=6")
    sentence(page)
    nodes = page.locator(".st-key-main_sankey .sankey-node")
    expect(nodes).not_to_have_count(0)
    place = page.evaluate(
        "[...document.querySelectorAll('.st-key-main_sankey .sankey-node')].findIndex(n => "
        "n.closest('.js-plotly-plot').layout.meta.themes[n.__data__.node.pointNumber] === 'Drama')"
    )
    nodes.nth(place).locator("rect").first.click(force=True)
    in_address(page, "theme=Drama")
    settled(page)
    expect(page.get_by_role("combobox", name=re.compile("Open a theme"))).to_have_value("Drama")
    picture = page.locator(".st-key-main_sankey")
    expect(picture).to_contain_text("1990s: ")
    html = download(page, "Page to print or to mail (HTML)").read_text("utf-8")
    assert "1990s: " in html
    small = open_page(f"{site}/movies?viewer=6&theme=Comedy", width=390, dark=True)
    expect(small.locator(".st-key-main_sankey")).to_contain_text("Drama: ")
    fits(small)


def test_ones_own_recommender_is_handed_in_and_explained(own_site: str, open_page: Open) -> None:
    ids = load(paths.data_dir() / "ml-100k").items["item_id"].to_numpy(dtype=str)
    vectors = np.random.default_rng(0).normal(size=(len(ids), 4))
    page = open_page(f"{own_site}/training")
    box = page.get_by_role("textbox", name="What to call it")
    box.fill("Ours")
    box.press("Enter")
    settled(page)

    def hand_in(name: str, numbers: np.ndarray) -> None:
        held = io.BytesIO()
        np.savez(held, item_ids=ids, vectors=numbers)
        file = {"name": name, "mimeType": "", "buffer": held.getvalue()}
        page.locator('input[type="file"]').set_input_files([file])
        expect(page.get_by_text(f"Your file: {name}")).to_be_visible()
        settled(page)

    hand_in("bad.npz", np.where(vectors == vectors.max(), np.nan, vectors))
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("bad.npz, column 'vectors': found nan")).to_be_visible()
    page.get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("Your file: bad.npz")).to_have_count(0)
    settled(page)
    hand_in("own.npz", vectors)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("is imported. Pick it among the runs")).to_be_visible()
    (run,) = list_runs("movies")
    make_active(run)
    page = open_page(f"{own_site}/movies?viewer=6")
    sentence(page)
    shown = page.get_by_role("combobox", name=re.compile("^Recommender"))
    expect(shown).to_have_value(re.compile(f"Ours, {run.name}"))
    expect(page.get_by_text("Sum matches the score")).to_be_visible()
