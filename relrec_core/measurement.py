"""Rows of a benchmark: a number, and what it should be at most or at least."""

from __future__ import annotations

from typing import TypedDict


class BenchmarkRow(TypedDict):
    """One number; target and met are None where nothing is asked of it."""

    name: str
    value: float
    unit: str
    target: float | None
    met: bool | None


def row(
    name: str,
    value: float,
    unit: str,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
) -> BenchmarkRow:
    """One number, with its target if it has one."""
    met = None
    if at_most is not None:
        met = value <= at_most
    elif at_least is not None:
        met = value >= at_least
    target = at_least if at_most is None else at_most
    return {"name": name, "value": value, "unit": unit, "target": target, "met": met}
