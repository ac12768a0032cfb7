"""CSV files as tables of text whose index is the line each row begins on."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from relrec_core.errors import DataError

MAXIMUM_BYTES = 2_000_000_000
BOM = b"\xef\xbb\xbf"


def check_file(path: Path, required: tuple[str, ...]) -> None:
    """Raise `DataError` unless there is such a file, of a size that is read."""
    if not path.is_file():
        raise DataError(path, "no such file", "a CSV file with " + ", ".join(required))
    if path.stat().st_size > MAXIMUM_BYTES:
        found = f"{path.stat().st_size / 1e6:,.0f} MB"
        raise DataError(path, found, f"at most {MAXIMUM_BYTES // 1_000_000:,} MB")


def text(path: Path, raw: bytes, line: int) -> str:
    """The bytes that begin on `line` of the file as text; `DataError` names the line of another."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before, byte = error.object[: error.start], error.object[error.start]
        row = line + before.count(b"\n")
        raise DataError(path, f"byte 0x{byte:02x}", "text in UTF-8", row=row) from error


def check_columns(path: Path, names: Sequence[str], required: tuple[str, ...]) -> None:
    """Raise `DataError` unless the header has all required columns."""
    missing = [c for c in required if c not in names]
    if missing:
        raise DataError(path, "columns " + ", ".join(names), "also " + ", ".join(missing), row=1)


def read(path: Path, required: tuple[str, ...]) -> pd.DataFrame:
    """A whole file as text.

    Raises:
        DataError: names the line of the first problem.
    """
    check_file(path, required)
    raw = path.read_bytes()
    said = text(path, raw, 1)
    if not said.strip():
        raise DataError(path, "an empty file", "a header line with " + ", ".join(required))
    lines = _lines(path, raw, said)
    frame = pd.read_csv(
        io.BytesIO(raw), dtype=str, keep_default_na=False, encoding="utf-8-sig", index_col=False
    )
    check_columns(path, [str(c) for c in frame.columns], required)
    if frame.empty:
        raise DataError(path, "a header without rows", "at least one row", row=2)
    frame.index = pd.Index(lines)
    return frame


def _lines(path: Path, raw: bytes, said: str) -> Sequence[int]:
    """Number of the line each row begins on; raises if a row is not as wide as the header."""
    marks = np.frombuffer(raw.rstrip(), np.uint8)
    ends = np.flatnonzero(marks == ord("\n"))
    commas = np.searchsorted(np.flatnonzero(marks == ord(",")), [*ends, len(marks)])
    widths = np.diff(commas, prepend=0)
    simple = b'"' not in raw and b"\r" not in raw.replace(b"\r\n", b"")
    if simple and widths[0] > 0 and (widths == widths[0]).all():
        return range(2, len(ends) + 2)
    lines, width, line = [], 0, 1
    reader = csv.reader(io.StringIO(said, newline=""), strict=True)
    try:
        for row in reader:
            blank = len(row) <= 1 and not "".join(row).strip(" \t")
            if not blank or row == [""]:
                width = width or len(row)
                if len(row) != width:
                    found, expected = f"{len(row)} value(s)", f"{width}, as many as columns"
                    raise DataError(path, found, expected, row=line)
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        found = f"quotes that do not pair ({error})"
        raise DataError(path, found, "values with commas in double quotes", row=line) from error
    return lines[1:]


def first(frame: pd.DataFrame, bad: npt.NDArray[np.bool_]) -> int:
    """Line in the file (header is line 1) of the first bad row."""
    return int(frame.index[int(np.argmax(bad))])


def check_ids(path: Path, frame: pd.DataFrame, columns: tuple[str, ...]) -> None:
    """Raise `DataError` at the first row without an id in one of the columns."""
    for column in columns:
        bad = (frame[column].str.strip() == "").to_numpy(dtype=bool)
        if bad.any():
            raise DataError(path, "an empty value", "an id", row=first(frame, bad), column=column)


def check_unique(path: Path, frame: pd.DataFrame, columns: list[str]) -> None:
    """Raise `DataError` at the first row whose ids stood in an earlier one."""
    bad = frame.duplicated(columns).to_numpy(dtype=bool)
    if bad.any():
        row = frame.iloc[int(np.argmax(bad))]
        found = ", ".join(f"{c} {row[c]}" for c in columns) + " a second time"
        raise DataError(path, found, "each only once", row=first(frame, bad))
