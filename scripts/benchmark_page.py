"""Benchmarks that ship: what was measured and on what, and where the core's README shows it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import JsonValue

from relrec_core import VERSION, paths
from relrec_core.errors import DataError, border, unreadable
from relrec_core.explanation import Value
from relrec_core.measurement import BenchmarkRow
from scripts import environment

FOLDER = paths.ASSETS / "evidence" / "benchmarks"
PAGE = environment.ROOT / "relrec_core" / "README.md"
BEGIN, END = "<!-- measured, by scripts/evidence.py -->", "<!-- end of what was measured -->"
NOTHING = "Nothing has been stored yet; `python3 scripts/benchmark.py growth --store` measures it."
SIZED = re.compile(r"([\d,]+) ([^:]+)")
"""The name of a row that is of a size: "10,000 users, memory"; "2 servers: errors" is none."""


class Row(Value):
    """One number, as `BenchmarkRow` has it."""

    name: str
    value: float
    unit: str
    target: float | None
    met: bool | None


class Stored(Value):
    """The rows of a benchmark, when and on what they were measured."""

    date: str
    code_version: str
    machine: dict[str, JsonValue]
    rows: list[Row]


def store(name: str, rows: Sequence[BenchmarkRow], about: Mapping[str, Any]) -> None:
    """Write the rows of the benchmark `name`, measured on the machine `about`.

    Raises:
        StorageError: it cannot be written.
    """
    stored = Stored(
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        code_version=VERSION,
        machine=dict(about),
        rows=[Row(**row) for row in rows],
    )
    paths.write_text(FOLDER / f"{name}.json", stored.to_json())


def opened(file: Path) -> Stored:
    """What was stored; raises `DataError` where it is damaged."""
    with border(unreadable(file, "a benchmark as it was stored; measure it again")):
        return Stored.from_json(file.read_text(encoding="utf-8"))


def block() -> str:
    """All stored benchmarks as tables, or a sentence where there are none.

    Raises:
        DataError: one is damaged.
    """
    parts = [_section(file.stem, opened(file)) for file in sorted(FOLDER.glob("*.json"))]
    return "\n\n".join(parts) or NOTHING


def written(page: str) -> str:
    """The README with its block as the stored benchmarks have it.

    Raises:
        DataError: it has no such block, or a benchmark is damaged.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise DataError(PAGE, "no place for what was measured", f"{BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{block()}\n\n{END}{after}"


def number(value: float) -> str:
    """As people read it."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _section(name: str, of: Stored) -> str:
    """Rows of the same thing at several sizes are one line."""
    lines: dict[str, list[str]] = {}
    for row in of.rows:
        sized = SIZED.fullmatch(row.name)
        size, what = sized.groups() if sized else ("", row.name)
        lines.setdefault(what, []).append(f"{size}: {_value(row)}" if size else _value(row))
    said = [f"{of.machine.get('cores')} cores", f"load before {of.machine.get('load')}"]
    said += [of.date[:10], f"version {of.code_version}"]
    head = f"`python3 scripts/benchmark.py {name}` ({', '.join(said)}):"
    rows = [f"| {what} | {'; '.join(values)} |" for what, values in lines.items()]
    return "\n".join([head, "", "| what | measured |", "|---|---|", *rows])


def _value(row: Row) -> str:
    said, aim = number(row.value), "" if row.target is None else number(row.target)
    if said == aim and not row.met:
        said = f"{row.value:.6g}"
    value = f"{said} {row.unit}".strip()
    return f"{value} ({'meets' if row.met else 'misses'} {aim})" if aim else value
