"""The movies page in a real browser, on the real data."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from dashboard.figures.palette import contrast
from relrec_core.movies.explanation.result import MovieExplanation
from tests.browser.conftest import Open
from tests.browser.pages import download, fits, headline, in_address, sentence, settled


def test_a_picture_comes_with_its_sentence_and_its_proof(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/movies?viewer=300")
    assert "User 300" in sentence(page)
    expect(page.locator(".sankey-link").first).to_be_visible()
    tick = page.locator(".js-plotly-plot .ytick text").first
    colours = [
        place.evaluate("(e, name) => getComputedStyle(e)[name]", name)
        for place, name in ((tick, "fill"), (page.locator(".stApp"), "backgroundColor"))
    ]
    shown = [f"#{bytes(map(int, re.findall('[0-9]+', c)[:3])).hex()}" for c in colours]
    assert contrast(*shown) >= 4.5
    expect(page.get_by_text("Do the contributions equal the score?").first).to_be_visible()
    expect(page.get_by_text("Sum matches the score").first).to_be_visible()
    expect(page.get_by_text("Does the score drop without the named reasons?").first).to_be_visible()


def test_a_pasted_link_gives_the_same_view(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/movies?viewer=42")
    first = sentence(page)
    page.locator('[data-testid="stRadio"] label').nth(4).click()
    expect(headline(page)).not_to_have_text(first)
    in_address(page, "film=")
    again = open_page(page.url)
    assert sentence(again) == sentence(page)


def test_the_back_button_goes_back(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/movies?viewer=42")
    first = sentence(page)
    page.locator('[data-testid="stRadio"] label').nth(3).click()
    expect(headline(page)).not_to_have_text(first)
    settled(page)
    page.go_back()
    expect(headline(page)).to_have_text(first)
    page.go_forward()
    expect(headline(page)).not_to_have_text(first)


def test_another_page_and_back_keeps_the_view(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/movies?viewer=42")
    first = sentence(page)
    page.get_by_role("link", name="Training").click()
    expect(page.locator("h1")).to_have_text("Training")
    page.get_by_role("link", name="Movies").click()
    assert sentence(page) == first
    in_address(page, "viewer=42")


def test_an_unknown_viewer_in_a_link_gets_a_sentence(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/movies?viewer=99999")
    expect(page.get_by_text("There is no user ‘99999’ in MovieLens 100K.")).to_be_visible()
    assert sentence(page)


def test_a_link_shows_any_movie_and_says_why_it_is_not_recommended(
    site: str, open_page: Open
) -> None:
    """User 42 rated movie 1 with 5; movie 8 can be hidden, and the smallest change be asked for."""
    page = open_page(f"{site}/movies?viewer=42&film=nothing")
    expect(page.get_by_text("The movie of this link is not in this data.")).to_be_visible()
    page = open_page(f"{site}/movies?viewer=42&film=1")
    watched = "Toy Story (1995) is not recommended: already watched, rated 5."
    expect(page.locator("h3").filter(has_text=watched)).to_be_visible()
    box = page.get_by_role("combobox", name="Ask about any movie")
    box.click()
    box.fill("Babe (1995)")
    page.get_by_role("option", name="Babe (1995)").click()
    expect(page.locator("h3").filter(has_text=re.compile(r"^Babe \(1995\)"))).to_be_visible()
    expect(page.get_by_text("What keeps it from the top 10")).to_be_visible()
    in_address(page, "film=8")
    page.get_by_role("tab", name="Smallest change").click()
    change = re.compile(r"Had User 42 liked .*, too, Babe \(1995\) would enter the top 10")
    expect(page.locator("h3").filter(has_text=change)).to_be_visible()
    page.get_by_role("button", name="Hide this movie").click()
    expect(headline(page)).to_be_visible()
    change = re.compile("Had User 42 not liked .* would stand first instead of")
    expect(page.locator("h3").filter(has_text=change)).to_be_visible()
    expect(page.get_by_text("The ranking before and after")).to_be_visible()
    in_address(page, "hidden=8")


def test_a_row_of_the_list_lights_up_its_flow(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/movies?viewer=300")
    sentence(page)
    opacities = "links => new Set(links.map(l => l.style.fillOpacity)).size"
    before = page.eval_on_selector_all(".sankey-link", opacities)
    table = page.locator(".st-key-main_shares").get_by_test_id("stDataFrame")
    table.click(position={"x": 18, "y": 52})
    page.wait_for_function(
        "Math.max(...[...document.querySelectorAll('.sankey-link')]"
        ".map(l => parseFloat(l.style.fillOpacity))) > 0.8"
    )
    assert before <= 2


def test_downloads_hold_what_is_on_screen(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/movies?viewer=300")
    shown = sentence(page)
    told = json.loads(download(page, "Explanation (JSON)").read_text("utf-8"))
    found = MovieExplanation.model_validate(told["explanation"])
    assert found.sentence() == told["sentence"] == shown and told["link"] == page.url
    rows = list(csv.DictReader(io.StringIO(download(page, "Table (CSV)").read_text("utf-8"))))
    assert [r["label"] for r in rows][1:] == [f.label for f in found.features]
    assert sum(float(r["relevance"]) for r in rows) == pytest.approx(found.score, abs=1e-5)
    assert {(r["item"], r["user"], r["unit"]) for r in rows} == {
        (found.title, found.viewer, "points of the score")
    }
    slide = Image.open(download(page, "Picture for a slide"))
    assert slide.size == (1920, 1080) and len(slide.convert("L").getcolors() or ()) > 50
    root = ElementTree.parse(download(page, "Picture to edit (SVG)")).getroot()
    words = " ".join(" ".join(root.itertext()).split())
    assert shown in words and f"Model run: {found.provenance.run}" in words
    for label in page.locator(".st-key-main_sankey .annotation-text").all_text_contents():
        assert label in "".join(root.itertext())
    printed(page, download(page, "Page to print"))
    page.emulate_media(media="print")
    expect(page.locator(".sankey-link").first).to_be_visible()
    expect(page.get_by_role("button").filter(visible=True)).to_have_count(0)


def printed(page: Page, file: Path) -> None:
    """The page works without a script, shows every word whole, and needs two sheets at most."""
    assert file.stat().st_size < 500_000
    sheet = page.context.new_page()
    page.context.new_cdp_session(sheet).send(
        "Emulation.setScriptExecutionDisabled", {"value": True}
    )
    sheet.goto(file.rename(file.with_suffix(".html")).as_uri())
    assert sheet.locator("svg").count() == 3 and sheet.locator("tr").count() == 12
    for drawing in sheet.locator("svg").all():
        frame = drawing.bounding_box()
        assert frame is not None
        for text in drawing.locator("text").all():
            box = text.bounding_box()
            assert box is not None and frame["x"] <= box["x"]
            assert box["x"] + box["width"] <= frame["x"] + frame["width"] + 1
    sheets = re.findall(rb"/Type\s*/Page\b", sheet.pdf(prefer_css_page_size=True))
    assert 1 <= len(sheets) <= 2
    sheet.close()


def test_someone_new_gets_recommendations_without_training(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/movies?who=Someone+new")
    expect(page.get_by_text("Name a movie or two")).to_be_visible()
    page.get_by_role("combobox", name=re.compile("Movies this person liked")).fill("Star Wars")
    page.get_by_role("option", name="Star Wars (1977)").click()
    assert "this user" in sentence(page) or "average user" in sentence(page)
    in_address(page, "liked=50")
    expect(page.locator('[data-testid="stRadio"]')).not_to_contain_text("Star Wars (1977)")


def test_taking_a_reason_away_ranks_again(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/movies?viewer=300&alone=genre:Drama")
    expect(page.locator(".st-key-new_ranking").get_by_test_id("stDataFrame")).to_be_visible()
    named = page.get_by_text("Genre: Drama", exact=True).filter(visible=True)  # not on paper alone
    expect(named.first).to_be_visible()


def test_a_link_holds_the_what_if_and_the_other_film(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/movies?who=Someone+new&liked=50&liked=172&without=film:172")
    expect(page.locator(".st-key-new_ranking").get_by_test_id("stDataFrame")).to_be_visible()
    page = open_page(f"{site}/movies?viewer=300&more=Why+not+another+movie%3F&against=313")
    expect(page.get_by_text(re.compile(r"rather than Titanic \(1997\)"))).to_be_visible()
    in_address(page, "against=313")


def test_a_movie_not_liked_is_another_question_than_a_fact_alone(
    site: str, open_page: Open
) -> None:
    """Nothing but Star Wars was liked: without it its genres go, without it alone they stay."""
    page = open_page(f"{site}/movies?who=Someone+new&liked=50&gender=F&without=film:50")
    expect(page.get_by_text(re.compile("These go, too: .*Genre: War"))).to_be_visible()
    page = open_page(f"{site}/movies?who=Someone+new&liked=50&gender=F&alone=film:50")
    expect(page.locator(".st-key-new_ranking").get_by_test_id("stDataFrame")).to_be_visible()
    expect(page.get_by_text("These go, too")).to_have_count(0)
    page = open_page(f"{site}/movies?who=Someone+new&liked=50&without=genre:War")
    expect(page.get_by_text("cannot hold everything in this link: genre:War")).to_be_visible()


def test_both_films_of_one_title_can_be_chosen(site: str, open_page: Open) -> None:
    """Two films are called Chasing Amy (1997): 246 and 268."""
    page = open_page(f"{site}/movies?who=Someone+new")
    box = page.get_by_role("combobox", name=re.compile("Movies this person liked"))
    box.fill("Chasing Amy")
    expect(page.get_by_role("option", name=re.compile("Chasing Amy"))).to_have_count(2)
    page.get_by_role("option", name="Chasing Amy (1997) #268").click()
    sentence(page)
    in_address(page, "liked=268")
    page = open_page(f"{site}/movies?viewer=300&top=30&more=Why+not+another+movie%3F&against=268")
    expect(page.get_by_text("rather than Chasing Amy (1997) #268")).to_be_visible()
    in_address(page, "against=268")


def test_a_profile_taken_away_whole_gets_a_sentence(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/movies?who=Someone+new&gender=F&alone=gender:F")
    expect(page.get_by_text("This profile is empty")).to_be_visible()


def test_why_this_film_and_not_that_one(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/movies?viewer=300")
    sentence(page)
    page.get_by_role("tab", name="Why not another movie?").click()
    expect(
        page.get_by_text(re.compile(r"rather than .* is recommended|scores higher than"))
    ).to_be_visible()
    expect(page.get_by_text("Do the contributions equal the score?")).to_have_count(2)


def test_lime_runs_on_demand(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/movies?viewer=405")
    sentence(page)
    page.get_by_role("tab", name="Compare with LIME").click()
    page.get_by_role("button", name="Run LIME on this recommendation").click()
    expect(page.get_by_text("times faster")).to_be_visible()
    expect(page.get_by_text("Agreement", exact=True)).to_be_visible()


def test_a_question_is_answered_by_text_and_voice(site: str, open_page: Open) -> None:
    listening = """
      window.spoken = [];
      window.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
      Object.defineProperty(window, 'speechSynthesis', { value: {
        speaking: false, cancel() {}, speak(u) { window.spoken.push(u.text); } } });
      window.SpeechRecognition = window.webkitSpeechRecognition = class {
        start() { setTimeout(() => { this.onresult(
          { results: [[{ transcript: 'what speaks against it' }]] }); this.onend(); }, 50); } };
    """
    page = open_page(f"{site}/movies?viewer=300&more=Ask", script=listening)
    page.get_by_role("button", name="Ask by voice").click()
    box = page.get_by_role("textbox", name="Your question")
    expect(box).to_have_value("what speaks against it")
    page.wait_for_function("window.spoken.length > 0")
    assert "counter-signal" in page.evaluate("window.spoken[0]")


def test_without_a_microphone_the_question_can_be_typed(site: str, open_page: Open) -> None:
    deaf = "delete window.SpeechRecognition; delete window.webkitSpeechRecognition;"
    page = open_page(f"{site}/movies?viewer=300&more=Ask", script=deaf)
    expect(page.get_by_text("This browser cannot listen")).to_be_visible()
    box = page.get_by_role("textbox", name="Your question")
    box.fill("why not Titanic?")
    box.press("Enter")
    expect(page.get_by_text(re.compile("rather than Titanic"))).to_be_visible()


def test_the_list_works_by_keyboard(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/movies?viewer=42")
    first = sentence(page)
    page.locator('[data-testid="stRadio"] input').first.focus()
    page.keyboard.press("ArrowDown")
    expect(headline(page)).not_to_have_text(first)


@pytest.mark.parametrize("path", ["", "/movies?viewer=1", "/training"])
def test_nothing_is_wider_than_a_telephone(site: str, open_page: Open, path: str) -> None:
    page = open_page(f"{site}{path}", width=390, dark=True)
    fits(page)
    if "movies" in path:  # the answer stands before the list and the controls
        places = [
            page.locator(found).first.bounding_box()
            for found in ("h3", ".st-key-main_sankey", '[data-testid="stRadio"]', ".st-key-viewer")
        ]
        heights = [place["y"] for place in places if place]
        assert len(heights) == 4 and heights == sorted(heights)


def test_all_users_and_those_of_whom_one_thing_is_known(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/movies?more=All+users")
    told = page.get_by_text("a recommended movie has")
    expect(told).to_contain_text("All users")
    everyone = told.inner_text()
    expect(page.get_by_text("Mean score 5.")).to_be_visible()
    expect(page.get_by_text("Sum matches the score")).to_have_count(2)
    again = open_page(f"{site}/movies?more=All+users&cohort=gender%3AF&parts=By+kind+of+reason")
    of_women = again.get_by_text("a recommended movie has")
    expect(of_women).to_contain_text("Gender: woman")
    assert of_women.inner_text().partition(":")[2] != everyone.partition(":")[2]
    strange = open_page(f"{site}/movies?more=All+users&cohort=no")
    expect(strange.get_by_text("There are no users like ‘no’ in this data.")).to_be_visible()
    expect(strange.get_by_text("a recommended movie has")).to_contain_text("All users")
