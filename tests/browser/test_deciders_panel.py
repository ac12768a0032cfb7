"""Who decided about the recommended films, in a real browser, with the model that ships."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, expect

from relrec_core.movies.experts.data.inputs import EXPERTS
from relrec_core.movies.experts.explanation.result import ExpertExplanation
from tests.browser.conftest import Open
from tests.browser.pages import download, fits, in_address, settled

TAB = "more=Second+model%3A+which+expert+decided%3F"
SENTENCE = re.compile(
    r"The experts say (yes|no) to .* of that decision is made by the expert ‘\w+’"
)


def sentence(page: Page) -> str:
    settled(page)
    found = page.locator("h4").filter(has_text=SENTENCE)
    expect(found).to_be_visible()
    return found.inner_text()


def test_the_experts_are_asked_only_when_the_tab_is_opened(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/movies?viewer=300")
    expect(page.get_by_role("tab", name="Second model: which expert decided?")).to_be_visible()
    expect(page.get_by_text("Who decided, movie by movie")).to_have_count(0)
    page.get_by_role("tab", name="Second model: which expert decided?").click()
    assert "User 300" in sentence(page)
    expect(page.get_by_text("Shares of all experts 1.000.")).to_be_visible()
    expect(page.get_by_text(re.compile(r"Does the confidence drop without"))).to_be_visible()


def test_every_recommended_film_has_its_bar(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/movies?viewer=300&{TAB}")
    shown = sentence(page)
    panel = page.get_by_role("tabpanel", name="Second model: which expert decided?")
    expect(panel.locator(".st-key-deciders_bars .barlayer .trace")).to_have_count(len(EXPERTS))
    text = download(page, "Explanation (JSON)", panel).read_text("utf-8")
    said = ExpertExplanation.model_validate(json.loads(text)["explanation"])
    assert said.sentence() == shown
    above = page.locator('[data-testid="stRadio"]').inner_text()
    assert len(said.films) == 10 and all(film.title in above for film in said.films)
    assert said.audit.shares.closes(1e-9)
    html = download(page, "Page to print", panel).read_text("utf-8")
    assert "Does the confidence drop without its inputs?" in html and "<script" not in html


def test_a_link_holds_the_films_and_the_one_explained(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/movies?viewer=300&{TAB}")
    first = sentence(page)
    bars = page.locator(".st-key-deciders_bars .plot-container").first
    theirs = bars.text_content() or ""
    page.get_by_role("radio", name="The experts’ own choice").or_(
        page.get_by_role("button", name="The experts’ own choice")
    ).click()
    expect(bars).not_to_have_text(theirs)  # other films; the one explained may be among them
    page.get_by_role("combobox", name=re.compile("^Movie|Movie$")).last.click()
    page.get_by_role("option").nth(3).click()
    in_address(page, "judged=")
    heading = page.locator("h4").filter(has_text=SENTENCE)
    expect(heading).not_to_have_text(first)
    shown = sentence(page)
    again = open_page(page.url)
    assert sentence(again) == shown


def test_someone_new_is_told_why_the_experts_are_silent(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/movies?who=Someone+new&liked=50&{TAB}")
    expect(page.get_by_text("The experts answer for users whose ratings")).to_be_visible()


@pytest.mark.parametrize("dark", [False, True])
def test_the_tab_fits_a_telephone(site: str, open_page: Open, dark: bool) -> None:
    page = open_page(f"{site}/movies?viewer=1&{TAB}", width=390, dark=dark)
    sentence(page)
    fits(page)
