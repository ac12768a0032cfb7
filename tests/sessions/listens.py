"""Yambda's files in their true schema, of invented listeners, in any size and bounded memory.

.venv/bin/python -m tests.sessions.listens FOLDER LISTENS
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

EVENT = pa.schema(
    [
        ("uid", pa.uint32()),
        ("timestamp", pa.uint32()),
        ("item_id", pa.uint32()),
        ("is_organic", pa.uint8()),
    ]
)
LISTEN = pa.schema(
    [*EVENT, ("played_ratio_pct", pa.uint16()), ("track_length_seconds", pa.uint32())]
)
EMBEDDING = pa.schema(
    [
        ("item_id", pa.uint32()),
        ("embed", pa.list_(pa.float64())),
        ("normalized_embed", pa.list_(pa.float64())),
    ]
)
TOGETHER = 200
"""Users that are drawn together."""


def write(
    folder: Path, users: int = 12, listens: int = 150, tracks: int = 60, dimensions: int = 24
) -> None:
    """As published: `flat/50m/` with three files, and the embeddings beside it.

    Args:
        folder: new or empty.
        users: with uids in steps of 10.
        listens: of each user on average.
        tracks: of which the last twentieth has no embedding.
        dimensions: of the embeddings; 128 in Yambda.
    """
    flat = folder / "flat" / "50m"
    flat.mkdir(parents=True)
    draw = np.random.default_rng(7)
    seconds = draw.integers(24, 80, tracks) * 5
    liking = draw.random(tracks)
    with (
        pq.ParquetWriter(flat / "listens.parquet", LISTEN) as heard,
        pq.ParquetWriter(flat / "likes.parquet", EVENT) as liked,
        pq.ParquetWriter(flat / "dislikes.parquet", EVENT) as disliked,
    ):
        for first in range(0, users, TOGETHER):
            some = np.arange(first, min(first + TOGETHER, users))
            table = _listens(draw, some, listens, seconds, liking)
            heard.write_table(table)
            for writer, share in ((liked, 0.02), (disliked, 0.01)):
                rows = np.flatnonzero(draw.random(len(table)) < share)
                writer.write_table(table.take(rows).select(EVENT.names))
    with pq.ParquetWriter(folder / "embeddings.parquet", EMBEDDING) as sounds:
        for table in _embeddings(draw, tracks * 19 // 20, dimensions):
            sounds.write_table(table)


def _listens(
    draw: np.random.Generator,
    users: np.ndarray,
    listens: int,
    seconds: np.ndarray,
    liking: np.ndarray,
) -> pa.Table:
    counts = np.maximum(1, draw.poisson(listens, len(users)))
    user = np.repeat(users, counts)
    n, tracks = len(user), len(seconds)
    item = np.minimum((tracks * draw.random(n) ** 3).astype(int), tracks - 1)
    pause = np.where(draw.random(n) < 0.09, draw.integers(240, 40_000, n), draw.integers(0, 60, n))
    time = np.cumsum(5 * pause)
    time -= np.repeat(time[np.concatenate([[0], np.cumsum(counts)[:-1]])], counts)
    mood = draw.random(n) < 0.5
    mood = np.where(np.arange(n) % 6 == 0, mood, mood[np.arange(n) // 6 * 6])
    skipped = draw.random(n) < np.where(mood, 0.75, 0.2) * (1.3 - liking[item])
    played = np.where(skipped, draw.integers(0, 50, n), draw.integers(50, 131, n))
    return pa.table(
        {
            "uid": 10 * (user + 1),
            "timestamp": time + 5 * draw.integers(0, 1000),
            "item_id": 3 * item + 2,
            "is_organic": draw.random(n) < 0.6,
            "played_ratio_pct": played,
            "track_length_seconds": seconds[item],
        }
    ).cast(LISTEN)


def _embeddings(draw: np.random.Generator, tracks: int, dimensions: int) -> Iterator[pa.Table]:
    mixing = draw.normal(size=(6, dimensions))
    for first in range(0, tracks, 1 << 15):
        n = min(1 << 15, tracks - first)
        values = draw.normal(size=(n, 6)) @ mixing + 0.1 * draw.normal(size=(n, dimensions))
        unit = values / np.linalg.norm(values, axis=1, keepdims=True)
        ends = np.arange(0, n * dimensions + 1, dimensions, dtype=np.int32)
        item = pa.array(3 * np.arange(first, first + n) + 2, pa.uint32())
        lists = [pa.ListArray.from_arrays(ends, values.ravel()) for values in (values, unit)]
        yield pa.Table.from_arrays([item, *lists], schema=EMBEDDING)


if __name__ == "__main__":
    everything = int(sys.argv[2])
    write(
        Path(sys.argv[1]),
        users=max(1, everything // 5_000),
        listens=min(5_000, everything),
        tracks=max(1_000, everything // 57),
        dimensions=128,
    )
