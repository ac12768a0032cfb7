"""What the browser prints of a page has no controls, and no table that is cut."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from dashboard.story.storyfile import written
from tests.browser.conftest import Open
from tests.browser.pages import settled
from tests.browser.test_accessibility import SHOWN
from tests.dashboard.stories import story

CONTROLS = ("textbox", "combobox", "slider", "checkbox", "radio", "tab", "switch", "spinbutton")


@pytest.mark.parametrize("name", list(SHOWN))
def test_paper_has_no_controls_and_no_cut_table(name: str, site: str, open_page: Open) -> None:
    page = open_page(f"{site}/{'' if name == 'overview' else name}")
    expect(page.get_by_text(SHOWN[name], exact=False).last).to_be_visible()
    settled(page)
    if name == "story":
        page.get_by_role("button", name="Open").click()
        page.locator("input[type=file]").set_input_files(
            {"name": "s.json", "mimeType": "application/json", "buffer": written(story()).encode()}
        )
        expect(page.locator(".st-key-story_item_3")).to_be_visible()
        page.keyboard.press("Escape")
        settled(page)
    page.emulate_media(media="print")
    for role in CONTROLS:
        expect(page.get_by_role(role).filter(visible=True)).to_have_count(0)  # type: ignore[arg-type]
    expect(page.locator("button:not(.grid *)").filter(visible=True)).to_have_count(0)
    expect(page.get_by_test_id("stDataFrame").filter(visible=True)).to_have_count(0)
    if name == "story":
        for item in story().items:
            expect(page.get_by_text(item.title, exact=True).filter(visible=True)).to_be_visible()
    if name == "sessions":
        expect(page.locator(".st-key-paper_turned")).to_be_visible()
