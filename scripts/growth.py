"""How time and memory grow with the data: ten times as much, a few times over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import polars as pl

from relrec_core.batch.local import THREADS
from relrec_core.errors import RelRecError
from relrec_core.measurement import BenchmarkRow, row
from scripts import environment

MOVIES, LIKES, LEARNT_FROM, TOP = 20_000, 50, 2_000, 10
USERS = (10_000, 30_000, 100_000)
ENGINES = 20_000
"""Users with whom Ray and this machine's own processes are compared."""
VECTORS = (10_000, 100_000, 1_000_000)
RATINGS = (300_000, 3_000_000, 30_000_000)
MOST_MEMORY, STRAIGHT, MOST_RAY = 4_000.0, 1.15, 1.3
COMMAND = environment.ROOT / "scripts"
ONE = dict.fromkeys(THREADS, "1")
MEASURED = """
import json, resource, subprocess, sys, time
started = time.monotonic()
code = subprocess.run(sys.argv[1:], stdout=sys.stderr).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
clock = time.monotonic() - started
print(json.dumps([code, used.ru_utime + used.ru_stime, clock, used.ru_maxrss]))
"""
"""Runs a command from a small process: what a process takes at most begins with its parent's."""
LENGTH, CLUSTERS, CHUNK = 64, 1_000, 65_536
"""Numbers of a product's vector, clusters that vectors lie around, and vectors written at once."""


@dataclass(frozen=True)
class Used:
    """What a command took: seconds of processor time and by the clock, and megabytes at most."""

    processor: float
    clock: float
    memory: float


