"""The sessions page in a real browser, with the model that ships."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from relrec_core.sessions.data.readers import Upload
from relrec_core.sessions.explanation.result import SessionExplanation
from tests.browser.conftest import Open
from tests.browser.handing import file_of, hand_in
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
from tests.sessions import made
from tests.sessions.histories import evenings, handed_out, listening, upload


def pick_track(page: Page, number: int) -> None:
    """The track of the second half with this number, from 0."""
    before = sentence(page)
    page.locator('[data-testid="stRadio"] label').nth(number + 1).click()
    expect(headline(page)).not_to_have_text(before)
    settled(page)


def open_first_track(page: Page) -> None:
    """The first of the listed tracks of many sessions."""
    rows = page.get_by_test_id("stDataFrame").last
    expect(rows).to_be_visible()
    settled(page)
    rows.scroll_into_view_if_needed()
    box = rows.bounding_box()
    page.mouse.click(box["x"] + 20, box["y"] + 52)


def test_a_session_comes_with_its_reasons_and_its_proof(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/sessions?look=Which+expert+decided%3F")
    sentence(page)
    expect(page.get_by_text("Simulated: invented listeners and tracks")).to_be_visible()
    expect(page.get_by_text("Sum matches the score")).to_be_visible()
    expect(page.get_by_text("Data: Simulated sessions")).to_be_visible()
    for chart in ("Timeline of the session", "Stacked bars", "Diagram of the 8 experts"):
        expect(page.get_by_label(re.compile(chart)).first).to_be_attached()
    bars = page.locator(".st-key-session_picture .barlayer .trace")
    expect(bars).to_have_count(4)
    page.get_by_text("Every expert", exact=True).click()
    expect(bars).to_have_count(8)


def test_a_pasted_link_gives_the_same_view(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/sessions")
    first = sentence(page)
    page.get_by_role("combobox", name=re.compile("Session")).click()
    page.get_by_role("option").nth(5).click()
    expect(headline(page)).not_to_have_text(first)
    settled(page)
    pick_track(page, 2)
    in_address(page, "session=", "track=")
    again = open_page(page.url)
    assert sentence(again) == sentence(page)


def test_an_unknown_session_in_a_link_gets_a_sentence(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/sessions?session=nothing&track=99")
    expect(page.get_by_text("There is no session ‘nothing’ here")).to_be_visible()
    expect(page.get_by_text("The track of this link is not in the second half")).to_be_visible()
    assert sentence(page)


def test_a_track_of_the_first_half_says_why_it_is_not_explained(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/sessions?track=2")
    expect(page.get_by_text("Track 2 is in the first half")).to_be_visible()
    assert sentence(page)


def test_a_click_on_a_bar_picks_its_track(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/sessions")
    first = sentence(page)
    chart = page.locator(".st-key-session_picture .js-plotly-plot")
    chart.scroll_into_view_if_needed()
    box = page.locator(".st-key-session_picture .barlayer .trace .points > g").nth(2).bounding_box()
    widest = max(
        (
            bar.bounding_box()
            for bar in page.locator(".st-key-session_picture .barlayer path").all()
            if bar.bounding_box() and abs(bar.bounding_box()["y"] - box["y"]) < 4
        ),
        key=lambda b: b["width"],
    )
    page.mouse.click(widest["x"] + widest["width"] / 3, widest["y"] + widest["height"] / 2)
    expect(headline(page)).not_to_have_text(first)
    in_address(page, "track=")


def test_the_smallest_change_is_shown_and_another_is_in_the_link(
    site: str, open_page: Open
) -> None:
    page = open_page(f"{site}/sessions")
    sentence(page)
    expect(page.locator("h4").filter(has_text="Had the listener")).to_be_visible()
    expect(page.get_by_text("Proven by trying:")).to_be_visible()
    expect(page.locator(".st-key-turned").get_by_test_id("stDataFrame")).to_be_visible()
    again = open_page(f"{site}/sessions?turned=1&turned=2")
    expect(again.get_by_label(re.compile("before and after the change")).first).to_be_attached()
    expect(again.get_by_test_id("stMultiSelect").get_by_text(re.compile("^[12]\\."))).to_have_count(
        2
    )


def test_many_sessions_are_filtered_and_one_is_opened(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/sessions?look=Over+many+sessions&by_expert=context")
    first = sentence(page)
    open_first_track(page)
    expect(headline(page)).not_to_have_text(first)
    in_address(page, "session=", "by_expert=context")
    assert "mainly because of context" in sentence(page)


def test_downloads_hold_what_is_on_screen(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/sessions")
    shown = sentence(page)
    text = download(page, "Explanation (JSON)").read_text("utf-8")
    found = SessionExplanation.model_validate(json.loads(text)["explanation"])
    assert found.sentence() == shown
    rows = list(csv.DictReader(io.StringIO(download(page, "Table (CSV)").read_text("utf-8"))))
    assert [r["track"] for r in rows] == [t.label for t in found.predicted]
    for row in rows:
        total = sum(float(v) for k, v in row.items() if k.startswith("share of "))
        assert total == pytest.approx(1, abs=1e-9)
    page_file = download(page, "Page to print").read_text("utf-8")
    assert found.flip is not None and found.flip.proof() in page_file
    assert found.elsewhere is not None and found.elsewhere.proof() in page_file
    assert found.title in page_file and "simulated" in page_file.lower()
    assert "<script" not in page_file
    picture = download(page, "Picture for a slide").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) > 10_000


def test_another_context_turns_an_answer_and_is_made_by_a_click(site: str, open_page: Open) -> None:
    page = open_page(
        f"{site}/sessions?look=Over+many+sessions&by_expert=context+and+earlier+actions"
    )
    first = sentence(page)
    open_first_track(page)
    expect(headline(page)).not_to_have_text(first)
    page.get_by_role("tab", name="What if?").click()
    said = page.locator("h4").filter(has_text=" instead of ")
    expect(said).to_be_visible()
    expect(page.get_by_text("It is turned by")).to_be_visible()
    expect(page.get_by_label(re.compile("in every other context")).first).to_be_attached()
    keep(page, 1, 1)
    page.get_by_role("button", name="Make this change").click()
    in_address(page, "turned=none", "context=")
    settled(page)
    again = open_page(page.url)
    expect(again.locator(".st-key-turned").get_by_test_id("stDataFrame")).to_be_visible()
    expect(again.locator("h4").filter(has_text=" instead of ")).to_have_text(said.inner_text())


@pytest.mark.parametrize("look", ["Which+expert+decided%3F", "What+if%3F", "Over+many+sessions"])
def test_nothing_is_wider_than_a_telephone(site: str, open_page: Open, look: str) -> None:
    page = open_page(f"{site}/sessions?look={look}", width=390, dark=True)
    sentence(page)
    fits(page)
    label = page.locator(".st-key-session_picture .textpoint text").first
    red = label.evaluate("e => Number(getComputedStyle(e).fill.match(/[0-9.]+/)[0])")
    assert red > 180, "the words above the bars are dark on the dark page"


def written(site_folder: Path) -> list[Path]:
    """Files of the dashboard, but for the products' pictures, which other pages draw meanwhile."""
    found = site_folder.rglob("home/**/*")
    return sorted(path for path in found if ".redrawn" not in path.parts)


