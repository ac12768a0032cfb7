"""Stored evaluations: a table, and the conditions under which its numbers were measured.

The conditions hold a checksum of both files. After tables were edited on purpose,
`python -m relrec_core.evaluation.tables TABLE.csv ...` writes their checksums anew.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from relrec_core import VERSION, paths, permission
from relrec_core.errors import DataError, RelRecError, border, unreadable

CHECKSUM = "sha256"
"""Of the table and of the conditions with an empty checksum, as text with plain line ends."""
TableVersion = tuple[str, int, int]
"""File of a table, and when it and its conditions were written, in nanoseconds."""
LIBRARIES = ("numpy", "scipy", "pandas", "torch", "implicit", "lime", "captum")


@dataclass(frozen=True, eq=False)
class StoredTable:
    """A table of measured numbers; `shipped` says that it came with the project."""

    wing: str
    name: str
    frame: pd.DataFrame
    conditions: dict[str, Any]
    shipped: bool


def store(wing: str, name: str, frame: pd.DataFrame, conditions: Mapping[str, Any]) -> StoredTable:
    """Write `<home>/evaluations/<wing>/<name>.csv` and, beside it, its conditions as JSON.

    Args:
        wing: "movies", "products" or "sessions".
        frame: aggregated numbers under the names of methods; never a row of somebody's data.
        conditions: data, split, seeds and settings; code version, machine and date are added.

    Raises:
        ReadOnlyError: in read-only mode.
        StorageError: it cannot be written.
    """
    permission.require_writable("store an evaluation")
    file = paths.evaluations_dir() / wing / f"{name}.csv"
    said = {
        **conditions,
        "code_version": VERSION,
        "machine": machine(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    _write(file, frame.to_csv(index=False), said)
    return StoredTable(wing, name, frame, said, shipped=False)


def stored(wing: str, name: str, *, as_shipped: bool = False) -> StoredTable | None:
    """The table as last stored here or, where it never was, as shipped; None if neither.

    Args:
        as_shipped: leave out what was stored here.

    Raises:
        DataError: it is damaged, or a byte of it is not what was stored.
    """
    found = _found(wing, name, as_shipped)
    if found is None:
        return None
    file, shipped = found
    return StoredTable(wing, name, *_read(file), shipped)


def stored_version(wing: str, name: str) -> TableVersion | None:
    """Another one whenever what `stored` reads is; None where there is no such table."""
    found = _found(wing, name)
    if found is None:
        return None
    file = found[0]
    beside = file.with_suffix(".json")
    written = beside.stat().st_mtime_ns if beside.is_file() else 0
    return str(file), file.stat().st_mtime_ns, written


def _found(wing: str, name: str, as_shipped: bool = False) -> tuple[Path, bool] | None:
    """The file of a table, and whether it came with the project."""
    for folder, shipped in (
        (paths.evaluations_dir() / wing, False),
        (paths.ASSETS / "evidence" / wing, True),
    ):
        file = folder / f"{name}.csv"
        if (shipped or not as_shipped) and file.is_file():
            return file, shipped
    return None


def stored_name(table: str, dataset: str, quick: bool = False) -> str:
    """Under what name a table of a data set is stored; of a folder only its own name counts."""
    folder = re.split(r"[\\/]", dataset.rstrip("\\/"))[-1]
    plain = re.sub(r"[^a-z0-9]+", "-", folder.lower()).strip("-")
    return "-".join(part for part in (table, plain, "quick" if quick else "") if part)


def machine() -> dict[str, Any]:
    """What the numbers were measured on: cores, load, threads, processor, library versions.

    `load` is how many processes wanted a core in the last minute, None where nobody counts.
    """
    import torch
    from threadpoolctl import threadpool_info

    pools = {pool["internal_api"]: pool["num_threads"] for pool in threadpool_info()}
    return {
        "system": platform.system(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "threads": {**pools, "torch": torch.get_num_threads()},
        "python": platform.python_version(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def vouch(file: Path) -> None:
    """Write the checksum of the table `file` and its conditions anew; nothing else changes.

    Raises:
        DataError: one of the two cannot be read.
    """
    table, beside = _text(file), file.with_suffix(".json")
    _write(file, table, _conditions(beside, _text(beside)))


def _write(file: Path, table: str, said: Mapping[str, Any]) -> None:
    bare = json.dumps({**said, CHECKSUM: ""}, indent=2)
    told = json.dumps({**said, CHECKSUM: _checksum(table, bare)}, indent=2)
    paths.write_text(file.with_suffix(".json"), told)
    paths.write_text(file, table)


def _checksum(table: str, bare: str) -> str:
    return hashlib.sha256(f"{table}\0{bare}".encode()).hexdigest()


def _text(file: Path) -> str:
    with border(unreadable(file, "what an evaluation stored")):
        return file.read_text(encoding="utf-8")


def _read(file: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    beside = file.with_suffix(".json")
    table, told = _text(file), _text(beside)
    said = _conditions(beside, told)
    stated = str(said.pop(CHECKSUM, ""))
    if not stated or _checksum(table, told.replace(stated, "")) != stated:
        found = "another content than was stored" if stated else "no checksum"
        expected = "what an evaluation stored; measure it again, or restore both files"
        raise DataError(file, found, expected)
    with border(unreadable(file, "a table that an evaluation stored")):
        return pd.read_csv(io.StringIO(table)), said


def _conditions(beside: Path, told: str) -> dict[str, Any]:
    with border(unreadable(beside, "the conditions of an evaluation")):
        content = json.loads(told)
    if not isinstance(content, dict):
        raise DataError(beside, type(content).__name__, "an object of conditions")
    return content


def main(files: Sequence[str]) -> int:
    """Write the checksums of the tables `files` anew; returns the exit code."""
    try:
        for file in files:
            vouch(Path(file))
    except RelRecError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