def explaining(quick: bool) -> list[BenchmarkRow]:
    """The ten best movies of generated users, with reasons: growth, memory, Ray beside it."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        os.environ["RELREC_HOME"] = str(folder / "home")
        _trained(folder)
        sizes = (200, 600) if quick else USERS
        files = {n: _likes(folder / f"{n}.parquet", n, seed=n) for n in (20, *sizes, ENGINES)}
        start = _explained(folder, files[20], "local", 1)
        used = {n: _explained(folder, files[n], "local", 1) for n in sizes}
        found = [row("start, of processor time", start.processor, "s")]
        for n, one in used.items():
            found += [
                row(
                    f"{n:,} users, processor time beyond the start",
                    one.processor - start.processor,
                    "s",
                ),
                row(f"{n:,} users, memory", one.memory, "MB", at_most=MOST_MEMORY),
            ]
        grown = {n: one.processor - start.processor for n, one in used.items()}
        found.append(
            row("exponent of the growth with users", exponent(grown), "", at_most=STRAIGHT)
        )
        most = max(sizes)
        hours = grown[most] / most * 1e6 / 3600
        found.append(row("a million users at this rate, one core", hours, "h of processor time"))
        both = [
            _explained(folder, files[sizes[0] if quick else ENGINES], engine, 2)
            for engine in ("local", "ray")
        ]
        found.append(
            row(
                "Ray beside processes, by the clock",
                both[1].clock / both[0].clock,
                "x",
                at_most=MOST_RAY,
            )
        )
    return found


def data(quick: bool) -> list[BenchmarkRow]:
    """Ratings read, and pictures' features indexed, ten times as many each time."""
    found: list[BenchmarkRow] = []
    with tempfile.TemporaryDirectory() as made:
        for what, sizes, made_of, used_by in (
            ("ratings", RATINGS, write_ratings, read_ratings),
            ("product vectors", VECTORS, write_vectors, index_vectors),
        ):
            used = {}
            for n in (size // (100 if quick else 1) for size in sizes):
                folder = Path(made) / f"{what}-{n}"
                folder.mkdir()
                _alone(made_of, folder, n)
                used[n] = _alone(used_by, folder, n)
                found += [
                    row(f"{n:,} {what}, processor time", used[n].processor, "s"),
                    row(f"{n:,} {what}, memory", used[n].memory, "MB", at_most=MOST_MEMORY),
                ]
            last = dict(list(used.items())[-2:])
            for name in ("processor", "memory"):
                grown = exponent({n: getattr(one, name) for n, one in last.items()})
                said = "processor time" if name == "processor" else name
                found.append(row(f"exponent of {said} with {what}, last step", grown, ""))
    return found


def write_ratings(folder: Path, n: int) -> None:
    """So many ratings, 150 of each user."""
    chance, block = np.random.default_rng(n), 3_000_000
    with (folder / "interactions.csv").open("wb") as file:
        file.write(b"user_id,item_id,rating\n")
        for first in range(0, n, block):
            rows = np.arange(first, min(first + block, n))
            frame = pl.DataFrame(
                {
                    "user": rows // 150,
                    "item": (rows * 7919 + chance.integers(0, 50)) % MOVIES,
                    "rating": chance.integers(1, 6, len(rows)),
                }
            )
            frame.write_csv(file, include_header=False)


def read_ratings(folder: Path, n: int) -> None:
    """As before a training; the file is read a block at a time."""
    from relrec_core.movies.data.interactions import load

    if len(load(folder).ratings) != n:
        raise RelRecError(f"Not all of {n:,} ratings were read.")


def write_vectors(folder: Path, n: int) -> None:
    """So many vectors around some centres, in a file that can be mapped into memory."""
    chance = np.random.default_rng(n)
    centres = chance.normal(size=(CLUSTERS, LENGTH)).astype(np.float32)
    kept = np.lib.format.open_memmap(
        folder / "vectors.npy", mode="w+", dtype=np.float32, shape=(n, LENGTH)
    )
    for first in range(0, n, CHUNK):
        size = min(CHUNK, n - first)
        near = 0.3 * chance.normal(size=(size, LENGTH)).astype(np.float32)
        kept[first : first + size] = centres[chance.integers(0, CLUSTERS, size)] + near


def index_vectors(folder: Path, n: int) -> None:
    """Build the index over the mapped vectors, which measures its own recall."""
    from relrec_core.products.model.search import WANTED_RECALL, Index

    found = Index.build(np.load(folder / "vectors.npy", mmap_mode="r"), threads=1)
    if len(found.latents) != n or found.recall < WANTED_RECALL:
        raise RelRecError(f"The index finds {found.recall:.0%} of the nearest.")


def _alone(function: Callable[[Path, int], None], folder: Path, n: int) -> Used:
    """What a function of this module takes in a process of its own."""
    name = function.__name__
    code = f"import sys, pathlib, scripts.growth as g; g.{name}(pathlib.Path(sys.argv[1]), {n})"
    return _used([sys.executable, "-c", code, str(folder)])


def exponent(grown: dict[int, float]) -> float:
    """The slope of a line through logarithms: 1 is growth in proportion."""
    sizes, values = np.log(list(grown)), np.log(np.maximum(list(grown.values()), 1e-9))
    return float(np.polyfit(sizes, values, 1)[0])


def _likes(file: Path, users: int, seed: int) -> Path:
    """Movies drawn by Zipf's law, `LIKES` each, a block of users at a time."""
    chance, weight = np.random.default_rng(seed), 1 / (np.arange(MOVIES) + 100)
    sums = np.cumsum(weight / weight.sum())
    blocks = [*range(0, users, 100_000), users]
    frames = [
        pl.DataFrame(
            {
                "user_id": np.repeat(np.arange(first, last), LIKES),
                "item_id": np.searchsorted(sums, chance.random((last - first) * LIKES)),
            }
        )
        for first, last in pairwise(blocks)
    ]
    frame = pl.concat(frames).with_columns(pl.col("item_id").clip(0, MOVIES - 1))
    frame.unique(maintain_order=True).write_parquet(file)
    return file


def _trained(folder: Path) -> None:
    """A model of all the movies, which learnt from a few users for one pass."""
    own = folder / "learnt-from"
    own.mkdir()
    few = pl.read_parquet(_likes(folder / "few.parquet", LEARNT_FROM, seed=1))
    every = pl.DataFrame({"user_id": "all", "item_id": np.arange(MOVIES)})
    rows = pl.concat([few.cast(pl.String), every.cast(pl.String)])
    rows.write_csv(own / "interactions.csv")
    command = [sys.executable, str(COMMAND / "train.py"), "movies", "--dataset", str(own)]
    _used([*command, "--epochs", "1", "--activate"])


def _explained(folder: Path, file: Path, engine: str, processes: int) -> Used:
    out = folder / f"out-{file.stem}-{engine}-{processes}"
    command = [sys.executable, str(COMMAND / "explain.py"), "movies", "--histories", str(file)]
    command += ["--top", str(TOP), "--out", str(out), "--engine", engine]
    return _used([*command, "--processes", str(processes)])


def _used(command: Sequence[str]) -> Used:
    """Run a command to its end; raises with what it said where it failed."""
    measured = subprocess.run(
        [sys.executable, "-S", "-c", MEASURED, *command],
        cwd=environment.ROOT,
        env={**os.environ, **ONE},
        capture_output=True,
        text=True,
        check=True,
    )
    failed, processor, clock, memory = json.loads(measured.stdout)
    if failed:
        raise RelRecError(measured.stderr.strip().split("\n")[-1])
    return Used(processor, clock, memory / (1024 if sys.platform != "darwin" else 1024**2))
