"""Read CSV and Parquet files, on disk or uploaded, block by block in bounded memory."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import polars as pl
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from relrec_core import parquet
from relrec_core.errors import DataError, border, unreadable
from relrec_core.parquet import BLOCK_BYTES
from relrec_core.sessions.data.schema import ALIASES

MAXIMUM_HEADER_BYTES = 1 << 16
MAXIMUM_UPLOAD_BYTES = 150_000_000
MAXIMUM_UNPACKED_BYTES = 250_000_000
MAXIMUM_UPLOAD_ROWS = 3_000_000
_UPLOAD_LIMIT = "less in an upload; prepare larger data from a folder"
_TABLE = "a table in CSV or Parquet"


@dataclass(frozen=True)
class Upload:
    """A file that someone handed in: it stays in memory and is never written.

    `archive` is what it came in, if it was packed with others.
    """

    name: str
    content: bytes
    archive: str = ""


Input = Path | Upload


@dataclass(frozen=True)
class Block:
    """Consecutive rows of a file under the schema's names; `first` is the line of the first."""

    file: str
    first: int
    frame: pl.DataFrame

    def line(self, row: int) -> int:
        """The line of the file on which a row stands."""
        return self.first + row


def name_of(file: Input) -> str:
    """By which errors name it."""
    return file.name


def columns_of(file: Input) -> tuple[str, ...]:
    """Names of the columns, aliases resolved, without reading the rows."""
    with border(unreadable(name_of(file), _TABLE)):
        if _is_parquet(file):
            return _resolved(file, _opened_parquet(file).schema_arrow.names)
        return _resolved(file, _header(file))


def blocks(file: Input, wanted: tuple[str, ...]) -> Iterator[Block]:
    """The file's rows with those `wanted` columns that it has.

    A CSV file's values come as text, an empty one as null; a Parquet file's as they are typed.
    Lines are counted from 1, the header of a CSV file included. Raises `DataError` for a file
    that is missing, empty, truncated, of another kind, not UTF-8 or with ragged lines, and for
    values that are no text, number, flag or day, or too long.
    """
    rows = 0
    with border(unreadable(name_of(file), _TABLE)):
        found = _parquet_blocks if _is_parquet(file) else _csv_blocks
        for block in found(file, wanted):
            rows += len(block.frame)
            if isinstance(file, Upload) and rows > MAXIMUM_UPLOAD_ROWS:
                raise _too_many_rows(file, rows)
            yield block


def _is_parquet(file: Input) -> bool:
    name = name_of(file).lower()
    if not name.endswith((".csv", ".csv.gz", ".parquet")):
        raise DataError(name_of(file), "another kind of file", "one ending in .csv or .parquet")
    if isinstance(file, Upload):
        if len(file.content) > MAXIMUM_UPLOAD_BYTES:
            size = f"{len(file.content) / 1e6:,.0f} MB"
            limit = f"at most {MAXIMUM_UPLOAD_BYTES // 1_000_000} MB in an upload"
            raise DataError(file.name, size, f"{limit}; prepare larger data from a folder")
        empty = not file.content
    elif not file.is_file():
        raise DataError(file, "no such file", "a CSV or Parquet file")
    else:
        empty = file.stat().st_size == 0
    if empty:
        raise DataError(name_of(file), "an empty file", "a header and at least one row")
    return name.endswith(".parquet")


def _resolved(file: Input, names: list[str]) -> tuple[str, ...]:
    resolved = tuple(ALIASES.get(name, name) for name in names)
    seen: set[str] = set()
    for name in resolved:
        if name in seen:
            raise DataError(name_of(file), f"two columns '{name}'", "each only once", row=1)
        seen.add(name)
    return resolved


