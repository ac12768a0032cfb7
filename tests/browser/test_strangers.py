"""What a stranger leaves behind, breaks or meets broken: it is forgotten, repaired, or said."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from relrec_core import logs, paths
from relrec_core.movies.config import Config
from relrec_core.runs.active import active
from relrec_core.runs.directory import Run
from scripts import server
from tests.browser.conftest import APP, Open
from tests.browser.test_sessions_page import file_of, hand_in, sentence
from tests.scripts.apps import write_app
from tests.sessions.histories import listening, upload

WATCHED = """
import pathlib, sys, threading, time, weakref
from dashboard import memory, serve
from dashboard.loaders.sessions import SessionView
memory.KEPT = memory.LOOK = 1.0
app, told, port = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
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
serve.main(app, "127.0.0.1", port)
"""
"""A server that says how many private histories, and models on them, are alive in it."""


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.2)


def test_a_private_history_is_gone_after_the_visit_though_nobody_comes(
    home: Path, tmp_path: Path, open_page: Open
) -> None:
    port, told = server.any_port(), tmp_path / "told"
    child = subprocess.Popen(
        [sys.executable, "-c", WATCHED, str(APP), str(told), str(port)], cwd=APP.parent.parent
    )
    try:
        until(lambda: server._healthy(port))
        page = open_page(f"http://{server.ADDRESS}:{port}/sessions")
        shown = sentence(page)
        hand_in(page, file_of(upload(listening(9), "Streaming_History_Audio_2024.json")))
        expect(page.get_by_text("1 session of your own: in memory only")).to_be_visible()
        expect(page.locator("h3").first).not_to_have_text(shown)
        assert told.read_text() == "2"
        page.close()
        until(lambda: told.read_text() == "0")
    finally:
        server._stop(child)


@contextlib.contextmanager
def home_of(folder: Path) -> Iterator[None]:
    before = os.environ["RELREC_HOME"]
    os.environ["RELREC_HOME"] = str(folder)
    try:
        yield
    finally:
        os.environ["RELREC_HOME"] = before


def test_a_chosen_run_that_is_gone_can_be_undone_where_it_is_missed(
    tmp_path: Path, open_page: Open
) -> None:
    port = server.any_port()
    with home_of(tmp_path), server.running(APP, port):
        kept = Run.create("movies", Config(), "kept")
        gone = Run.create("movies", Config(), "gone")
        paths.write_text(tmp_path / "active" / "movies.json", json.dumps({"run": gone.name}))
        kept.request_cancel()
        shutil.rmtree(gone.path)
        page = open_page(f"http://{server.ADDRESS}:{port}/training")
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
    port = server.any_port()
    with home_of(tmp_path / "home"), server.running(app, port):
        page = open_page(f"http://{server.ADDRESS}:{port}/")
        page.get_by_role("button", name="Break").click()
        expect(page.get_by_text(f"the details are in {logs.file()}")).to_be_visible()
        text = logs.file().read_text("utf-8")
    assert "ZeroDivisionError" in text and "1 / 0" in text


@pytest.fixture
def damaged_site(tmp_path: Path) -> Iterator[str]:
    """Address of a dashboard with a damaged evaluation."""
    port = server.any_port()
    with home_of(tmp_path), server.running(APP, port):
        folder = paths.evaluations_dir() / "products"
        folder.mkdir(parents=True)
        (folder / "tastes-studio.csv").write_text("")
        yield f"http://{server.ADDRESS}:{port}"


def test_a_damaged_evaluation_can_be_measured_again_where_it_is_missed(
    damaged_site: str, open_page: Open
) -> None:
    page = open_page(f"{damaged_site}/evidence?claim=tastes")
    box = page.locator(".st-key-claim_tastes")
    expect(box.get_by_text("tastes-studio.json: found")).to_be_visible()
    expect(box.get_by_role("button", name="Run the quick version")).to_be_enabled()
    count = page.locator(".st-key-counts").get_by_text(re.compile(r"[1-9]\d* confirmed"))
    expect(count.first).to_be_visible()
