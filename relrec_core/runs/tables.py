"""Stored evaluations: a table, and the conditions under which its numbers were measured."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from relrec_core import VERSION, paths, permission
from relrec_core.errors import DataError

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
    """
    permission.require_writable("store an evaluation")
    file = paths.evaluations_dir() / wing / f"{name}.csv"
    said = {
        **conditions,
        "code_version": VERSION,
        "machine": machine(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    paths.write_text(file.with_suffix(".json"), json.dumps(said, indent=2))
    paths.write_text(file, frame.to_csv(index=False))
    return StoredTable(wing, name, frame, said, shipped=False)


def stored(wing: str, name: str) -> StoredTable | None:
    """The table as last stored here or, where it never was, as shipped; None if neither.

    Raises:
        DataError: it is damaged.
    """
    for folder, shipped in (
        (paths.evaluations_dir() / wing, False),
        (paths.ASSETS / "evidence" / wing, True),
    ):
        file = folder / f"{name}.csv"
        if file.is_file():
            return StoredTable(wing, name, _frame(file), _conditions(file), shipped)
    return None


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


def _frame(file: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(file)
    except (ValueError, OSError) as error:
        raise DataError(file, f"no table ({error})", "what an evaluation stored") from error


def _conditions(file: Path) -> dict[str, Any]:
    beside = file.with_suffix(".json")
    try:
        content = json.loads(beside.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise DataError(beside, f"no conditions ({error})", "what an evaluation stored") from error
    if not isinstance(content, dict):
        raise DataError(beside, type(content).__name__, "an object of conditions")
    return content
