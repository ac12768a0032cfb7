"""How fast the movies page answers in a real browser."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from relrec_core.errors import RelRecError
from scripts import chromium, environment, server

SWITCHES = 30
APP = environment.ROOT / "dashboard" / "app.py"

_SWITCH = """
async () => {
  const text = () => {
    const h = document.querySelector('.stMain h3');
    const links = document.querySelectorAll('.sankey-link');
    return h && links.length ? h.innerText + '|' + links[0].getAttribute('d') : null;
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


def rows(quick: bool) -> list[dict[str, Any]]:
    """First picture after the health endpoint answers, and from click to new picture."""
    try:
        from playwright.sync_api import sync_playwright
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
        with server.running(APP, port):
            started = time.perf_counter()
            page.goto(f"http://{server.ADDRESS}:{port}")
            page.wait_for_selector(".sankey-link")
            first = time.perf_counter() - started
            page.goto(f"http://{server.ADDRESS}:{port}/movies")
            page.wait_for_selector(".sankey-link")
            page.wait_for_timeout(1500)
            taken = []
            for _ in range(3 if quick else SWITCHES):
                taken.append(page.evaluate(_SWITCH))
                page.wait_for_timeout(300)
        browser.close()
    return [
        _row("first page with its picture, after the server is healthy", first, "s", 4.0),
        _row("click to new picture, median", float(np.median(taken)), "ms", None),
        _row("click to new picture, 95th percentile", float(np.percentile(taken, 95)), "ms", 500),
    ]


def _row(name: str, value: float, unit: str, target: float | None) -> dict[str, Any]:
    met = None if target is None else value <= target
    return {"name": name, "value": value, "unit": unit, "target": target, "met": met}
