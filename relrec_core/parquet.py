"""Parquet files, block by block in bounded memory.

Nothing is trusted: texts are looked at in the dictionaries they are stored in, before they are
spread over the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from relrec_core.errors import DataError

BLOCK_BYTES = 1 << 22
BLOCK_ROWS = 50_000
MAXIMUM_CELL_BYTES = 1_000
MAXIMUM_PAGES_BYTES = 200_000_000
"""Unpacked, of the columns that are read in one row group."""
_PLAIN = "texts, numbers, true or false, or days"


def opened(name: Path | str, content: Path | bytes) -> pq.ParquetFile:
    """A file, or what was handed in, with texts as dictionaries; `DataError` over a damaged one."""

    def source() -> str | pa.BufferReader:
        return str(content) if isinstance(content, Path) else pa.BufferReader(content)

    try:
        texts = (pa.string(), pa.large_string(), pa.string_view())
        schema = pq.ParquetFile(source()).schema_arrow
        names = [field.name for field in schema if field.type in texts]
        return pq.ParquetFile(source(), read_dictionary=names)
    except (OSError, pa.ArrowInvalid) as error:
        raise _damaged(name) from error


def blocks(
    name: Path | str, file: pq.ParquetFile, chosen: Mapping[str, str], rows: int = BLOCK_ROWS
) -> Iterator[tuple[int, pl.DataFrame]]:
    """The columns `chosen`, under the names they are given: the number of a row, from 1, and the
    rows from there on, at most so many at once.

    Raises:
        DataError: damaged or empty, with too much at once, or values that are not plain.
    """
    _check_pages(name, file, chosen)
    first = 1
    try:
        for batch in file.iter_batches(rows, columns=list(chosen), use_threads=False):
            names = [chosen[column] for column in batch.schema.names]
            for frame in bounded(name, batch.rename_columns(names), rows):
                yield first, frame
                first += len(frame)
    except (OSError, pa.ArrowInvalid) as error:
        raise _damaged(name) from error
    if first == 1:
        raise DataError(name, "a table without rows", "at least one row")


def bounded(
    name: Path | str, batch: pa.RecordBatch, rows: int = BLOCK_ROWS
) -> Iterator[pl.DataFrame]:
    """The batch in one or more frames of bounded size; `DataError` over a cell that is too long."""
    widest = 0
    for title, column in zip(batch.schema.names, batch.columns, strict=True):
        values = column.dictionary if pa.types.is_dictionary(column.type) else column
        if pa.types.is_string_view(values.type):
            values = values.cast(pa.large_string())
        if values.type in (pa.string(), pa.large_string()):
            longest = pc.max(pc.binary_length(values)).as_py() or 0
            widest += longest
            if longest > MAXIMUM_CELL_BYTES:
                found = f"a value of {longest:,} bytes"
                raise DataError(name, found, f"at most {MAXIMUM_CELL_BYTES:,}", column=title)
    step = max(1, min(rows, 8 * BLOCK_BYTES // (widest + 8 * batch.num_columns + 1)))
    for start in range(0, batch.num_rows, step):
        frame = pl.from_arrow(batch.slice(start, step))
        assert isinstance(frame, pl.DataFrame)
        texts = [n for n, kind in frame.schema.items() if kind in (pl.Categorical, pl.Enum)]
        yield frame.with_columns(pl.col(texts).cast(pl.String))


def _check_pages(name: Path | str, file: pq.ParquetFile, chosen: Mapping[str, str]) -> None:
    """Refuse by its description alone what would become too much when it is read."""
    about = file.metadata
    for column, title in chosen.items():
        kind = file.schema_arrow.field(column).type
        if not _is_plain(kind):
            raise DataError(name, f"values of type {kind}", _PLAIN, column=title)
    for group in map(about.row_group, range(about.num_row_groups)):
        parts = [group.column(i) for i in range(group.num_columns)]
        parts = [part for part in parts if part.path_in_schema in chosen]
        for part in parts:
            if "DELTA_BYTE_ARRAY" in part.encodings:
                found, title = "texts that share their beginnings", chosen[part.path_in_schema]
                raise DataError(name, found, "plain texts or a dictionary of texts", column=title)
        size = sum(part.total_uncompressed_size for part in parts)
        if size > MAXIMUM_PAGES_BYTES:
            found = f"a row group of {size / 1e6:,.0f} MB"
            limit = f"at most {MAXIMUM_PAGES_BYTES // 1_000_000} MB in each"
            raise DataError(name, found, limit)


def _is_plain(kind: pa.DataType) -> bool:
    types = pa.types
    if types.is_dictionary(kind):
        kind = kind.value_type
    tests = (types.is_string, types.is_large_string, types.is_string_view, types.is_boolean)
    more = (types.is_integer, types.is_floating, types.is_decimal, types.is_temporal, types.is_null)
    return any(test(kind) for test in (*tests, *more))


def _damaged(name: Path | str) -> DataError:
    return DataError(name, "a truncated or damaged file", "a whole Parquet file; copy it again")
