"""A folder of Parquet files, one a part; what killed processes leave is gone on with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import JsonValue, ValidationError

from relrec_core import VERSION, paths
from relrec_core.batch.job import Explained, Job
from relrec_core.errors import DataError, RunError, storing
from relrec_core.explanation import Value
from relrec_core.runs import code
from relrec_core.runs.directory import Run

ABOUT, SCHEMA = "dataset.json", "SCHEMA.md"
SAYS = b"says"
NOTE = "note"
"""Of what rows are of: a sentence that whoever makes them reads."""
SAME: Final[dict[str, Any]] = {"version": True, "job": {"run"}, "of": {"shortlist", NOTE}}
"""What may differ between two calls that make the same rows."""


class About(Value):
    """The content of dataset.json: what the rows are of, and how many parts there are.

    `code` names the code that made them, as trained models are named by theirs.
    """

    job: Job
    of: dict[str, JsonValue]
    unit: str
    sizes: list[int]
    code: str
    version: str


def field(name: str, kind: pa.DataType, says: str) -> pa.Field:
    """A column, and what is in it."""
    return pa.field(name, kind, metadata={SAYS: says.encode()})


CONFIRMED = field(
    "confirmed",
    pa.bool_(),
    "where --audit asked for it: whether the deletion test of the page confirms the named reasons",
)


def origin(run: Run, title: str, content_hash: str, licence: str) -> dict[str, JsonValue]:
    """Which model and data explanations are of, by name and by hash."""
    record = run.card().checkpoint
    return {
        "run": run.name,
        "checkpoint": record.sha256 if record else None,
        "data": title,
        "data_hash": content_hash,
        "licence": licence,
    }


@dataclass(frozen=True)
class Dataset:
    """The folder, and what it holds or is going to hold."""

    folder: Path
    about: About

    @classmethod
    def prepared(cls, folder: Path, job: Job, explained: Explained) -> Self:
        """A folder for these rows: a new one, or one that holds some of them already.

        Raises:
            RunError: it holds rows of another model, other data, options or code, or other files.
            StorageError: it cannot be written.
        """
        about = About(
            job=job,
            of=explained.about,
            unit=explained.unit,
            sizes=explained.sizes,
            code=code.digest(job.module),
            version=VERSION,
        )
        if (folder / ABOUT).exists():
            found = cls.open(folder)
            if found.about.model_dump(exclude=SAME) != about.model_dump(exclude=SAME):
                raise RunError(
                    f"{folder} holds explanations of another model, other data or options, or by "
                    "other code. Name another folder, or delete this one."
                )
            return found
        with storing(folder):
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                raise RunError(f"{folder} holds other files. Name a new or empty folder.")
        paths.write_text(folder / SCHEMA, described(explained.schema))
        paths.write_text(folder / ABOUT, about.to_json())
        return cls(folder, about)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """What was written into a folder, or is being written.

        Raises:
            DataError: it is no such folder.
        """
        path = folder / ABOUT
        try:
            return cls(folder, About.from_json(path.read_text(encoding="utf-8")))
        except OSError as error:
            raise DataError(path, "no such file", "the description of explanations") from error
        except (ValidationError, UnicodeDecodeError) as error:
            raise DataError(path, "other content", "the description of explanations") from error

    def file(self, part: int) -> Path:
        """Of one part."""
        return self.folder / f"part-{part:05}.parquet"

    @property
    def there(self) -> list[Path]:
        """Files of the parts that were made."""
        every = (self.file(part) for part in range(len(self.about.sizes)))
        return [file for file in every if file.exists()]

    @property
    def columns(self) -> list[str]:
        """Of the parts that were made."""
        return list(pq.read_schema(self.there[0]).names) if self.there else []

    def missing(self) -> list[int]:
        """Parts that are not there, or not whole."""
        return [part for part in range(len(self.about.sizes)) if not self._whole(part)]

    def _whole(self, part: int) -> bool:
        try:
            pq.read_metadata(self.file(part))
        except (OSError, pa.ArrowInvalid):
            return False
        return True

    def write(self, part: int, table: pa.Table) -> int:
        """Write one part as a whole or not at all; returns its rows."""
        with paths.replacing(self.file(part)) as temporary:
            pq.write_table(table, temporary, compression="zstd")
        return int(table.num_rows)

    def tidied(self) -> None:
        """Remove what killed processes left half-written."""
        for left in self.folder.glob(".part-*.part"):
            left.unlink(missing_ok=True)


def described(schema: pa.Schema) -> str:
    """The columns of a data set, with their types and what is in them."""
    rows = [
        f"| `{column.name}` | `{column.type}` | {(column.metadata or {})[SAYS].decode()} |"
        for column in schema
    ]
    return "\n".join(
        [
            "# Columns",
            "",
            "One row a recommendation or prediction, in files `part-*.parquet`.",
            "",
            "| column | type | what it is |",
            "|---|---|---|",
            *rows,
            "",
        ]
    )