def test_a_listeners_own_history_is_explained_and_never_written(
    site: str, site_folder: Path, open_page: Open
) -> None:
    before = written(site_folder)
    page = open_page(f"{site}/sessions?look=Which+expert+decided%3F")
    simulated = sentence(page)
    hand_in(page, file_of(handed_out()))
    expect(page.get_by_text("1 session of your own: in memory only")).to_be_visible()
    expect(page.get_by_text("podcasts, videos), left out: 1.")).to_be_visible()
    expect(headline(page)).not_to_have_text(simulated)
    expect(page.get_by_text("experts that read that are not used")).to_be_visible()
    expect(page.get_by_text("Data: Your listening history")).to_be_visible()
    expect(page.get_by_label(re.compile("Diagram of the 3 experts")).first).to_be_attached()
    in_address(page, "data=files")
    not_in_address(page, "spotify")
    assert written(site_folder) == before


def test_a_network_learns_from_ones_own_sessions_and_is_forgotten(
    site: str, site_folder: Path, open_page: Open
) -> None:
    before = written(site_folder)
    page = open_page(f"{site}/sessions")
    sentence(page)
    hand_in(page, file_of(upload(evenings(40), "Streaming_History_Audio_2023.json")))
    expect(page.get_by_text("40 sessions of your own: in memory only")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Learn from my sessions").click()
    expect(page.get_by_text("40 sessions are too little to learn from")).to_be_visible()
    page = open_page(f"{site}/sessions")
    sentence(page)
    hand_in(page, file_of(upload(evenings(310), "Streaming_History_Audio_2024.json")))
    expect(page.get_by_text("310 sessions of your own: in memory only")).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Learn from my sessions").click()
    learn = page.get_by_role("button", name="Learn from these sessions")
    learn.click()
    page.get_by_role("button", name="Cancel").click()
    learn.click()
    expect(page.get_by_label(re.compile("network of your sessions")).first).to_be_attached()
    expect(page.get_by_text("95% between").first).to_be_visible()
    keep(page, 1, 1)
    page.get_by_text("Explain the last 62 sessions with this network").click()
    expect(page.get_by_text("62 sessions of your own: in memory only")).to_be_visible()
    expect(page.get_by_text("Model run: learnt from these sessions, in memory")).to_be_visible()
    page.get_by_role("button", name="Forget this network").click()
    expect(page.get_by_text("310 sessions of your own: in memory only")).to_be_visible()
    expect(learn).to_be_visible()
    assert written(site_folder) == before


def test_a_damaged_file_gets_a_sentence_and_another_one_helps(site: str, open_page: Open) -> None:
    logs, tracks = made.frames()
    broken = made.parquet(logs)
    page = open_page(f"{site}/sessions")
    sentence(page)
    hand_in(page, file_of(Upload("logs.parquet", broken.content[:-100])))
    expect(page.get_by_text("logs.parquet: found a truncated or damaged file")).to_be_visible()
    expect(page.locator("h3")).to_have_count(0)
    page.get_by_role("button", name=re.compile("Remove")).first.click()
    page.locator('input[type="file"]').set_input_files(
        [file_of(broken), file_of(made.csv(tracks, "tracks.csv"))]  # type: ignore[list-item]
    )
    sentence(page)


def test_an_upload_outlives_another_page_and_can_be_taken_back(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/sessions")
    simulated = sentence(page)
    hand_in(page, file_of(upload(listening(9), "Streaming_History_Audio_2024.json")))
    mine = page.get_by_text("1 session of your own: in memory only")
    expect(mine).to_be_visible()
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Training").click()
    expect(page.locator("h1")).to_have_text("Training")
    page.get_by_role("link", name="Sessions").click()
    expect(mine).to_be_visible()
    page.get_by_role("button", name="Your own sessions").click()
    expect(page.get_by_text("Your file: Streaming_History_Audio_2024.json")).to_be_visible()
    page.get_by_test_id("stPopoverBody").get_by_role("button", name="Remove").click()
    expect(page.get_by_text("Simulated: invented listeners and tracks")).to_be_visible()
    expect(mine).to_have_count(0)
    assert sentence(page) == simulated


def test_a_folder_in_a_link_is_opened_by_a_click(
    site: str, tmp_path: Path, open_page: Open
) -> None:
    logs, tracks = made.frames()
    plain = logs.drop("planted_cause", "context_type", "premium")
    plain.write_csv(tmp_path / "plays.csv")
    tracks.write_parquet(tmp_path / "tracks.parquet")
    page = open_page(f"{site}/sessions?data=folder&folder={quote(str(tmp_path))}")
    simulated = sentence(page)
    expect(page.get_by_text(f"This link names the folder ‘{tmp_path}’")).to_be_visible()
    page.get_by_role("button", name="Open this folder").click()
    expect(page.get_by_text("60 sessions of your own: in memory only")).to_be_visible()
    expect(headline(page)).not_to_have_text(simulated)
    shown = sentence(page)
    again = open_page(page.url)
    assert sentence(again) == simulated
    again.get_by_role("button", name="Open this folder").click()
    expect(headline(again)).to_have_text(shown)
    page = open_page(f"{site}/sessions?data=folder&folder=nowhere")
    page.get_by_role("button", name="Open this folder").click()
    expect(page.get_by_text("There is no session data 'nowhere'")).to_be_visible()


def test_filters_that_fit_no_session_can_be_undone(site: str, open_page: Open) -> None:
    narrow = "skipped=100&skipped=100&length=11&length=11"
    page = open_page(f"{site}/sessions?{narrow}")
    expect(page.get_by_text("No session fits these filters")).to_be_visible()
    page.get_by_role("button", name="Show all sessions again").click()
    sentence(page)
    not_in_address(page, "length=", "skipped=")
