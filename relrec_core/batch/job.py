"""What is to be explained, in a form that another process or machine can open."""

from __future__ import annotations

import importlib
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, cast

import pyarrow as pa
from pydantic import JsonValue

from relrec_core.explanation import Value


class Explained(Protocol):
    """All that is to be explained of one model, in parts that know nothing of one another."""

    @property
    def schema(self) -> pa.Schema:
        """Of every part; the metadata `says` of a field says what is in it."""
        ...

    @property
    def about(self) -> dict[str, JsonValue]:
        """Hashes of model and data, and whatever else tells these rows from others."""
        ...

    @property
    def unit(self) -> str:
        """What is counted: "users"."""
        ...

    @property
    def sizes(self) -> list[int]:
        """How many of them each part holds."""
        ...

    def table(self, part: int) -> pa.Table:
        """The rows of one part: a pure function of model, data, options and the number."""
        ...


class Job(Value):
    """A wing's module with `opened(run, options)`, the folder of a run, and the options."""

    module: str
    run: Path
    options: dict[str, JsonValue]

    @cached_property
    def explained(self) -> Explained:
        """Model and data, opened once in this process."""
        room: Any = importlib.import_module(self.module)
        return cast(Explained, room.opened(self.run, self.options))