class _Limited(io.RawIOBase):
    """The unpacked bytes of an upload, up to the limit."""

    def __init__(self, file: Upload, content: BinaryIO) -> None:
        self._file, self._content, self._left = file, content, MAXIMUM_UNPACKED_BYTES

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        some: bytes = self._content.read(min(size, BLOCK_BYTES) if size >= 0 else BLOCK_BYTES)
        self._left -= len(some)
        if self._left < 0:
            found = f"more than {MAXIMUM_UNPACKED_BYTES // 1_000_000} MB when unpacked"
            raise DataError(self._file.name, found, _UPLOAD_LIMIT)
        return some


def _stream(file: Input) -> pa.NativeFile:
    packed = "gzip" if name_of(file).lower().endswith(".gz") else None
    if isinstance(file, Path):
        return pa.input_stream(str(file), compression=packed)
    reader = pa.BufferReader(file.content)
    if packed is None:
        return reader
    return pa.PythonFile(_Limited(file, pa.CompressedInputStream(reader, packed)), mode="r")


def _header(file: Input) -> list[str]:
    try:
        with _stream(file) as stream:
            start = stream.read(MAXIMUM_HEADER_BYTES).removeprefix(codecs.BOM_UTF8)
        line = start.split(b"\n", 1)[0]
        if len(line) + len(codecs.BOM_UTF8) >= MAXIMUM_HEADER_BYTES:
            found = f"a line of more than {len(line) // 1000} KB"
            raise DataError(name_of(file), found, "the names of the columns", row=1)
        names = [name.strip() for name in next(csv.reader([line.decode("utf-8").strip()]), [])]
    except (OSError, pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise DataError(name_of(file), "bytes that are not text", "text in UTF-8", row=1) from error
    if not any(names):
        raise DataError(name_of(file), "an empty first line", "the names of the columns", row=1)
    return names


def _csv_blocks(file: Input, wanted: tuple[str, ...]) -> Iterator[Block]:
    names = _resolved(file, _header(file))
    chosen = [name for name in names if name in wanted]
    convert = pacsv.ConvertOptions(
        column_types={name: pa.string() for name in names},
        include_columns=chosen,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
    )
    read = pacsv.ReadOptions(column_names=list(names), skip_rows=1, block_size=BLOCK_BYTES)
    first = 2
    try:
        with _stream(file) as stream, pacsv.open_csv(stream, read, None, convert) as reader:
            for batch in reader:
                for frame in parquet.bounded(name_of(file), batch):
                    yield Block(name_of(file), first, frame)
                    first += len(frame)
    except (OSError, pa.ArrowInvalid) as error:
        raise _unreadable(file, error) from error
    if first == 2:
        raise DataError(name_of(file), "a header without rows", "at least one row", row=2)


def _unreadable(file: Input, error: Exception) -> DataError:
    said = str(error).splitlines()[0]
    if "UTF8" in said:
        return DataError(name_of(file), "bytes that are not text", "text in UTF-8")
    if "Empty CSV" in said:
        return DataError(name_of(file), "a header without rows", "at least one row", row=2)
    return DataError(name_of(file), said.rstrip("."), "as many values as columns in each line")


def _opened_parquet(file: Input) -> pq.ParquetFile:
    content = file if isinstance(file, Path) else file.content
    return parquet.opened(name_of(file), content)


def _parquet_blocks(file: Input, wanted: tuple[str, ...]) -> Iterator[Block]:
    opened = _opened_parquet(file)
    rows, stored = opened.metadata.num_rows, opened.schema_arrow.names
    if isinstance(file, Upload) and rows > MAXIMUM_UPLOAD_ROWS:
        raise _too_many_rows(file, rows)
    resolved = _resolved(file, stored)
    chosen = {old: new for old, new in zip(stored, resolved, strict=True) if new in wanted}
    for first, frame in parquet.blocks(name_of(file), opened, chosen):
        yield Block(name_of(file), first, frame)


def _too_many_rows(file: Input, rows: int) -> DataError:
    limit = f"at most {MAXIMUM_UPLOAD_ROWS:,} in an upload; prepare larger data from a folder"
    return DataError(name_of(file), f"{rows:,} rows", limit)
