"""How fast the pages answer in a real browser."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from relrec_core.errors import RelRecError
from relrec_core.measurement import BenchmarkRow, row
from scripts import chromium, environment, server

SWITCHES = 30
OPENED = 600
"""Seconds in which a model of any size is opened."""
APP = environment.ROOT / "dashboard" / "app.py"

SANKEY, BARS = ".sankey-link", ".st-key-session_picture .barlayer path"
"""What is drawn anew: the reasons for a film, and who decided the tracks of a session."""

_SWITCH = """
async (drawn) => {
  const text = () => {
    const h = document.querySelector('.stMain h3');
    const parts = [...document.querySelectorAll(drawn)];
    return h && parts.length
      ? h.innerText + '|' + parts.map(p => p.getAttribute('d')).join() : null;
  };
  const before = text();
  const button = [...document.querySelectorAll('button')]
    .find(b => b.innerText.includes('Surprise me'));
  const started = performance.now();
  button.click();
  while (true) {
    await new Promise(requestAnimationFrame);
    const now = text();
    const sentence = now && now.split('|')[0] !== before.split('|')[0];
    if (sentence && now.split('|')[1] !== before.split('|')[1]) break;
    if (performance.now() - started > 20000) throw new Error('no new picture within 20 s');
  }
  return performance.now() - started;
}
"""


def rows(quick: bool) -> list[BenchmarkRow]:
    """First picture after the health endpoint answers, and from click to new picture."""
    with _page() as (page, address):
        started = time.perf_counter()
        page.goto(address)
        page.wait_for_selector(SANKEY)
        first = time.perf_counter() - started
        films = _switches(page, f"{address}/movies", SANKEY, quick)
        sessions = _switches(page, f"{address}/sessions", BARS, quick)
    return [
        row("first page with its picture, after the server is healthy", first, "s", at_most=4.0),
        *_percentiles("click to new film", films, 500),
        *_percentiles("click to new session", sessions, 300),
    ]


def movies(quick: bool) -> list[float]:
    """Milliseconds from each click to the picture of another user, of a model of any size."""
    with _page() as (page, address):
        page.set_default_timeout(OPENED * 1000)
        return _switches(page, f"{address}/movies", SANKEY, quick)


@contextmanager
def _page() -> Iterator[tuple[Any, str]]:
    """A page of a browser, and the address of a dashboard that runs meanwhile."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        raise RelRecError(
            "This needs what the tests need; run `python3 scripts/run_tests.py` once."
        ) from error
    program = chromium.find_or_get()
    if program is None:
        raise RelRecError("No Chromium was found; name one in RELREC_CHROMIUM.")
    port = server.any_port()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        try:
            with server.running(APP, port):
                yield page, f"http://{server.ADDRESS}:{port}"
        except Error as error:
            raise RelRecError(
                f"The pages could not be measured: {error.message.splitlines()[0]} Are the data "
                "there? `python3 scripts/run_dashboard.py` fetches them."
            ) from error
        browser.close()


def _switches(page: Any, address: str, drawn: str, quick: bool) -> list[float]:
    """Milliseconds from each click on "Surprise me" to another sentence and another picture."""
    page.goto(address)
    page.wait_for_selector(drawn, state="attached")
    page.wait_for_timeout(1500)
    taken = []
    for _ in range(3 if quick else SWITCHES):
        taken.append(page.evaluate(_SWITCH, drawn))
        page.wait_for_timeout(300)
    return taken


def _percentiles(name: str, taken: list[float], target: float) -> list[BenchmarkRow]:
    return [
        row(f"{name}, median", float(np.median(taken)), "ms"),
        row(f"{name}, 95th percentile", float(np.percentile(taken, 95)), "ms", at_most=target),
    ]
