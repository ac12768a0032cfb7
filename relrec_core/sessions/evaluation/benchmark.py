"""How sessions that do not fit in memory are prepared, read and trained on, and in what memory;
how long the smallest flip and other contexts take.

python -m relrec_core.sessions.evaluation.benchmark 2000000
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from relrec_core.measurement import BenchmarkRow, row
from relrec_core.runs import distributed
from relrec_core.runs.directory import Run
from relrec_core.sessions import store
from relrec_core.sessions.config import Config
from relrec_core.sessions.data.shards import Shards
from relrec_core.sessions.data.source import Stored
from relrec_core.sessions.explanation.browse import elsewhere, smallest_flip
from relrec_core.sessions.explanation.explain import Explorer
from relrec_core.sessions.training.prepare import prepare_simulated
from relrec_core.sessions.training.train import Fit

SESSIONS, QUICK_SESSIONS = 100_000, 1_000
FLIPS, WAIT = 30, 150.0
"""Tracks whose smallest flip is looked for, and how long that may take, in milliseconds."""
SMALL: dict[str, Any] = {"width": 16, "blocks": 1, "batch_size": 256}
"""A small network: a larger one trains longer, and reading has to keep up the less."""


def rows(quick: bool = False, sessions: int = SESSIONS) -> list[BenchmarkRow]:
    """Simulate and prepare sessions, read the training part once, train on it once.

    Args:
        quick: only see whether it works; the numbers mean nothing.
        sessions: how many; the folder is temporary and takes some 120 bytes a session.

    Returns:
        name, value, unit, target (or None) and met (or None) of each number. Memory is the
        largest that this process has had since it began.
    """
    if quick:
        sessions = QUICK_SESSIONS
    with tempfile.TemporaryDirectory() as folder:
        shards = Path(folder) / "shards"
        started = time.perf_counter()
        prepare_simulated(sessions, shards)
        preparing = time.perf_counter() - started
        source = Stored(Shards.open(shards))
        learned = source.parts["train"]
        started = time.perf_counter()
        size = SMALL["batch_size"]
        for _ in source.batches("train", size=size, seed=0, epoch=0, rank=0, world_size=1):
            pass
        reading = time.perf_counter() - started
        config = Config(dataset=str(shards), epochs=1, threads=1, **SMALL)
        with distributed.session(config.device, config.threads) as group:
            fit = Fit(config, Run(Path(folder)), group, source)
            started = time.perf_counter()
            fit.one_pass()
            training = time.perf_counter() - started
        stored = sum(f.stat().st_size for f in shards.iterdir()) / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
        1e9 if sys.platform == "darwin" else 1e6
    )
    ratio = training / reading
    turning, moving = _turning(3 if quick else FLIPS)
    return [
        row("sessions", sessions, "sessions"),
        row("simulating and preparing", sessions / preparing, "sessions/s"),
        row("shards on disk", stored, "MB"),
        row("reading and encoding, shuffled", learned / reading, "sessions/s"),
        row("training, one pass, reading included", learned / training, "sessions/s"),
        row("reading over training", ratio, "x", at_least=2.0),
        row("largest memory of the process", peak, "GB", at_most=4.0),
        row(f"smallest flip, 95th percentile of {FLIPS}", turning, "ms", at_most=WAIT),
        row(f"other contexts, 95th percentile of {FLIPS}", moving, "ms", at_most=WAIT),
    ]


def _turning(many: int) -> tuple[float, float]:
    """Milliseconds to find the smallest flip of a track, and what another context, hour or day
    does to it: the longest sessions, any place."""
    run = store.shown_run()
    data = store.demo_data(run.settings(Config))
    explorer = Explorer(store.predictor(run), data, run.name)
    taken: list[list[float]] = [[], []]
    for number, at in enumerate(np.argsort(-data.sessions.lengths.astype(int))[:many].tolist()):
        session = explorer.session(at)
        answer = explorer.answer(session, number % int(session.mask_b[0].sum()))
        for times, find in zip(taken, (smallest_flip, elsewhere), strict=True):
            started = time.perf_counter()
            find(explorer, session, answer)
            times.append(1000 * (time.perf_counter() - started))
    turning, moving = (float(np.percentile(times, 95)) for times in taken)
    return turning, moving


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m relrec_core.sessions.evaluation.benchmark",
        description="Prepare, read and train on many simulated sessions.",
    )
    parser.add_argument("sessions", nargs="?", type=int, default=SESSIONS)
    for found in rows(sessions=parser.parse_args(arguments).sessions):
        sys.stdout.write(f"{found['name']}: {found['value']:,.4g} {found['unit']}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
