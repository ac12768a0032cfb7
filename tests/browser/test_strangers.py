"""What a stranger leaves behind, breaks or meets broken: it is forgotten, repaired, or said."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from relrec_core import logs, paths
from relrec_core.movies.config import Config
from relrec_core.runs.active import active
from relrec_core.runs.directory import Run
from tests.browser.conftest import Open
from tests.browser.handing import file_of, hand_in
from tests.browser.pages import headline, sentence
from tests.browser.sites import home_of, serving
from tests.scripts.apps import write_app
from tests.sessions.histories import listening, upload
from tests.waiting import until

WATCHED = """
import os, pathlib, threading, time, weakref
from dashboard import memory
from dashboard.loaders.sessions import SessionView
memory.KEPT = memory.LOOK = 1.0
told = pathlib.Path(os.environ["TOLD"])
theirs = weakref.WeakSet()
made = SessionView.__init__
def counted(self, *args, **named):
    made(self, *args, **named)
    if self.own:
        theirs.add(self)
        theirs.add(self.explorer)
SessionView.__init__ = counted
def tell():
    while True:
        told.write_text(str(len(theirs)))
        time.sleep(0.2)
threading.Thread(target=tell, daemon=True).start()
"""
"""Makes a server say how many private histories, and models on them, are alive in it."""


def test_a_private_history_is_gone_after_the_visit_though_nobody_comes(
    home: Path, tmp_path: Path, open_page: Open
) -> None:
    told = tmp_path / "told"
    with serving(home, before=WATCHED, TOLD=str(told)) as site:
        page = open_page(f"{site}/sessions")
        shown = sentence(page)
        hand_in(page, file_of(upload(listening(9), "Streaming_History_Audio_2024.json")))
        expect(page.get_by_text("1 session of your own: in memory only")).to_be_visible()
        expect(headline(page)).not_to_have_text(shown)
        until(lambda: told.read_text() == "2")
        page.close()
        until(lambda: told.read_text() == "0")


def test_a_chosen_run_that_is_gone_can_be_undone_where_it_is_missed(
    tmp_path: Path, open_page: Open
) -> None:
    with home_of(tmp_path), serving(tmp_path) as site:
        kept = Run.create("movies", Config(), "kept")
        gone = Run.create("movies", Config(), "gone")
        paths.write_text(tmp_path / "active" / "movies.json", json.dumps({"run": gone.name}))
        kept.request_cancel()
        shutil.rmtree(gone.path)
        page = open_page(f"{site}/training")
        expect(page.get_by_text("no longer exists; make another run active")).to_be_visible()
        expect(page.get_by_role("button", name="Start training")).to_be_visible()
        page.get_by_role("button", name="Show the shipped model again").click()
        expect(page.get_by_text("no longer exists")).to_have_count(0)
        assert active("movies") is None


def test_an_error_that_nobody_foresaw_says_where_its_trace_is(
    tmp_path: Path, open_page: Open
) -> None:
    begin = "from relrec_core import logs\nlogs.begin('streamlit.error_util')\nst.title('One')\n"
    page_code = begin + "@st.fragment\ndef part():\n    if st.button('Break'): 1 / 0\npart()"
    app = write_app(tmp_path, {"one": page_code})
    home = tmp_path / "home"
    with home_of(home), serving(home, app) as site:
        page = open_page(site)
        page.get_by_role("button", name="Break").click()
        expect(page.get_by_text(f"the details are in {logs.file()}")).to_be_visible()
        text = logs.file().read_text("utf-8")
    assert "ZeroDivisionError" in text and "1 / 0" in text


@pytest.fixture
def damaged_site(tmp_path: Path) -> Iterator[str]:
    """Address of a dashboard with a damaged evaluation."""
    with home_of(tmp_path), serving(tmp_path) as site:
        folder = paths.evaluations_dir() / "products"
        folder.mkdir(parents=True)
        (folder / "tastes-studio.csv").write_text("")
        yield site


def test_a_damaged_evaluation_can_be_measured_again_where_it_is_missed(
    damaged_site: str, open_page: Open
) -> None:
    page = open_page(f"{damaged_site}/evidence?claim=tastes")
    box = page.locator(".st-key-claim_tastes")
    expect(box.get_by_text("tastes-studio.json: found")).to_be_visible()
    expect(box.get_by_role("button", name="Run the quick version")).to_be_enabled()
    count = page.locator(".st-key-counts").get_by_text(re.compile(r"[1-9]\d* confirmed"))
    expect(count.first).to_be_visible()
