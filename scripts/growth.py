"""How time and memory grow with the data: ten times as much, a few times over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from scipy import sparse

from relrec_core.batch.local import THREADS
from relrec_core.errors import RelRecError
from relrec_core.measurement import BenchmarkRow, row
from scripts import environment

MOVIES, LIKES, LEARNT_FROM, TOP = 20_000, 50, 2_000, 10
USERS = (10_000, 100_000, 1_000_000)
ENGINES = 100_000
"""Users with whom Ray and this machine's own processes are compared."""
BLOCK = 100_000
"""Users that are generated at once."""
VECTORS = (10_000, 100_000, 1_000_000)
RATINGS = (300_000, 3_000_000, 30_000_000)
SESSIONS = (10_000, 100_000, 1_000_000)
SHORTLISTS = (100_000, 1_000_000, 10_000_000)
MOST_MEMORY, STRAIGHT, MOST_RAY, MOST_MINUTES = 4_000.0, 1.15, 1.3, 60.0
COMMAND = environment.ROOT / "scripts"
MEASURED = """
import json, resource, subprocess, sys, time
started = time.monotonic()
code = subprocess.run(sys.argv[1:], stdout=sys.stderr).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
clock = time.monotonic() - started
print(json.dumps([code, used.ru_utime + used.ru_stime, clock, used.ru_maxrss]))
"""
"""Runs a command from a small process: what a process takes at most begins with its parent's."""
TOLD = "told.json"
"""What a measured function found besides, by name: a number and its unit."""
LENGTH, FEATURES, CLUSTERS, CHUNK = 64, 512, 1_000, 65_536
"""Numbers of a vector, features of a product, clusters that both lie around, and rows at once."""


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
        compared = sizes[0] if quick else ENGINES
        files = {n: _likes(folder / f"{n}.parquet", n, seed=n) for n in {20, *sizes, compared}}
        start = _explained(folder, files[20], "local", 1)
        used = {n: _explained(folder, files[n], "local", 1) for n in sizes}
        grown = {n: one.processor - start.processor for n, one in used.items()}
        found = [row("start, processor time", start.processor, "s")]
        for n, one in used.items():
            found += [
                row(f"{n:,} users, processor time beyond the start", grown[n], "s"),
                row(f"{n:,} users, by the clock", one.clock / 60, "min", at_most=MOST_MINUTES),
                row(f"{n:,} users, memory", one.memory, "MB", at_most=MOST_MEMORY),
            ]
        found.append(
            row("exponent of the growth with users", exponent(grown), "", at_most=STRAIGHT)
        )
        ours, ray = (
            _explained(folder, files[compared], engine, 2).clock for engine in ("local", "ray")
        )
        found += [
            row(f"{compared:,} users, by two processes", ours, "s"),
            row(f"{compared:,} users, by Ray with two", ray, "s"),
            row("Ray beside processes, by the clock", ray / ours, "x", at_most=MOST_RAY),
        ]
    return found


Step = Callable[[Path, int], None]
GROWTH: tuple[tuple[str, tuple[int, ...], Step | None, Step], ...]
"""What grows, its sizes, what makes so much of it in a folder, and what is measured on it."""


