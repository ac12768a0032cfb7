"""Hostile names in a real browser: nothing is fetched, no link appears."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlencode

import pytest
from playwright.sync_api import expect

from tests import hostile, hostile_home
from tests.browser import sites
from tests.browser.conftest import Open
from tests.browser.pages import settled

SHOWN = Path(__file__).with_name("shown_texts.py")
MADE_OF_TEXT = "a:not([href^='#']), img, code, pre, em, del, table, ul, ol, blockquote, hr, .katex"


@pytest.fixture(scope="module")
def asked() -> Iterator[tuple[str, list[str]]]:
    """Address of a server that others must not be made to ask, and what it was asked for."""
    paths: list[str] = []

    class Counter(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:
            pass

    counter = ThreadingHTTPServer(("127.0.0.1", 0), Counter)
    Thread(target=counter.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{counter.server_port}/", paths
    counter.shutdown()
    counter.server_close()


@pytest.fixture(scope="module")
def hostile_site(
    asked: tuple[str, list[str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path]]:
    """Address of a dashboard with hostile data, and a folder of session logs like it."""
    home = tmp_path_factory.mktemp("hostile")
    with sites.home_of(home):
        plays = hostile_home.install(home, hostile.LINKS.format(address=asked[0]))
        with sites.serving(home) as address:
            yield address, plays


@pytest.mark.parametrize("name", hostile.PAGES)
def test_no_page_asks_a_stranger_or_shows_a_link(
    name: str, hostile_site: tuple[str, Path], asked: tuple[str, list[str]], open_page: Open
) -> None:
    (site, plays), (address, paths) = hostile_site, asked
    text = hostile.LINKS.format(address=address)
    chosen = hostile.parameters(name, text)
    if name == "sessions, a folder":
        chosen["folder"] = str(plays)
    page = open_page(f"{site}/{name.partition(',')[0].replace('overview', '')}?{urlencode(chosen)}")
    if name == "sessions, a folder":
        settled(page)
        page.get_by_role("button", name="Open this folder").click()
    settled(page)
    if not name.startswith(("evidence", "story")):  # no name of the data's stands there
        expect(page.get_by_text("[Sign in](http://evil.example)").first).to_be_attached()
    strange = f"a[href^='http://evil'], a[href^='{address}'], img[src^='{address}']"
    expect(page.locator(strange)).to_have_count(0)
    assert paths == []


def test_every_element_shows_exactly_the_text(home: Path, open_page: Open) -> None:
    with sites.serving(home, SHOWN) as address:
        page = open_page(address)
        expect(page.locator(f".st-key-text_{len(hostile.TEXTS)}")).to_be_attached()
        settled(page)
        for number, text in enumerate(hostile.TEXTS):
            place = page.locator(f".st-key-text_{number}")
            shown = place.get_by_test_id("stMarkdownContainer").all_text_contents()
            shown += place.get_by_test_id("stCaptionContainer").all_text_contents()
            assert set(map(str.strip, shown)) == {text}
            assert place.locator(MADE_OF_TEXT).count() == 0
