"""The metrics log: one JSON object a line, appended while training."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

Metric = bool | int | float | str


def append(path: Path, row: Mapping[str, Metric]) -> None:
    """Append `row` as one whole line; a torn line left by a kill is closed first."""
    plain = {
        name: value if isinstance(value, bool | int | str) else float(value)
        for name, value in row.items()
    }
    line = (json.dumps(plain) + "\n").encode()
    with path.open("a+b") as file:
        if file.tell() > 0:
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                line = b"\n" + line
        file.write(line)


def read(path: Path) -> list[dict[str, Metric]]:
    """One dict per step, by rising step; later lines of a step add to and replace earlier ones.

    So a resumed run that repeats steps leaves one row for each. Torn lines are left out.
    """
    if not path.exists():
        return []
    rows: dict[int, dict[str, Metric]] = {}
    for line in path.read_bytes().splitlines():
        row = _parse(line)
        if row is not None:
            rows.setdefault(int(row["step"]), {}).update(row)
    return [rows[step] for step in sorted(rows)]


def _parse(line: bytes) -> dict[str, Metric] | None:
    try:
        row = json.loads(line)
    except ValueError:
        return None
    return row if isinstance(row, dict) and isinstance(row.get("step"), int) else None
