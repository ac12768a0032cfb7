"""Ratings of a CSV or Parquet file, read a block at a time: memory grows with what is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl
import polars.selectors as cs
import pyarrow as pa

from relrec_core import parquet
from relrec_core.errors import DataError
from relrec_core.movies.data import tables

BLOCK, ROWS = 1 << 24, 1 << 19
"""Bytes of a CSV file, and rows of a Parquet file, that are read at once."""

PARQUET = ".parquet"

Codes = npt.NDArray[np.int32]
Lines = Sequence[int] | npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Ratings:
    """Rows of a file in its order, users and movies as numbers in order of appearance.

    `users` and `items` are their ids, `counts` says how many rows of the file each user has;
    `user`, `item`, `rating` and `timestamp` have one entry for each row that is kept, and `lines`
    says on which line of the file it begins; in Parquet it is the row, from 1.
    """

    users: list[str]
    items: list[str]
    counts: npt.NDArray[np.int64]
    user: Codes
    item: Codes
    rating: npt.NDArray[np.float32]
    timestamp: npt.NDArray[np.float64]
    lines: Lines


@dataclass(frozen=True)
class Columns:
    """What a file calls the columns of its ratings."""

    user: str
    item: str
    rating: str
    timestamp: str


class _NotPlainError(Exception):
    """The file has quotes, blank lines or the like: it takes a reader that knows them."""


Blocks = Iterator[tuple[pl.DataFrame, Sequence[int]]]
"""Parts of a file as text, each with the numbers of its lines."""
Keep = Callable[[Codes], npt.NDArray[np.bool_]]
"""From the users of some rows, as numbers, to which of the rows are kept."""


def everyone(user: Codes) -> npt.NDArray[np.bool_]:
    """Keep all rows."""
    return np.ones(len(user), dtype=bool)


def nobody(user: Codes) -> npt.NDArray[np.bool_]:
    """Keep no rows: only ids and counts are wanted."""
    return np.zeros(len(user), dtype=bool)


def read(path: Path, columns: Columns, keep: Keep = everyone) -> Ratings:
    """The ratings of a file, all of which are checked; those without a rating count as 5, those
    without a time by place. Memory grows with what is kept.

    Raises:
        DataError: names the line and the column of the first problem.
    """
    if path.suffix == PARQUET:
        return _joined(path, columns, _parquet(path, columns), keep)
    try:
        return _joined(path, columns, _plain(path, (columns.user, columns.item)), keep)
    except _NotPlainError:
        frame = tables.read(path, (columns.user, columns.item))
        return _joined(path, columns, iter([(pl.from_pandas(frame), list(frame.index))]), keep)


def _parquet(path: Path, columns: Columns) -> Blocks:
    """Blocks of a Parquet file as text, each with the numbers of its rows."""
    required = (columns.user, columns.item)
    tables.check_file(path, required)
    file = parquet.opened(path, path)
    kinds = file.schema_arrow
    tables.check_columns(path, kinds.names, required)
    for column in required:
        if pa.types.is_floating(kinds.field(column).type):
            found, expected = "numbers with decimals", "ids as text or whole numbers"
            raise DataError(path, found, expected, column=column)
    chosen = [
        name for name in (*required, columns.rating, columns.timestamp) if name in kinds.names
    ]
    for first, frame in parquet.blocks(path, file, {name: name for name in chosen}, ROWS):
        times = cs.by_name(columns.timestamp, require_all=False) & (cs.date() | cs.datetime())
        text = frame.with_columns(times.dt.epoch("s")).cast(pl.String).fill_null("")
        yield text, range(first, first + len(text))


def _plain(path: Path, required: tuple[str, ...]) -> Blocks:
    """Blocks of a file without quotes, each with the lines its rows stand on."""
    tables.check_file(path, required)
    with path.open("rb") as file:
        header = file.readline().removeprefix(tables.BOM).rstrip(b"\r\n")
        line, width = 2, header.count(b",")
        if not width or b'"' in header or b"\r" in header:
            raise _NotPlainError
        names = tables.text(path, header, 1).split(",")
        if len(set(names)) != len(names):
            raise _NotPlainError
        tables.check_columns(path, names, required)
        while block := file.read(BLOCK) + file.readline():
            if b'"' in block or b"\r" in (block := block.replace(b"\r\n", b"\n")):
                raise _NotPlainError
            block = block.rstrip(b"\n")
            tables.text(path, block, line)
            _check_widths(path, block, width, line)
            frame = pl.read_csv(
                block,
                has_header=False,
                new_columns=names,
                infer_schema=False,
                quote_char=None,
            ).fill_null("")
            yield frame, range(line, line + len(frame))
            line += len(frame)
    if line == 2:
        raise DataError(path, "a header without rows", "at least one row", row=2)


def _check_widths(path: Path, block: bytes, width: int, line: int) -> None:
    """Every line must have as many commas as the header, `width`; a blank one none."""
    marks = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(marks == ord("\n"))
    commas = np.searchsorted(np.flatnonzero(marks == ord(",")), [*ends, len(marks)])
    widths = np.diff(commas, prepend=0)
    bad = np.flatnonzero(widths != width)
    if len(bad) == 0:
        return
    first = block.split(b"\n", int(bad[0]) + 1)[int(bad[0])]
    if not first.strip(b" \t"):
        raise _NotPlainError
    found, expected = f"{widths[bad[0]] + 1} value(s)", f"{width + 1}, as many as columns"
    raise DataError(path, found, expected, row=line + int(bad[0]))


Part = tuple[Codes, Codes, npt.NDArray[np.float32], npt.NDArray[np.float64], Sequence[int]]
"""User, movie, rating, time and line of some rows."""


def _joined(path: Path, columns: Columns, blocks: Blocks, keep: Keep) -> Ratings:
    users: dict[str, int] = {}
    items: dict[str, int] = {}
    counts = np.zeros(0, dtype=np.int64)
    parts: list[tuple[Codes, Codes, npt.NDArray[np.float32], npt.NDArray[np.float64]]] = []
    lines: list[Lines] = []
    for user, item, rating, timestamp, at in _numbered(path, columns, blocks, users, items):
        counts = np.pad(counts, (0, len(users) - len(counts)))
        counts += np.bincount(user, minlength=len(users))
        kept = keep(user)
        if kept.all():
            parts.append((user, item, rating, timestamp))
            lines.append(at)
        else:
            parts.append((user[kept], item[kept], rating[kept], timestamp[kept]))
            lines.append(np.asarray(at)[kept])
    user, item, rating, timestamp = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Ratings(
        list(users), list(items), counts, user, item, rating, timestamp, _together(lines)
    )


def _numbered(
    path: Path, columns: Columns, blocks: Blocks, users: dict[str, int], items: dict[str, int]
) -> Iterator[Part]:
    """What the blocks say, checked; ids that are not known yet get the next numbers."""
    count = 0
    for frame, at in blocks:
        for column in (columns.user, columns.item):
            bad = (frame[column].str.strip_chars() == "").to_numpy()
            if bad.any():
                row = at[int(np.argmax(bad))]
                raise DataError(path, "an empty value", "an id", row=row, column=column)
        rating = np.full(len(frame), 5.0, dtype=np.float32)
        if columns.rating in frame.columns:
            rating = _ratings(path, frame, columns.rating, at)
        timestamp = np.arange(count, count + len(frame), dtype=np.float64)
        if columns.timestamp in frame.columns:
            timestamp = _numbers(
                path, frame, columns.timestamp, at, "a number that orders a user's ratings"
            )
        user, item = _codes(frame[columns.user], users), _codes(frame[columns.item], items)
        count += len(frame)
        yield user, item, rating, timestamp, at


def _together(lines: list[Lines]) -> Lines:
    """All of them; where none is left out, without writing them down."""
    if all(isinstance(part, range) for part in lines):
        return range(lines[0][0], lines[-1][-1] + 1)
    return np.concatenate([np.asarray(part, dtype=np.int64) for part in lines])


def _codes(ids: pl.Series, known: dict[str, int]) -> Codes:
    """Numbers of the ids; those not `known` yet get the next ones."""
    found = ids.unique(maintain_order=True)
    numbers = [known.setdefault(name, len(known)) for name in found.to_list()]
    table = pl.Series(numbers, dtype=pl.Int32)
    return np.asarray(ids.replace_strict(found, table, return_dtype=pl.Int32).to_numpy(), np.int32)


def _numbers(
    path: Path, frame: pl.DataFrame, column: str, at: Sequence[int], expected: str
) -> npt.NDArray[np.float64]:
    values = frame[column].cast(pl.Float64, strict=False).to_numpy().astype(np.float64)
    odd = np.flatnonzero(~np.isfinite(values))
    if len(odd):  # spaces around a number are none of polars' business
        said = frame[column][odd].to_list()
        values[odd] = pd.to_numeric(pd.Series(said, dtype=str), errors="coerce")
        bad = odd[~np.isfinite(values[odd])]
        if len(bad):
            found = f"'{frame[column][int(bad[0])]}'"
            raise DataError(path, found, expected, row=at[int(bad[0])], column=column)
    return values


def _ratings(
    path: Path, frame: pl.DataFrame, column: str, at: Sequence[int]
) -> npt.NDArray[np.float32]:
    expected = "a number above 0 and at most 5"
    values = _numbers(path, frame, column, at, expected).astype(np.float32)
    bad = (values <= 0) | (values > 5)
    if bad.any():
        first = int(np.argmax(bad))
        found = f"'{frame[column][first]}'"
        raise DataError(path, found, expected, row=at[first], column=column)
    return values
