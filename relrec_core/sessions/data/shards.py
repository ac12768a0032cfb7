"""Prepared sessions on disk: written once, read in shuffled batches with bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import polars as pl
from pydantic import ValidationError

from relrec_core import paths
from relrec_core.errors import ConfigError, DataError, border
from relrec_core.explanation import Value
from relrec_core.sessions.data.dataset import SessionData
from relrec_core.sessions.data.encoding import Batch, Encoding
from relrec_core.sessions.data.schema import BY_NAME, HALF, Column
from relrec_core.sessions.data.sessions import (
    BY_ID,
    PARTS,
    Bytes,
    Part,
    Sessions,
    concatenate,
    known_ahead,
)
from relrec_core.sessions.data.tracks import Tracks

META_FILE, TRACKS_FILE = "meta.json", "tracks.parquet"
PART = "part"
_WHOLE = "a whole shard; prepare the data again"
WINDOW = 4
"""Shards that are in memory and shuffled together."""


class Meta(Value):
    """What a folder of shards holds; written last, so a folder without it is not whole.

    `sessions` counts all, `parts` those for training, validation and test; `plays` and `skipped`
    count the tracks of B and how many of them were skipped, `longer` the sessions of the logs
    that were too long and had to be cut. `licence` is empty where nothing is known, and `split` is
    by what the parts were made.
    """

    title: str
    simulated: bool
    content_hash: str
    encoding: Encoding
    shards: tuple[str, ...]
    sizes: tuple[int, ...]
    parts: dict[str, int]
    tracks: int
    plays: int
    skipped: int
    absent: tuple[str, ...]
    missing: dict[str, tuple[str, ...]]
    longer: int = 0
    licence: str = ""
    split: str = BY_ID

    @property
    def sessions(self) -> int:
        """How many there are."""
        return sum(self.sizes)


def write_shard(path: Path, sessions: Sessions, part: Bytes) -> None:
    """Write sessions and the part (S,) of each, as an index into `PARTS`, as one Parquet file, one
    row a session, as a whole or not at all.
    """
    n = len(sessions)
    columns = {
        f.name: pl.Series(f.name, getattr(sessions, f.name).reshape(n, -1))
        for f in fields(Sessions)[2:]
        if getattr(sessions, f.name).size
    }
    frame = pl.DataFrame(
        {
            "ids": pl.Series(sessions.ids.tolist(), dtype=pl.String),
            "lengths": pl.Series(sessions.lengths),
            PART: pl.Series(part),
            **columns,
        }
    )
    with paths.replacing(path) as temporary:
        frame.write_parquet(temporary, compression="zstd", compression_level=1)


@dataclass(frozen=True)
class Shards:
    """A folder that `prepare` wrote.

    Raises `DataError` for a folder that is not whole and for a damaged shard.
    """

    folder: Path
    meta: Meta

    @classmethod
    def open(cls, folder: Path) -> Shards:
        """What `prepare` wrote into a folder.

        Raises:
            DataError: the folder does not hold prepared sessions.
        """
        path = folder / META_FILE
        try:
            meta = Meta.from_json(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise DataError(path, "no such file", "a folder of prepared sessions") from error
        except (ValidationError, UnicodeDecodeError) as error:
            raise DataError(
                path, "other content", "the description of prepared sessions"
            ) from error
        return cls(folder, meta)

    @property
    def columns(self) -> tuple[Column, ...]:
        """What each byte of `Sessions.logs` is."""
        return tuple(BY_NAME[name] for name in self.meta.encoding.log_columns)

    def tracks(self) -> Tracks:
        """All tracks with their names and features."""
        return Tracks(_read(self.folder / TRACKS_FILE))

    def data(self, sessions: Sessions) -> SessionData:
        """These sessions with their tracks and all that is known of them."""
        return SessionData(
            title=self.meta.title,
            simulated=self.meta.simulated,
            content_hash=self.meta.content_hash,
            columns=self.columns,
            sessions=sessions,
            tracks=self.tracks(),
            terms=self.meta.licence,
        )

    def read(self, shard: int, part: Part | None = None) -> Sessions:
        """The sessions of one shard, in the order of the data."""
        path = self.folder / self.meta.shards[shard]
        with border(lambda why: DataError(path, f"a damaged file ({why})", _WHOLE)):
            return self._sessions(_read(path), part)

    def _sessions(self, frame: pl.DataFrame, part: Part | None) -> Sessions:
        if part is not None:
            frame = frame.filter(pl.col(PART) == PARTS.index(part))
        n = len(frame)
        width, later = len(self.columns), len(known_ahead(self.columns))
        ahead = np.zeros((n, HALF, later), dtype=np.uint8)
        if later:
            ahead[:] = frame["ahead"].to_numpy().reshape(n, HALF, later)
        return Sessions(
            ids=frame["ids"].to_numpy().astype(object),
            lengths=frame["lengths"].to_numpy(),
            logs=frame["logs"].to_numpy().reshape(n, HALF, width),
            ahead=ahead,
            tracks_a=frame["tracks_a"].to_numpy(writable=True).reshape(n, HALF),
            tracks_b=frame["tracks_b"].to_numpy(writable=True).reshape(n, HALF),
            skipped=frame["skipped"].to_numpy().reshape(n, HALF),
            causes=frame["causes"].to_numpy(writable=True).reshape(n, HALF),
        )

    def windows(
        self, part: Part | None = None, *, seed: int | None = None, epoch: int = 0
    ) -> Iterator[Sessions]:
        """Sessions of a few shards at a time, in the order of the data or shuffled by `seed`."""
        order = np.arange(len(self.meta.shards))
        draw = None if seed is None else np.random.default_rng([seed, epoch])
        if draw is not None:
            draw.shuffle(order)
        for start in range(0, len(order), WINDOW):
            chosen = order[start : start + WINDOW]
            window = concatenate(self.read(int(shard), part) for shard in chosen)
            yield window if draw is None else window.take(draw.permutation(len(window)))

    def batches(
        self,
        part: Part | None = None,
        *,
        size: int,
        seed: int | None = None,
        epoch: int = 0,
        rank: int = 0,
        world_size: int = 1,
    ) -> Iterator[Batch]:
        """This rank's share of every global batch of `size` sessions, the last may be smaller.

        All ranks draw the same global batches, so training does not depend on `world_size`; a
        batch too small for all ranks leaves some an empty share.
        """
        if size < 1 or not 0 <= rank < world_size:
            raise ConfigError(f"Batches of {size} for rank {rank} of {world_size} cannot be read.")
        table = self.meta.encoding.table(self.tracks())
        for sessions in _rebatched(self.windows(part, seed=seed, epoch=epoch), size):
            share = slice(
                rank * len(sessions) // world_size, (rank + 1) * len(sessions) // world_size
            )
            yield self.meta.encoding.encode(sessions.take(share), self.columns, table)


def _rebatched(windows: Iterator[Sessions], size: int) -> Iterator[Sessions]:
    """Batches of `size` sessions across the borders of windows."""
    left: Sessions | None = None
    for window in windows:
        if left is not None:
            window = concatenate([left, window])
        full = len(window) // size * size
        for start in range(0, full, size):
            yield window.take(slice(start, start + size))
        left = window.take(slice(full, None)) if full < len(window) else None
    if left is not None:
        yield left


def _read(path: Path) -> pl.DataFrame:
    if not path.is_file():
        raise DataError(path, "no such file", "a shard of prepared sessions")
    with border(lambda why: DataError(path, f"a damaged file ({why})", _WHOLE)):
        return pl.read_parquet(path)
