"""Cells of an evaluation that were computed before, so that it goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from relrec_core import paths, permission

Cell = dict[str, Any]


class Cells:
    """One JSON line a cell in `<home>/evaluations/<wing>/cells/<name>.jsonl`.

    A cell is found again only under exactly the key it was kept under, so the key must hold
    everything the numbers depend on: data, settings, seeds and `code`.
    """

    def __init__(self, wing: str, name: str, code: str) -> None:
        self._file = paths.evaluations_dir() / wing / "cells" / f"{name}.jsonl"
        self._code = code
        self._kept = _read(self._file)

    def get(self, key: Mapping[str, Any], compute: Callable[[], Cell]) -> Cell:
        """The cell of `key`, computed only if it never was. Key and cell are plain JSON values.

        Raises:
            ReadOnlyError: it has to be computed, in read-only mode.
        """
        text = json.dumps({**key, "code": self._code}, sort_keys=True)
        if text not in self._kept:
            permission.require_writable("compute an evaluation")
            cell = compute()
            line = json.dumps({"key": text, "cell": cell})
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as file:
                file.write(f"\n{line}")  # never at the end of a line that was cut off
            self._kept[text] = json.loads(line)["cell"]
        return self._kept[text]


def _read(file: Path) -> dict[str, Cell]:
    """All cells; a line cut off by a kill is as if it had not been computed."""
    kept: dict[str, Cell] = {}
    if not file.exists():
        return kept
    for line in file.read_text(encoding="utf-8").splitlines():
        try:
            row = json.loads(line)
            kept[row["key"]] = row["cell"]
        except (ValueError, KeyError, TypeError):
            continue
    return kept
