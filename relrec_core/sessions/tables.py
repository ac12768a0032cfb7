"""Read CSV and Parquet files, on disk or uploaded, block by block in bounded memory."""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.csv as pacsv  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]

from relrec_core.errors import DataError
from relrec_core.sessions.schema import ALIASES

BLOCK_BYTES = 1 << 24
BLOCK_ROWS = 200_000
MAXIMUM_UPLOAD_BYTES = 150_000_000


@dataclass(frozen=True)
class Upload:
    """A file that someone handed in: it stays in memory and is never written."""

    name: str
    content: bytes


Input = Path | Upload


@dataclass(frozen=True)
class Block:
    """Consecutive rows of a file under the schema's names; `first` is the line of the first."""

    file: str
    first: int
    frame: pl.DataFrame

    def line(self, row: int) -> int:
        return self.first + row


def name_of(file: Input) -> str:
    return file.name


def columns_of(file: Input) -> tuple[str, ...]:
    """Names of the columns, aliases resolved, without reading the rows."""
    if _is_parquet(file):
        return _resolved(file, _opened_parquet(file).schema_arrow.names)
    return _resolved(file, _header(file))


def blocks(file: Input, wanted: tuple[str, ...]) -> Iterator[Block]:
    """The file's rows with those `wanted` columns that it has.

    A CSV file's values come as text, an empty one as null; a Parquet file's as they are typed.
    Lines are counted from 1, the header of a CSV file included. Raises `DataError` for a file
    that is missing, empty, truncated, of another kind, not UTF-8 or with ragged lines.
    """
    if _is_parquet(file):
        yield from _parquet_blocks(file, wanted)
    else:
        yield from _csv_blocks(file, wanted)


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
    for name in resolved:
        if resolved.count(name) > 1:
            raise DataError(name_of(file), f"two columns '{name}'", "each only once", row=1)
    return resolved


def _stream(file: Input) -> pa.NativeFile:
    if isinstance(file, Path):
        return pa.input_stream(str(file), compression="detect")
    reader = pa.BufferReader(file.content)
    return pa.CompressedInputStream(reader, "gzip") if file.name.endswith(".gz") else reader


def _header(file: Input) -> list[str]:
    try:
        with _stream(file) as stream:
            line = stream.read(BLOCK_BYTES).removeprefix(codecs.BOM_UTF8).split(b"\n", 1)[0]
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
                frame = pl.from_arrow(batch)
                assert isinstance(frame, pl.DataFrame)
                if len(frame):
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
    try:
        source = str(file) if isinstance(file, Path) else pa.BufferReader(file.content)
        return pq.ParquetFile(source)
    except (OSError, pa.ArrowInvalid) as error:
        raise _damaged(file) from error


def _parquet_blocks(file: Input, wanted: tuple[str, ...]) -> Iterator[Block]:
    opened = _opened_parquet(file)
    stored = opened.schema_arrow.names
    resolved = _resolved(file, stored)
    chosen = {old: new for old, new in zip(stored, resolved, strict=True) if new in wanted}
    first = 1
    try:
        for batch in opened.iter_batches(BLOCK_ROWS, columns=list(chosen)):
            frame = pl.from_arrow(batch)
            assert isinstance(frame, pl.DataFrame)
            if len(frame):
                yield Block(name_of(file), first, frame.rename(chosen))
            first += len(frame)
    except (OSError, pa.ArrowInvalid) as error:
        raise _damaged(file) from error
    if first == 1:
        raise DataError(name_of(file), "a table without rows", "at least one row")


def _damaged(file: Input) -> DataError:
    return DataError(
        name_of(file), "a truncated or damaged file", "a whole Parquet file; copy it again"
    )
