"""The three steps of each page: open on a first visit, out of the way, closed for good."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from dashboard.app_pages import __path__ as pages
from dashboard.panels.tour import STEPS
from tests.browser.conftest import Open
from tests.browser.pages import settled


def note(page: Page) -> Locator:
    return page.locator(".st-key-page_tour .note")


def opener(page: Page) -> Locator:
    return page.get_by_role("button", name="How to read this page")


def top(found: Locator) -> float:
    expect(found).to_be_visible()
    box = found.bounding_box()
    assert box is not None
    return box["y"]


def bottom(found: Locator) -> float:
    box = found.bounding_box()
    assert box is not None
    return box["y"] + box["height"]


@pytest.mark.parametrize("name", list(STEPS))
def test_a_first_visit_shows_three_steps_that_cover_nothing(
    name: str, site: str, open_page: Open
) -> None:
    page = open_page(f"{site}/{'' if name == 'overview' else name}")
    expect(note(page).get_by_role("listitem")).to_have_text(STEPS[name])
    settled(page)  # what comes first changes while a page completes
    following = page.locator(
        "[data-testid=stLayoutWrapper]:has(> .st-key-page_head) ~ :not(:has(style)):visible"
    )
    begins = top(following.first)
    assert bottom(note(page)) <= begins
    title = page.locator("h1").bounding_box()
    steps = note(page).bounding_box()
    assert title and steps and title["x"] + title["width"] < steps["x"]
    note(page).get_by_role("button", name="Close the tour").click()
    assert top(following.first) == begins


def test_a_closed_tour_stays_closed_and_opens_again_by_keyboard(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/training")
    close = note(page).get_by_role("button", name="Close the tour")
    close.focus()
    page.keyboard.press("Enter")
    expect(note(page)).to_be_hidden()
    expect(opener(page)).to_be_focused()
    page.reload()
    expect(opener(page)).to_be_visible()
    expect(note(page)).to_be_hidden()
    opener(page).focus()
    page.keyboard.press("Space")
    expect(close).to_be_focused()
    page.keyboard.press("Escape")
    expect(note(page)).to_be_hidden()
    page.get_by_role("link", name="Evidence").click()
    expect(note(page).get_by_role("listitem")).to_have_text(STEPS["evidence"])


def test_no_tour_is_shown_where_none_is_wanted(site: str, open_page: Open) -> None:
    page = open_page(f"{site}/training")
    never = page.get_by_role("checkbox", name="Do not show tours")
    never.check()
    expect(note(page)).to_be_hidden()
    page.get_by_role("link", name="Evidence").click()
    expect(page.locator("h1")).to_have_text("Evidence for our claims")
    opener(page).click()
    expect(never).to_be_checked()
    never.uncheck()
    page.reload()
    expect(note(page)).to_be_visible()
    page.emulate_media(media="print")
    expect(page.locator(".st-key-page_tour")).to_be_hidden()


@pytest.mark.parametrize("dark", [False, True])
def test_a_phone_has_one_line_until_it_is_asked(site: str, open_page: Open, dark: bool) -> None:
    page = open_page(f"{site}/training", width=390, dark=dark)
    expect(note(page)).to_be_hidden()
    assert bottom(opener(page)) - top(opener(page)) < 30
    opener(page).click()
    expect(note(page).get_by_role("listitem")).to_have_text(STEPS["training"])
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 390


def test_every_page_has_three_steps() -> None:
    assert set(STEPS) == {f.stem for f in Path(pages[0]).glob("[a-z]*.py")}
    assert {len(steps) for steps in STEPS.values()} == {3}
