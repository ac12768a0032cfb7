"""A real server and a real browser for the tests of the pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from relrec_core.runs.directory import list_runs
from relrec_core.wings import WINGS
from scripts import chromium
from tests.browser import pages, sites

Open = Callable[..., Page]

expect.set_options(timeout=300_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def context(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """One profile for all pages, on the disk, so that their scripts are compiled only once."""
    program = os.environ.get(chromium.VARIABLE) or shutil.which("chromium")
    if program is None:
        pytest.skip("No Chromium; scripts/run_tests.py installs one.")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch_persistent_context(
            tmp_path_factory.mktemp("profile"),
            executable_path=program,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
            accept_downloads=True,
            reduced_motion="reduce",
        )
        made.add_init_script(pages.TALK)
        yield made
        made.close()


@pytest.fixture(scope="session")
def site_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the dashboard of all workers keeps its data directory, `home`."""
    mine = tmp_path_factory.getbasetemp()
    return (mine.parent if "PYTEST_XDIST_WORKER" in os.environ else mine) / "site"


@pytest.fixture(scope="session")
def site(ml_100k: Path, site_folder: Path) -> Iterator[str]:
    """Address of a dashboard with MovieLens 100K and the models that ship, which only looks.

    It is the same for all workers. What starts trainings or measures takes `own_site`.
    """
    with sites.shared(site_folder, ml_100k) as address:
        yield address


@pytest.fixture(scope="module")
def own_site(ml_100k: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a dashboard of this module's own; the tests use its data directory, too."""
    home = tmp_path_factory.mktemp("own")
    shutil.copytree(ml_100k, home / "data" / ml_100k.name)
    with sites.home_of(home), sites.serving(home) as address:
        yield address
        for run in (run for wing in WINGS for run in list_runs(wing)):
            if run.status().ongoing:
                run.request_cancel()


@pytest.fixture
def open_page(context: BrowserContext) -> Iterator[Open]:
    """Open an address; fails at the end on script errors and on requests to elsewhere."""
    opened: list[Page] = []
    problems: list[str] = []

    def open_at(address: str, *, width: int = 1280, dark: bool = False, script: str = "") -> Page:
        page = context.new_page()
        opened.append(page)
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
        expect(page.locator("h1")).to_be_visible()
        return page

    yield open_at
    for page in opened:
        if not page.is_closed():
            page.evaluate("localStorage.clear()")
            page.close()
    assert problems == []
