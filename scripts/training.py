"""What it takes to train on sets as large as MovieLens has, and to ask the model afterwards."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import polars as pl

from relrec_core import paths
from relrec_core.measurement import BenchmarkRow, row
from relrec_core.movies import store
from relrec_core.movies.data.interactions import PARQUET_FILE, USER
from relrec_core.movies.explanation.counterfactual import smallest_change
from relrec_core.movies.explanation.explain import explain
from relrec_core.movies.model.metrics import recall_of_users
from relrec_core.runs.directory import list_runs
from scripts import browse, environment, growth
from scripts.generated_ratings import Shape

SMALL = Shape(users=610, movies=9_724, ratings=100_836)
"""As ml-latest-small has it."""
LARGE = Shape(users=200_000, movies=84_000, ratings=30_000_000)
"""Nearly as ml-32m has it."""
TINY = Shape(users=60, movies=400, ratings=4_000)
DENSE = ("--loss", "full", "--start", "random")
"""What training was before its cost grew with the ratings alone."""
CORES = min(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)
"""That a training may take: of those that there are two, as it is asked for."""
ASKED = 50
"""Users whose best movies are explained and displaced."""
MOST_SECONDS, MOST_MINUTES, MOST_MEMORY = 90.0, 60.0, 8_000.0
MOST_CLICK, MOST_CHANGE = 500.0, 200.0
RECALL = "recall@50 on the test movies"


def small(quick: bool) -> list[BenchmarkRow]:
    """Time and recall beside those of the softmax over all movies, from random weights."""
    with _generated(TINY if quick else SMALL) as (folder, found):
        (ours, reached), (dense, wanted) = (
            _trained(folder, quick, *options) for options in ((), DENSE)
        )
    return [
        *found,
        row("training", ours.clock, "s", at_most=MOST_SECONDS),
        row("training, processor time", ours.processor, "s"),
        row("training, all movies in every step, processor time", dense.processor, "s"),
        row(RECALL, reached, ""),
        row(f"{RECALL}, all movies in every step", wanted, ""),
        row("recall beside that", reached / wanted, "x", at_least=1.0),
    ]


def large(quick: bool) -> list[BenchmarkRow]:
    """Time and memory of the training, then of what the pages ask of the model."""
    with _generated(TINY if quick else LARGE) as (folder, found):
        taken, recall = _trained(folder, quick, "--activate")
        code = f"import scripts.training as t; t.ask({3 if quick else ASKED})"
        opened = growth.taken_by([sys.executable, "-c", code], CORES)
        told = json.loads(_told().read_text("utf-8"))
        clicks = browse.movies(quick)
    return [
        *found,
        row("training", taken.clock / 60, "min", at_most=MOST_MINUTES),
        row("training, processor time", taken.processor / 60, "min"),
        row("training, memory", taken.memory, "MB", at_most=MOST_MEMORY),
        row(RECALL, recall, ""),
        row(f"{RECALL}, most popular movies", told["popular"], ""),
        row("model and data opened", told["opened"], "s"),
        row("model and data opened, memory", opened.memory, "MB", at_most=MOST_MEMORY),
        row("ten best and the first explained, median", told["answer"], "ms", at_most=MOST_CLICK),
        row("click in a browser, median", float(np.median(clicks)), "ms", at_most=MOST_CLICK),
        row("displaced from the first place, median", told["first"], "ms", at_most=MOST_CHANGE),
        row("out of the ten best, median", told["top"], "ms", at_most=MOST_CHANGE),
    ]


def ask(users: int) -> None:
    """Open the model that is shown; tell what its answers for some users take, the median."""
    started = time.perf_counter()
    recommender = store.recommender(store.shown_run())
    drawn = recommender.data.users[USER].sample(users, random_state=0)
    profiles = [recommender.profile(str(user)) for user in drawn]
    explain(recommender, profiles[0], int(recommender.rank(profiles[0], 1).items[0]))
    told = {"opened": time.perf_counter() - started}
    taken: dict[str, list[float]] = {"answer": [], "first": [], "top": []}
    for profile in profiles:
        started = time.perf_counter()
        item = int(recommender.rank(profile, 10).items[0])
        explain(recommender, profile, item)
        taken["answer"].append(time.perf_counter() - started)
        for aim in ("first", "top"):
            started = time.perf_counter()
            smallest_change(recommender, profile, item, aim)
            taken[aim].append(time.perf_counter() - started)
    told |= {name: 1000 * float(np.median(each)) for name, each in taken.items()}
    known, hidden = recommender.history, recommender.held_out
    counts = np.asarray(known.sum(axis=0), dtype=np.float32).ravel()  # (V,)
    popular = recall_of_users(lambda rows: np.tile(counts, (len(rows), 1)), known, hidden)
    _told().write_text(json.dumps(told | {"popular": popular.macro}))


def _told() -> Path:
    """Where `ask` tells it, in the data directory."""
    return paths.home() / growth.TOLD


@contextmanager
def _generated(shape: Shape) -> Iterator[tuple[Path, list[BenchmarkRow]]]:
    """A folder with such data, and how much there is; the data directory is a new one."""
    with tempfile.TemporaryDirectory() as made:
        os.environ["RELREC_HOME"] = str(Path(made) / "home")
        folder = Path(made) / "data"
        folder.mkdir()
        shape.write(folder)
        ratings = pl.scan_parquet(folder / PARQUET_FILE).select(pl.len()).collect().item()
        counts = {"users": shape.users, "movies": shape.movies, "ratings": ratings}
        yield folder, [row(name, n, "") for name, n in {"cores taken": CORES, **counts}.items()]


def _trained(folder: Path, quick: bool, *options: str) -> tuple[growth.Used, float]:
    """What a training took, and the recall that its card states."""
    command = [sys.executable, str(environment.ROOT / "scripts" / "train.py"), "movies"]
    few = ("--epochs", "2") if quick else ()
    taken = growth.taken_by([*command, "--dataset", str(folder), *few, *options], CORES)
    return taken, float(list_runs("movies")[0].card().metrics["test_recall_50"])