def data(quick: bool) -> list[BenchmarkRow]:
    """What is read, prepared and indexed, ten times as much each time, in processes of its own."""
    found: list[BenchmarkRow] = []
    for what, sizes, made_of, used_by in GROWTH:
        used: dict[int, Used] = {}
        for n in (size // (100 if quick else 1) for size in sizes):
            with tempfile.TemporaryDirectory() as made:
                if made_of:
                    _alone(made_of, Path(made), n)
                used[n] = _alone(used_by, Path(made), n)
                found += [
                    row(f"{n:,} {what}, processor time", used[n].processor, "s"),
                    row(f"{n:,} {what}, memory", used[n].memory, "MB", at_most=MOST_MEMORY),
                ]
                told = Path(made) / TOLD
                more = json.loads(told.read_text("utf-8")) if told.exists() else {}
                found += [row(f"{n:,} {what}, {name}", *of) for name, of in more.items()]
        last = dict(list(used.items())[-2:])
        for name, said in (("processor", "processor time"), ("memory", "memory")):
            grown = exponent({n: getattr(one, name) for n, one in last.items()})
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
    kept = np.lib.format.open_memmap(
        folder / "vectors.npy", mode="w+", dtype=np.float32, shape=(n, LENGTH)
    )
    _scatter(kept)


def _scatter(kept: npt.NDArray[np.float32]) -> None:
    """Fill (n, d), a part at a time."""
    (n, length), chance = kept.shape, np.random.default_rng(len(kept))
    centres = chance.standard_normal((CLUSTERS, length), dtype=np.float32)
    for first in range(0, n, CHUNK):
        part = kept[first : first + CHUNK]
        part[:] = centres[chance.integers(0, CLUSTERS, len(part))]
        part += 0.3 * chance.standard_normal(part.shape, dtype=np.float32)


def index_vectors(folder: Path, n: int) -> None:
    """Build the index over the mapped vectors, which measures its own recall."""
    from relrec_core.neighbours import WANTED_RECALL, Index

    found = Index.build(np.load(folder / "vectors.npy", mmap_mode="r"), threads=1)
    if found.latents.shape[0] != n or found.recall < WANTED_RECALL:
        raise RelRecError(f"The index finds {found.recall:.0%} of the nearest.")


def write_features(folder: Path, n: int) -> None:
    """Features of so many products, in a checkpoint of a run."""
    import torch

    from relrec_core.runs import tensors

    kept = np.memmap(folder / "features", np.float32, "w+", shape=(n, FEATURES))
    _scatter(kept)
    digest, _ = tensors.store(folder / "checkpoint", {"features": torch.from_numpy(kept)}, {})
    (folder / "digest").write_text(digest)


def index_features(folder: Path, n: int) -> None:
    """Open the checkpoint, and index what the distance of one relation sees in its features."""
    from relrec_core.neighbours import Index
    from relrec_core.products.model.network import Distances
    from relrec_core.products.model.ranking import latents_of
    from relrec_core.runs import tensors

    found, _ = tensors.read(folder / "checkpoint", (folder / "digest").read_text())
    latents = latents_of(Distances(FEATURES, LENGTH, 1, 0), found["features"], 0)
    if Index.build(latents, threads=1).latents.shape != (n, LENGTH):
        raise RelRecError(f"Not all of {n:,} products are in the index.")


def prepare_sessions(folder: Path, n: int) -> None:
    """Simulate sessions and prepare them for a training."""
    from relrec_core.sessions.training.prepare import prepare_simulated

    prepare_simulated(n, folder / "shards")


@dataclass(frozen=True, eq=False)
class Generated:
    """A recommender of vectors; a user's profile is the number of the user."""

    item_vectors: npt.NDArray[np.float32]
    users: npt.NDArray[np.float32]

    def user_vectors(self, bags: sparse.csr_matrix) -> npt.NDArray[np.float32]:
        """(B, Q) -> (B, d)."""
        return np.asarray(bags @ self.users, dtype=np.float32)

    def logits(self, bag: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """(V,)."""
        return np.asarray(self.item_vectors @ self.users[bag].sum(axis=0))

    def logits_of_all(self, bags: sparse.csr_matrix) -> npt.NDArray[np.float32]:
        """(B, Q) -> (B, V)."""
        return np.asarray(self.user_vectors(bags) @ self.item_vectors.T)


def shorten(folder: Path, n: int) -> None:
    """Make the shortlist of so many movies, tell its recall, and how long a user takes."""
    from relrec_core.movies.model.shortlist import CANDIDATES, shortlist
    from relrec_core.neighbours import QUESTIONS

    chance, many = np.random.default_rng(0), 2 * QUESTIONS
    items = np.load(folder / "vectors.npy", mmap_mode="r")
    liked = items[chance.integers(0, n, (many, 3))]  # (Q, 3, d)
    users = liked.mean(axis=1) + chance.normal(size=(many, LENGTH)) / 3
    everyone = sparse.csr_matrix(np.eye(many, dtype=np.float32))
    seen = sparse.csr_matrix(sparse.coo_array((many, n), dtype=np.float32))
    scorer = Generated(items, users.astype(np.float32))
    found = shortlist(scorer, everyone, seen, CANDIDATES, TOP)
    started = time.perf_counter()
    found.best(everyone, seen, TOP)
    taken = 1000 * (time.perf_counter() - started) / many
    told = {"recall of the ten best": (found.recall, ""), "a user": (taken, "ms")}
    (folder / TOLD).write_text(json.dumps(told))


GROWTH = (
    ("ratings", RATINGS, write_ratings, read_ratings),
    ("product vectors", VECTORS, write_vectors, index_vectors),
    ("products' features", VECTORS, write_features, index_features),
    ("movies in a shortlist", SHORTLISTS, write_vectors, shorten),
    ("sessions", SESSIONS, None, prepare_sessions),
)


def _alone(function: Step, folder: Path, n: int) -> Used:
    """What a function of this module takes in a process of its own."""
    name = function.__name__
    code = f"import sys, pathlib, scripts.growth as g; g.{name}(pathlib.Path(sys.argv[1]), {n})"
    return taken_by([sys.executable, "-c", code, str(folder)])


def exponent(grown: dict[int, float]) -> float:
    """The slope of a line through logarithms: 1 is growth in proportion."""
    sizes, values = np.log(list(grown)), np.log(np.maximum(list(grown.values()), 1e-9))
    return float(np.polyfit(sizes, values, 1)[0])


def _likes(file: Path, users: int, seed: int) -> Path:
    """Movies drawn by Zipf's law, `LIKES` each, a block of users at a time."""
    chance, weight = np.random.default_rng(seed), 1 / (np.arange(MOVIES) + 100)
    sums = np.cumsum(weight / weight.sum())
    sums[-1] = 1
    kinds = pa.schema([("user_id", pa.int64()), ("item_id", pa.int64())])
    with pq.ParquetWriter(file, kinds) as writer:
        for first in range(0, users, BLOCK):
            many = np.arange(first, min(first + BLOCK, users))
            liked = np.searchsorted(sums, chance.random(len(many) * LIKES))
            frame = pl.DataFrame({"user_id": np.repeat(many, LIKES), "item_id": liked})
            writer.write_table(frame.unique(maintain_order=True).to_arrow().cast(kinds))
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
    taken_by([*command, "--epochs", "1", "--activate"])


def _explained(folder: Path, file: Path, engine: str, processes: int) -> Used:
    out = folder / f"out-{file.stem}-{engine}-{processes}"
    command = [sys.executable, str(COMMAND / "explain.py"), "movies", "--histories", str(file)]
    command += ["--top", str(TOP), "--out", str(out), "--engine", engine]
    return taken_by([*command, "--processes", str(processes)])


def taken_by(command: Sequence[str], threads: int = 1) -> Used:
    """Run a command to its end; raises with what it said where it failed."""
    measured = subprocess.run(
        [sys.executable, "-S", "-c", MEASURED, *command],
        cwd=environment.ROOT,
        env={**os.environ, **dict.fromkeys(THREADS, str(threads))},
        capture_output=True,
        text=True,
        check=True,
    )
    failed, processor, clock, memory = json.loads(measured.stdout)
    if failed:
        raise RelRecError(measured.stderr.strip().split("\n")[-1])
    return Used(processor, clock, memory / (1024 if sys.platform != "darwin" else 1024**2))
