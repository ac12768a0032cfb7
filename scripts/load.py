"""How the dashboard bears many visitors at once: browsers that click through all its pages."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from relrec_core.errors import RelRecError
from relrec_core.measurement import BenchmarkRow, row
from scripts import chromium, environment, server

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

VISITORS = 20
SECONDS, WARM_UP = 300.0, 120.0
PAUSE = (5.0, 15.0)
"""Seconds that a visitor looks at what was answered."""
SETTLED = 60.0
"""Seconds after which an answer counts as an error."""
MOST_GROWTH = 1.1
APP = environment.ROOT / "dashboard" / "app.py"

STAYING = 6
"""Visitors who walk through all pages and stay, to see what memory each of them takes."""

WALK = (
    ("", ()),
    ("movies", ("Surprise me", "What if?", "Surprise me", "Second model: which expert decided?")),
    ("products", ("Surprise me", "Surprise me")),
    ("sessions", ("Surprise me", "Surprise me")),
    ("evidence", ()),
    ("training", ()),
)
"""Page, and what is pressed there one after the other."""

_PRESS = """
async ([what, limit]) => {
  const app = document.querySelector('[data-testid="stApp"]');
  const state = () => app.getAttribute('data-test-script-state');
  const link = (e) => e.tagName === 'A' && new URL(e.href).pathname === '/' + what.page;
  const named = (e) => e.innerText.trim().endsWith(what.name);
  const places = what.name === null ? 'a' : 'button, [role="tab"]';
  const place = [...document.querySelectorAll(places)].find(what.name === null ? link : named);
  if (!place) throw new Error('nothing to press: ' + (what.name ?? 'page ' + what.page));
  const started = performance.now();
  place.click();
  let ran = false;
  while (true) {
    await new Promise(requestAnimationFrame);
    const now = performance.now() - started;
    ran = ran || state() !== 'notRunning';
    if ((ran || now > 1000) && state() === 'notRunning') return ran ? now : 0;
    if (now > 1000 * limit) throw new Error('no answer within ' + limit + ' s');
  }
}
"""
"""Press it, and give the milliseconds until the page is complete; 0 if it answered by itself."""


@dataclass
class Load:
    """What the visitors met with."""

    taken: dict[str, list[float]] = field(default_factory=dict)
    """Milliseconds of every answer, by page."""
    errors: list[str] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    """Seconds since the start and megabytes of the server."""


def rows(quick: bool) -> list[BenchmarkRow]:
    """Visitors in browsers of their own, who come one after the other during the warm-up.

    Raises:
        RelRecError: there is no browser.
    """
    try:
        import playwright  # noqa: F401
    except ImportError as error:
        raise RelRecError(
            "This needs what the tests need; run `python3 scripts/run_tests.py` once."
        ) from error
    visitors, seconds, warm_up = (3, 40.0, 20.0) if quick else (VISITORS, SECONDS, WARM_UP)
    seen, port = Load(), server.any_port()
    with server.running(APP, port) as process:
        address = f"http://{server.ADDRESS}:{port}"
        each = asyncio.run(_staying(address, process.pid, 2 if quick else STAYING, seen))
        times = (warm_up, seconds)
        asyncio.run(_visit(address, process.pid, visitors, times, seen))
    answers = [t for of_page in seen.taken.values() for t in of_page if t]
    found = [
        row("visitors", visitors, "browsers"),
        row("answers", len(answers), "answers"),
        row("errors", len(seen.errors), "errors", at_most=0),
        row("answer, median", float(np.median(answers)), "ms"),
        row("answer, 95th percentile", float(np.percentile(answers, 95)), "ms"),
    ]
    for page, taken in seen.taken.items():
        name = f"answer on {page or 'overview'}, 95th percentile"
        if any(taken):
            found.append(row(name, float(np.percentile([t for t in taken if t], 95)), "ms"))
    for said in dict.fromkeys(seen.errors):
        print(said, flush=True)
    if each is not None:
        found.append(row("memory for each visitor who stays", each, "MB"))
    return found + _memory(seen.memory, warm_up)


def _memory(measured: list[tuple[float, float]], warm_up: float) -> list[BenchmarkRow]:
    """Memory after the warm-up and at the end, each the mean over a sixth of the time."""
    if not measured:
        return []
    end = measured[-1][0]
    window = (end - warm_up) / 6
    first = float(np.mean([mb for t, mb in measured if warm_up <= t < warm_up + window]))
    last = float(np.mean([mb for t, mb in measured if t > end - window]))
    return [
        row("memory of the server after the warm-up", first, "MB"),
        row("memory of the server at the end", last, "MB"),
        row("growth of memory", last / first, "x", at_most=MOST_GROWTH),
    ]


async def _visit(
    address: str, server_id: int, visitors: int, times: tuple[float, float], seen: Load
) -> None:
    async with _browser() as browser:
        started = time.monotonic()
        watching = asyncio.create_task(_watch(server_id, started, seen))
        until = started + sum(times)
        await asyncio.gather(
            *(
                _visitor(n, times[0] * n / visitors, browser, address, until, seen)
                for n in range(visitors)
            )
        )
        watching.cancel()


@contextlib.asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    from playwright.async_api import async_playwright

    program = chromium.find_or_get()
    if program is None:
        raise RelRecError("No Chromium was found; name one in RELREC_CHROMIUM.")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu"]
        )
        yield browser
        await browser.close()


async def _staying(address: str, server_id: int, visitors: int, seen: Load) -> float | None:
    """Megabytes for each visitor who stays, beside what is held for all once one was there.

    None where the system does not tell.
    """
    alone = Load()  # its times are not those of many
    async with _browser() as browser:
        pages = [await _walk(browser, address, alone)]
        before = _megabytes(server_id)
        pages += [await _walk(browser, address, alone) for _ in range(visitors)]
        after = _megabytes(server_id)
        for page in pages:
            await page.close()
    seen.errors += alone.errors
    return None if before is None or after is None else (after - before) / visitors


async def _walk(browser: Browser, address: str, seen: Load) -> Page:
    """One visitor goes through all pages, and stays on the last."""
    page = await browser.new_page(viewport={"width": 1280, "height": 900})
    await _arrive(page, address)
    for name, presses in WALK:
        for press in (None, *presses):
            await _press(page, name, press, seen)
            await asyncio.sleep(PAUSE[0])
    return page


async def _watch(server_id: int, started: float, seen: Load) -> None:
    """Note the memory once a second, where the system tells it."""
    while (megabytes := _megabytes(server_id)) is not None:
        seen.memory.append((time.monotonic() - started, megabytes))
        await asyncio.sleep(1)


def _megabytes(process: int) -> float | None:
    """Memory of a process; None where the system does not tell."""
    status = Path(f"/proc/{process}/status")
    if not status.is_file():
        return None
    lines = status.read_text("utf-8").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


async def _visitor(
    n: int, arrival: float, browser: Browser, address: str, until: float, seen: Load
) -> None:
    from playwright.async_api import Error

    chance = random.Random(n)
    await asyncio.sleep(arrival)
    page = await browser.new_page(viewport={"width": 1280, "height": 900})
    page.on("pageerror", lambda error: seen.errors.append(f"in the page: {error.message}"))
    try:
        await _arrive(page, address)
        while time.monotonic() < until:
            for name, presses in WALK:
                await _press(page, name, None, seen)
                for press in presses:
                    await asyncio.sleep(chance.uniform(*PAUSE))
                    await _press(page, name, press, seen)
                if time.monotonic() >= until:
                    break
                await asyncio.sleep(chance.uniform(*PAUSE))
    except Error as error:
        seen.errors.append(f"visitor {n}: {error.message.splitlines()[0]}")
    finally:
        await page.close()


async def _arrive(page: Page, address: str) -> None:
    await page.goto(address, timeout=1000 * SETTLED)
    await page.wait_for_selector(
        '[data-testid="stApp"][data-test-script-state="notRunning"]', timeout=1000 * SETTLED
    )


async def _press(page: Page, name: str, press: str | None, seen: Load) -> None:
    taken = await page.evaluate(_PRESS, [{"page": name, "name": press}, SETTLED])
    seen.taken.setdefault(name, []).append(taken)
    if await page.locator('[data-testid="stException"]').count():
        seen.errors.append(f"a traceback on page {name or 'overview'}")
