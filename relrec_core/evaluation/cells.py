"""Cells of an evaluation that were computed before, so that it goes on where it stopped."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from relrec_core import paths, permission
from relrec_core.errors import DataError, border, storing, unreadable

Cell = dict[str, Any]
_LINE = re.compile(r"(\{.*), \"sha256\": \"([0-9a-f]{64})\"\}")
"""A whole line: key and cell, and the checksum of what stands before it."""


class Cells:
    """One JSON line a cell in `<home>/evaluations/<wing>/cells/<name>.jsonl`.

    A cell is found again only under exactly the key it was kept under, so the key must hold
    everything the numbers depend on: data, settings, seeds and `code`.

    Raises:
        DataError: the file cannot be read, or a cell in it is not what was kept.
    """

    def __init__(self, wing: str, name: str, code: str) -> None:
        self._file = paths.evaluations_dir() / wing / "cells" / f"{name}.jsonl"
        self._code = code
        self._kept = _read(self._file)

    def get(self, key: Mapping[str, Any], compute: Callable[[], Cell]) -> Cell:
        """The cell of `key`, computed only if it never was. Key and cell are plain JSON values.

        Raises:
            ReadOnlyError: it has to be computed, in read-only mode.
            StorageError: it cannot be kept.
        """
        text = json.dumps({**key, "code": self._code}, sort_keys=True)
        if text not in self._kept:
            permission.require_writable("compute an evaluation")
            cell = compute()
            said = json.dumps({"key": text, "cell": cell})[:-1]
            line = f'{said}, "sha256": "{hashlib.sha256(said.encode()).hexdigest()}"}}'
            with storing(self._file):
                self._file.parent.mkdir(parents=True, exist_ok=True)
                with self._file.open("a", encoding="utf-8") as file:
                    file.write(f"\n{line}")  # never at the end of a line that was cut off
            self._kept[text] = json.loads(line)["cell"]
        return self._kept[text]


def _read(file: Path) -> dict[str, Cell]:
    """All cells; a line cut off by a kill is as if it had not been computed."""
    kept: dict[str, Cell] = {}
    expected = "the cells of an evaluation; delete the file, and they are computed again"
    with border(unreadable(file, expected)):
        text = file.read_bytes().decode() if file.exists() else ""
        for number, line in enumerate(text.split("\n"), start=1):
            whole = _LINE.fullmatch(line)
            if whole is None:
                continue
            if hashlib.sha256(whole[1].encode()).hexdigest() != whole[2]:
                raise DataError(file, "a cell that was changed", expected, row=number)
            row = json.loads(line)
            kept[row["key"]] = row["cell"]
    return kept
