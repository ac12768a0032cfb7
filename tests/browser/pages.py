"""What every test of a page does in a browser: wait until it rests, read its answer, download."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.waiting import LONG

REASON = re.compile(
    r"is recommended (mostly |mainly |only )?because"
    r"|was recommended \(\d+%\)"
    r"|will be (skipped|played) \(\d+% likely\)"
)
"""What the answer of a movie, of a product and of a track says."""
WIDTH = "[document.scrollingElement, document.querySelector('[data-testid=stMain]')]"

TALK = """
(() => {
  const Plain = window.WebSocket;
  const talk = (window.talkOfTests = { owed: false, rests: 0 });
  window.WebSocket = class extends Plain {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', () => { talk.owed = false; talk.rests = 0; });
    }
    send(data) { talk.owed = true; talk.rests = 0; super.send(data); }
  };
})();
"""
"""A script for every page: what was asked of the server and is not answered yet."""
_RESTING = """
() => {
  const talk = window.talkOfTests, app = document.querySelector('[data-testid=stApp]');
  const unready = '[data-stale=true], [data-testid=stStatusWidget], [data-testid^=stSkeleton],'
    + ' [data-testid=stAppSkeleton]';
  const size = document.querySelector('[data-testid=stMain]')?.scrollHeight;
  const same = size === talk.size;
  const busy = talk.owed || app?.dataset.testScriptState !== 'notRunning';
  talk.size = size;
  talk.rests = busy || !same || document.querySelector(unready) ? 0 : talk.rests + 1;
  return talk.rests > 5;
}
"""


def settled(page: Page) -> None:
    """All that was asked of the server is answered, drawn, and stands still for a moment.

    A click sends its question before Playwright returns from it, so that this waits for its answer.
    """
    page.evaluate("talkOfTests.rests = 0")
    page.wait_for_function(_RESTING, polling=50, timeout=1000 * LONG)


def headline(page: Page) -> Locator:
    """The heading that says why."""
    return page.locator("h3").filter(has_text=REASON).first


def sentence(page: Page) -> str:
    """What the heading says once the page rests."""
    settled(page)
    expect(headline(page)).to_be_visible()
    return headline(page).inner_text()


def in_address(page: Page, *parts: str) -> None:
    """The address of the resting page says each of these, such as `picked=`."""
    settled(page)
    for part in parts:
        expect(page).to_have_url(re.compile(re.escape(part)))


def not_in_address(page: Page, *parts: str) -> None:
    settled(page)
    for part in parts:
        expect(page).not_to_have_url(re.compile(re.escape(part)))


def download(page: Page, name: str | re.Pattern[str], place: Locator | None = None) -> Path:
    """The file behind a button of the menu "Download", the first on the page or that in `place`."""
    settled(page)
    button = page.get_by_role("button", name=name).filter(visible=True)
    if button.count() == 0:
        open_downloads(page, place)
    with page.expect_download() as waiting:
        button.first.dispatch_event("click")  # the menu may reach below the window
    return Path(waiting.value.path())


def open_downloads(page: Page, place: Locator | None = None) -> None:
    """Open the menu "Download", the first on the page or that in `place`."""
    (place or page).get_by_test_id("stPopoverButton").filter(has_text="Download").first.click()


def keep(page: Page, number: int, which: int = 0) -> None:
    """Add the answer of the page, or that below it, which is the `number`-th of the story."""
    settled(page)
    page.get_by_role("button", name="Add to story").filter(visible=True).nth(which).click()
    said = "the first explanation" if number == 1 else f"{number} explanations now"
    expect(page.get_by_text(f"Added to the story: {said}.")).to_be_visible()


def fits(page: Page, width: int = 390) -> None:
    """Nothing of the resting page is wider than the window."""
    settled(page)
    for part in page.evaluate(f"{WIDTH}.map(e => [e.scrollWidth, e.clientWidth])"):
        assert part[0] <= min(part[1], width), f"{part[0]} pixels wide"
