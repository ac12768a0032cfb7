"""A real server and a real browser for the tests of the pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from relrec_core.movies.config import Config
from relrec_core.movies.training.train import train
from relrec_core.runs.active import make_active
from relrec_core.runs.directory import Run
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


def _trained() -> Run:
    """A model on the real data, trained for a moment only: the pages need one, not a good one."""
    config = Config(epochs=20, evaluate_every=10, patience=1, threads=1)
    run = Run.create("movies", config, "browser")
    with run.executing():
        train(config, run)
    return run


@pytest.fixture(scope="session")
def site(ml_100k: Path) -> Iterator[str]:
    """Address of a dashboard with MovieLens 100K and an active model."""
    make_active(_trained())
    port = server.any_port()
    with server.running(APP, port):
        yield f"http://{server.ADDRESS}:{port}"


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Open an address; fails at the end on script errors and on requests to elsewhere."""
    contexts, problems = [], []

    def open_at(address: str, *, width: int = 1280, dark: bool = False, script: str = "") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            accept_downloads=True,
        )
        contexts.append(context)
        page = context.new_page()
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
    for context in contexts:
        context.close()
    assert problems == []
