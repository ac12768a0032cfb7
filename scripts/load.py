"""How the dashboard bears many visitors at once, who click through all its pages."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from relrec_core.cores import allowed, only
from relrec_core.errors import RelRecError
from relrec_core.measurement import BenchmarkRow, row
from scripts import environment, server
from scripts.visitors import VisitError, visiting

VISITORS = 20
SECONDS, WARM_UP = 600.0, 120.0
PAUSE = (5.0, 15.0)
"""Seconds that a visitor looks at what was answered."""
MISSING = 60.0
"""Seconds after which an answer counts as an error."""
MOST_GROWTH = 1.1
STAYING = 6
"""Visitors who walk through all pages and stay, to see what memory each of them takes."""
APP = environment.ROOT / "dashboard" / "app.py"
WALK = (
    ("", ()),
    ("movies", ("Surprise me", "What if?", "Surprise me", "Second model: which expert decided?")),
    ("products", ("Surprise me", "Surprise me")),
    ("sessions", ("Surprise me", "Surprise me")),
    ("evidence", ()),
    ("training", ()),
)
"""Page, and what is pressed there one after the other."""
AT_MOST = {"movies": 1.5, "products": 3.0, "sessions": 1.5}
"""Seconds within which 95 % of a page's answers shall be there."""


@dataclass
class Load:
    """What the visitors met with."""

    taken: dict[str, list[float]] = field(default_factory=dict)
    """Seconds of every answer after the warm-up, by page."""
    errors: list[str] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    """Seconds since the start and megabytes of all servers."""
    each: float | None = None
    """Megabytes for each visitor who stays."""
    worked: float = 0.0
    """Seconds of processor time of all servers after the warm-up."""


def rows(quick: bool, servers: int = 1) -> list[BenchmarkRow]:
    """Visitors who come one after the other during the warm-up.

    All servers share one core where the system can keep them to it, and the visitors have another.
    """
    seen = _measured(servers, quick)
    for said in dict.fromkeys(seen.errors):
        print(said, flush=True)
    return _rows(seen, servers, quick)


async def _staying(address: str, process: subprocess.Popen[bytes], visitors: int) -> float | None:
    """Megabytes for each visitor who stays, beside what is held for all once one was there.

    None where the system does not tell.
    """
    folder = Path(f"/proc/{process.pid}")
    async with contextlib.AsyncExitStack() as pages:
        megabytes = []
        for n in range(visitors + 1):
            visitor = await pages.enter_async_context(visiting(address, MISSING))
            for page, presses in WALK:
                await visitor.opened(page)
                for press in presses:
                    await visitor.pressed(press)
            if n in (0, visitors) and folder.is_dir():
                megabytes.append(_megabytes(folder))
    return (megabytes[-1] - megabytes[0]) / visitors if megabytes else None


def _measured(servers: int, quick: bool) -> Load:
    visitors, times = (3, (20.0, 40.0)) if quick else (VISITORS, (WARM_UP, SECONDS))
    seen, port, cores = Load(), server.any_port(), allowed()
    with only(cores[:1]), server.several(APP, port, servers) as processes, only(cores[1:]):
        address = f"{server.ADDRESS}:{port}"
        if servers == 1:
            number = 2 if quick else STAYING
            seen.each = asyncio.run(_staying(address, processes[0], number))
        asyncio.run(_visit(address, processes, visitors, times, seen))
    if not any(seen.taken.values()):
        raise RelRecError("No visitor got an answer. " + "; ".join(dict.fromkeys(seen.errors)))
    return seen


def _rows(seen: Load, servers: int, quick: bool) -> list[BenchmarkRow]:
    to = "1 server" if servers == 1 else f"{servers} servers"
    answers = [t for of_page in seen.taken.values() for t in of_page]
    found = [
        row(f"{to}: answers", len(answers), "answers"),
        row(f"{to}: errors", len(seen.errors), "errors", at_most=0),
        row(f"{to}: answer, median", float(np.median(answers)), "s"),
        row(f"{to}: answer, 95th percentile", float(np.percentile(answers, 95)), "s"),
        row(f"{to}: processor time of an answer", seen.worked / len(answers), "s"),
    ]
    for page, taken in seen.taken.items():
        name = f"{to}: answer on {page or 'overview'}, 95th percentile"
        late = float(np.percentile(taken, 95))
        found.append(row(name, late, "s", at_most=AT_MOST.get(page)))
    if seen.each is not None:
        found.append(row("memory for each visitor who stays", seen.each, "MB"))
    return found + _memory(seen.memory, 20.0 if quick else WARM_UP, to)


def _memory(measured: list[tuple[float, float]], warm_up: float, to: str) -> list[BenchmarkRow]:
    """Memory after the warm-up and at the end, each the mean over a sixth of the time."""
    if not measured:
        return []
    end = measured[-1][0]
    window = (end - warm_up) / 6
    first = float(np.mean([mb for t, mb in measured if warm_up <= t < warm_up + window]))
    last = float(np.mean([mb for t, mb in measured if t > end - window]))
    return [
        row(f"{to}: memory after the warm-up", first, "MB"),
        row(f"{to}: memory at the end", last, "MB"),
        row(f"{to}: growth of memory", last / first, "x", at_most=MOST_GROWTH),
    ]


async def _visit(
    address: str,
    processes: list[subprocess.Popen[bytes]],
    visitors: int,
    times: tuple[float, float],
    seen: Load,
) -> None:
    started = time.monotonic()
    begin, until = started + times[0], started + sum(times)
    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(_watch(processes, started, begin, seen))
        coming = [
            tasks.create_task(_visitor(n, times[0] * n / visitors, address, (begin, until), seen))
            for n in range(visitors)
        ]
        await asyncio.wait(coming)
        watching.cancel()


async def _watch(
    processes: list[subprocess.Popen[bytes]], started: float, begin: float, seen: Load
) -> None:
    """Note memory and processor time once a second, where the system tells them."""
    folders = [Path(f"/proc/{process.pid}") for process in processes]
    before = None
    while all(folder.is_dir() for folder in folders):
        seen.memory.append((time.monotonic() - started, sum(map(_megabytes, folders))))
        worked = sum(map(_worked, folders))
        if before is None and time.monotonic() >= begin:
            before = worked
        seen.worked = worked - (worked if before is None else before)
        await asyncio.sleep(1)


def _megabytes(folder: Path) -> float:
    lines = (folder / "status").read_text("utf-8").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS"))) / 1024


def _worked(folder: Path) -> float:
    """Seconds of processor time that a process has used."""
    fields = (folder / "stat").read_text("utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _visitor(
    n: int, arrival: float, address: str, between: tuple[float, float], seen: Load
) -> None:
    chance = random.Random(n)
    begin, until = between

    def note(page: str, asked_at: float, taken: float) -> None:
        if asked_at >= begin:
            seen.taken.setdefault(page, []).append(taken)

    await asyncio.sleep(arrival)
    while time.monotonic() < until:  # who met with an error comes again
        try:
            async with visiting(address, MISSING) as visitor:
                while True:
                    for page, presses in WALK:
                        for press in (None, *presses):
                            await asyncio.sleep(chance.uniform(*PAUSE))
                            if (now := time.monotonic()) >= until:
                                return
                            answer = (
                                visitor.opened(page) if press is None else visitor.pressed(press)
                            )
                            note(page, now, await answer)
        except VisitError as error:
            seen.errors.append(str(error))
