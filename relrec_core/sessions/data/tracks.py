"""The tracks of session data: checked features, and the names people read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from relrec_core.errors import DataError
from relrec_core.sessions.data.readers import Block, Input, blocks, columns_of, name_of
from relrec_core.sessions.data.schema import (
    DISPLAY,
    TRACK,
    TRACK_COLUMNS,
    TRACK_KEY,
    Column,
    present,
)
from relrec_core.sessions.data.values import numbers, text


@dataclass(frozen=True)
class Tracks:
    """One row a track: `track_id`, names where known, and its features as finite numbers.

    Categories are numbers in the schema's order. Raises `DataError` for an id that comes twice.
    """

    frame: pl.DataFrame

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def columns(self) -> tuple[Column, ...]:
        """Features that are there, in the schema's order."""
        return present(self.frame.columns, TRACK_COLUMNS)

    @cached_property
    def spread(self) -> dict[str, float]:
        """Standard deviation of each number over all tracks; 1 where it never varies."""
        names = [column.name for column in self.columns if column.kind == "number"]
        return {name: float(self.frame[name].to_numpy().std()) or 1.0 for name in names}

    def features(self) -> npt.NDArray[np.float32]:
        """(T, columns) features as they are in the data."""
        chosen = self.frame.select([c.name for c in self.columns])
        return np.asarray(chosen.to_numpy(), dtype=np.float32).reshape(len(self), -1)

    def label(self, index: int) -> str:
        """Title and artist of a track, or its id where the data names none."""
        row = self.frame.row(index, named=True)
        named = [row[c] for c in ("track_name", "artist") if row.get(c)]
        return ", ".join(named) or str(row[TRACK_KEY])

    def find(self, block: Block, ids: pl.Series) -> npt.NDArray[np.int32]:
        """(rows,) row numbers of these track ids; `DataError` names the first unknown one."""
        known = self.frame.select(TRACK_KEY).with_row_index("row")
        asked = ids.alias(TRACK_KEY).to_frame()
        found = asked.join(known, on=TRACK_KEY, how="left", maintain_order="left")["row"]
        if found.null_count():
            row = int(np.argmax(found.is_null().to_numpy()))
            raise DataError(
                block.file,
                f"'{ids[row]}'",
                "a track that the track features list",
                row=block.line(row),
                column=TRACK,
            )
        return found.to_numpy().astype(np.int32)


def read_tracks(files: Sequence[Input]) -> Tracks:
    """Read files of track features; all of them must have the same columns."""
    if not files:
        raise DataError("track features", "no file", "at least one file of track features")
    columns = present(columns_of(files[0]), TRACK_COLUMNS)
    names = tuple(n for n in DISPLAY if n in columns_of(files[0]))
    for file in files:
        have = columns_of(file)
        lacking = [n for n in (TRACK_KEY, *(c.name for c in columns)) if n not in have]
        if lacking:
            raise DataError(
                name_of(file), "no such column", "track features with it", column=lacking[0]
            )
    frames = [
        _checked(block, text(block, TRACK_KEY), columns, names)
        for file in files
        for block in blocks(file, (TRACK_KEY, *names, *(c.name for c in columns)))
    ]
    tracks = Tracks(pl.concat([frame for _, frame in frames]))
    _check_unique(tracks, [block for block, _ in frames])
    return tracks


def track_table(block: Block) -> Tracks:
    """Tracks of a data frame in the schema."""
    columns = present(block.frame.columns, TRACK_COLUMNS)
    names = tuple(n for n in DISPLAY if n in block.frame.columns)
    located, frame = _checked(block, text(block, TRACK_KEY), columns, names)
    _check_unique(Tracks(frame), [located])
    return Tracks(frame)


def joined_tracks(read: Iterable[Block]) -> Tracks:
    """Tracks of logs that carry the played track's features in each row; its first row counts."""
    frames = []
    for block in read:
        columns = present(block.frame.columns, TRACK_COLUMNS)
        names = tuple(n for n in DISPLAY if n in block.frame.columns)
        _, frame = _checked(block, played(block), columns, names)
        frames.append(frame)
    return Tracks(pl.concat(frames).unique(TRACK_KEY, keep="first", maintain_order=True))


def played(block: Block) -> pl.Series:
    """(rows,) id of the played track; without ids, title, artist and album stand for it."""
    if TRACK in block.frame.columns:
        return text(block, TRACK)
    names = [n for n in DISPLAY if n in block.frame.columns]
    if "track_name" not in names:
        raise DataError(block.file, "no column with tracks", "track ids", row=1, column=TRACK)
    text(block, "track_name")
    joined = pl.concat_str(names, separator=" · ", ignore_nulls=True)
    return block.frame.select(joined.alias(TRACK_KEY))[TRACK_KEY]


def _checked(
    block: Block, ids: pl.Series, columns: tuple[Column, ...], names: tuple[str, ...]
) -> tuple[Block, pl.DataFrame]:
    checked = {TRACK_KEY: ids}
    checked |= {n: block.frame[n].cast(pl.String).fill_null("") for n in names}
    checked |= {c.name: pl.Series(numbers(block, c)) for c in columns}
    return Block(block.file, block.first, ids.alias(TRACK_KEY).to_frame()), pl.DataFrame(checked)


def _check_unique(tracks: Tracks, read: list[Block]) -> None:
    bad = (~tracks.frame[TRACK_KEY].is_first_distinct()).to_numpy()
    if not bad.any():
        return
    row = int(np.argmax(bad))
    block, row = next(_located(read, row))
    found = f"'{block.frame[TRACK_KEY][row]}' a second time"
    raise DataError(block.file, found, "each only once", row=block.line(row), column=TRACK_KEY)


def _located(read: list[Block], row: int) -> Iterator[tuple[Block, int]]:
    for block in read:
        if row < len(block.frame):
            yield block, row
        row -= len(block.frame)
