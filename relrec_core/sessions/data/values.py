"""Check the values of one column and turn them into the numbers that are stored."""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt
import polars as pl

from relrec_core.errors import DataError
from relrec_core.sessions.data.readers import Block
from relrec_core.sessions.data.schema import Column

COUNT_LIMIT = SHARE_STEPS = 255
"""Counts and shares are stored in a byte; more seeks within one track say nothing further."""

_FLAGS = {"true": 1, "false": 0, "1": 1, "0": 0, "1.0": 1, "0.0": 0}
_EXPECTED = {
    "flag": "true or false",
    "count": "a whole number from 0",
    "date": "a day such as 2018-09-18, without time or time zone",
}


def text(block: Block, name: str) -> pl.Series:
    """A column of ids: text, never empty."""
    series = block.frame[name].cast(pl.String)
    bad = (series.is_null() | (series.str.strip_chars() == "")).to_numpy()
    _refuse(block, name, bad, "an id")
    return series


def whole(block: Block, name: str, low: int, high: int) -> npt.NDArray[np.int64]:
    """A column of whole numbers from `low` to `high`."""
    values = _floats(block.frame[name])
    bad = ~(np.isfinite(values) & (values == np.floor(values)) & (values >= low) & (values <= high))
    _refuse(block, name, bad, f"a whole number from {low} to {high}")
    return values.astype(np.int64)


def codes(block: Block, column: Column) -> npt.NDArray[np.uint8]:
    """A column of plays as (rows,) bytes: 0 or 1, a category's number, a count, hour, weekday, or
    a share or magnitude in 255 steps.
    """
    series = block.frame[column.name]
    if column.kind in ("flag", "category"):
        names = _FLAGS if column.kind == "flag" else _numbered(column)
        values = _looked_up(series, names)
    elif column.kind == "date":
        values = _weekdays(series)
    elif column.kind == "share":
        part = (_floats(series) - column.minimum) / (column.maximum - column.minimum)
        values = np.where((part >= 0) & (part <= 1), np.round(part * SHARE_STEPS), np.nan)
    elif column.kind == "magnitude":
        values = _floats(series)
        fits = (values >= 0) & (values <= column.maximum)
        values = np.where(fits, magnitudes(np.where(fits, values, 0), column), np.nan)
    else:
        values = _floats(series)
        top = COUNT_LIMIT if column.kind == "count" else column.period - 1
        fits = (values == np.floor(values)) & (values >= 0)
        if column.kind == "count":
            values = np.minimum(values, top)
        values = np.where(fits & (values <= top), values, np.nan)
    _refuse(block, column.name, np.isnan(values), expected(column))
    return values.astype(np.uint8)


def magnitudes(values: npt.ArrayLike, column: Column) -> npt.NDArray[np.uint8]:
    """Numbers from 0 as bytes: what they are above the largest is cut off."""
    part = np.log1p(np.asarray(values, dtype=np.float64)) / np.log1p(column.maximum)
    return np.asarray(np.round(SHARE_STEPS * np.minimum(part, 1)), dtype=np.uint8)


def magnitude(code: int, column: Column) -> float:
    """The number that such a byte stands for."""
    return float(np.expm1(code / SHARE_STEPS * np.log1p(column.maximum)))


def numbers(block: Block, column: Column) -> npt.NDArray[np.float32]:
    """A column of track features as (rows,) numbers; a category becomes its number."""
    if column.kind != "number":
        return codes(block, column).astype(np.float32)
    values = _floats(block.frame[column.name])
    bad = ~(np.isfinite(values) & (values >= column.minimum) & (values <= column.maximum))
    _refuse(block, column.name, bad, expected(column))
    return values.astype(np.float32)


def expected(column: Column) -> str:
    """What may stand in the column, in words."""
    if column.kind == "category":
        return "one of " + ", ".join(column.categories)
    if column.kind == "cycle":
        return f"a whole number from 0 to {column.period - 1}"
    if column.kind in ("number", "share", "magnitude"):
        if column.maximum == float("inf"):
            return "a finite number"
        return f"a number from {max(column.minimum, 0):.0f} to {column.maximum:.0f}"
    return _EXPECTED[column.kind]


def _numbered(column: Column) -> dict[str, int]:
    return {category: i for i, category in enumerate(column.categories)}


def _looked_up(series: pl.Series, names: dict[str, int]) -> npt.NDArray[np.float64]:
    """Numbers by name; NaN where the name is unknown."""
    if series.dtype == pl.Boolean or series.dtype.is_numeric():
        return np.asarray(
            _floats(series.cast(pl.Float64).cast(pl.String).replace_strict(names, default=None))
        )
    lowered = series.cast(pl.String).str.strip_chars()
    if "true" in names:
        lowered = lowered.str.to_lowercase()
    return _floats(lowered.replace_strict(names, default=None, return_dtype=pl.Float64))


def _weekdays(series: pl.Series) -> npt.NDArray[np.float64]:
    """0 for Monday to 6 for Sunday; NaN where there is no plain date."""
    if series.dtype == pl.Date:
        days = series
    elif series.dtype == pl.Datetime:
        plain = cast(pl.Datetime, series.dtype).time_zone is None
        days = series.dt.date() if plain else pl.Series([None] * len(series), dtype=pl.Date)
    else:
        days = series.cast(pl.String).str.to_date("%Y-%m-%d", strict=False)
    return _floats(days.dt.weekday()) - 1


def _floats(series: pl.Series) -> npt.NDArray[np.float64]:
    """Numbers, NaN where there is none."""
    if series.dtype == pl.String:
        series = series.str.strip_chars()
    converted = series.cast(pl.Float64, strict=False).fill_null(float("nan"))
    return np.asarray(converted.to_numpy(), dtype=np.float64)


def _refuse(block: Block, name: str, bad: npt.NDArray[np.bool_], wanted: str) -> None:
    if not bad.any():
        return
    row = int(np.argmax(bad))
    value = block.frame[name][row]
    found = "an empty value" if value is None or value == "" else f"'{value}'"
    raise DataError(block.file, found, wanted, row=block.line(row), column=name)
