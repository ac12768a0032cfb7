"""Measure every table of the evidence page, several at once, each only once for the same code."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from relrec_core import paths, permission
from relrec_core.cores import allowed, cores
from relrec_core.evaluation.claims import TableSource
from relrec_core.evaluation.tables import stored
from relrec_core.runs import launch
from relrec_core.runs.code import digest
from relrec_core.runs.evaluation import EVALUATE
from relrec_core.wings import WINGS

CORES = allowed()
AT_ONCE = min(2, cores())
EVERY = 30.0
"""Seconds between two lines of progress."""


def sources() -> list[TableSource]:
    """Every table that some claim rests on, once, in the order of the page."""
    claims = (claim for wing in WINGS.values() for claim in wing.claims())
    found = [replace(source, part="") for claim in claims for source in claim.sources]
    return list(dict.fromkeys(found))


def run(*, quick: bool, wanted: Iterable[TableSource] | None = None) -> int:
    """Measure what is not stored yet; returns the exit code, 1 where a table failed."""
    permission.require_writable("store an evaluation")
    asked = list(sources() if wanted is None else wanted)
    done = _Done(quick)
    missing = [source for source in asked if not done.holds(source)]
    print(f"{len(asked)} tables, {len(asked) - len(missing)} of them stored by this very code.")
    board = _Board(len(missing))
    free: queue.SimpleQueue[list[int]] = queue.SimpleQueue()
    for n in range(AT_ONCE):
        free.put(CORES[n::AT_ONCE])

    def measure(source: TableSource) -> str:
        cores = free.get()
        try:
            return _measure(source, quick, done, board, cores)
        finally:
            free.put(cores)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        said = list(pool.map(measure, missing))
    failed = [sentence for sentence in said if sentence]
    for sentence in failed:
        print(sentence, file=sys.stderr)
    return 1 if failed else 0


def _measure(
    source: TableSource, quick: bool, done: _Done, board: _Board, cores: Sequence[int]
) -> str:
    """One table in a process of its own, on `cores` where they can be told apart; what went wrong,
    or nothing."""
    command = [sys.executable, *EVALUATE, *source.arguments(quick)]
    started = time.monotonic()
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=launch.environment(),
    ) as process:
        if cores:
            os.sched_setaffinity(process.pid, cores)
        last = ""
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip():
                last = line.strip()
                board.tell(source.name(quick), last)
    if process.returncode:
        return f"{source.name(quick)} was not measured. {last}"
    done.note(source)
    board.end(source.name(quick), time.monotonic() - started)
    return ""


@dataclass
class _Board:
    """Says now and then how far all of it is."""

    total: int
    ended: int = 0
    said: dict[str, float] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, name: str, line: str) -> None:
        with self.lock:
            if time.monotonic() - self.said.get(name, 0.0) >= EVERY:
                self.said[name] = time.monotonic()
                print(f"[{self.ended + 1} of {self.total}] {name}: {line}", flush=True)

    def end(self, name: str, seconds: float) -> None:
        with self.lock:
            self.ended += 1
            print(f"[{self.ended} of {self.total}] {name}: stored, {seconds:.0f} s", flush=True)


class _Done:
    """Which tables the present code has stored: a note beside the tables."""

    def __init__(self, quick: bool) -> None:
        self.quick = quick
        self.file = paths.evaluations_dir() / "stored-by.json"
        self.lock = threading.Lock()

    def holds(self, source: TableSource) -> bool:
        found = stored(source.wing, source.name(self.quick))
        here = found is not None and not found.shipped
        return here and self._noted().get(self._key(source)) == self._code(source)

    def note(self, source: TableSource) -> None:
        with self.lock:
            noted = self._noted() | {self._key(source): self._code(source)}
            paths.write_text(self.file, json.dumps(noted, indent=2))

    def _key(self, source: TableSource) -> str:
        return " ".join(source.arguments(self.quick))

    def _code(self, source: TableSource) -> str:
        return digest(WINGS[source.wing].evaluation)

    def _noted(self) -> dict[str, str]:
        if not self.file.is_file():
            return {}
        noted: dict[str, str] = json.loads(self.file.read_text("utf-8"))
        return noted
