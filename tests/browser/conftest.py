"""A real server and a real browser for the tests of the pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from scripts import chromium, server

APP = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"
Open = Callable[..., Page]

expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = os.environ.get(chromium.VARIABLE) or shutil.which("chromium")
    if program is None:
        pytest.skip("No Chromium; scripts/run_tests.py installs one.")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=quiet)
        yield running
        running.close()


@pytest.fixture(scope="session")
def context(browser: Browser) -> Iterator[BrowserContext]:
    """One profile for all pages, so that the dashboard's scripts are loaded and compiled once."""
    made = browser.new_context(accept_downloads=True, reduced_motion="reduce")
    yield made
    made.close()


@pytest.fixture(scope="session")
def site(ml_100k: Path) -> Iterator[str]:
    """Address of a dashboard with MovieLens 100K and the models that ship."""
    port = server.any_port()
    with server.running(APP, port):
        yield f"http://{server.ADDRESS}:{port}"


@pytest.fixture
def open_page(context: BrowserContext) -> Iterator[Open]:
    """Open an address; fails at the end on script errors and on requests to elsewhere."""
    pages: list[Page] = []
    problems: list[str] = []

    def open_at(address: str, *, width: int = 1280, dark: bool = False, script: str = "") -> Page:
        page = context.new_page()
        pages.append(page)
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme="dark" if dark else "light")
        if script:
            page.add_init_script(script)
        page.on("pageerror", lambda error: problems.append(str(error)))
        home = address.split("/")[2]
        page.on(
            "request",
            lambda r: (
                None
                if r.url.split(":")[0] in ("data", "blob") or home in r.url
                else problems.append(f"request to {r.url}")
            ),
        )
        page.goto(address)
        expect(page.locator("h1")).to_be_visible(timeout=120_000)
        return page

    yield open_at
    for page in pages:
        if not page.is_closed():
            page.evaluate("localStorage.clear()")
            page.close()
    assert problems == []
