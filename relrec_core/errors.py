"""Errors that say what was found, what was expected, and what to do next."""

from __future__ import annotations

from pathlib import Path


class RelRecError(Exception):
    """Base of every expected error. Its text is one sentence a person can act on."""


class DataError(RelRecError):
    """A data file that cannot be used.

    Args:
        file: the file at fault.
        found: what is there.
        expected: what should be there.
        row: 1-based line in the file, header included.
        column: name of the column.
    """

    def __init__(
        self,
        file: Path | str,
        found: str,
        expected: str,
        *,
        row: int | None = None,
        column: str | None = None,
    ) -> None:
        self.file = Path(file)
        self.found = found
        self.expected = expected
        self.row = row
        self.column = column
        place = self.file.name
        if row is not None:
            place += f", line {row}"
        if column is not None:
            place += f", column '{column}'"
        super().__init__(f"{place}: found {found}, expected {expected}.")


class ConfigError(RelRecError):
    """A setting with a value outside its bounds, or an unknown setting."""


class SourceError(RelRecError):
    """Data or weights that could not be obtained or did not match their checksum."""


class RunError(RelRecError):
    """A training run that does not exist or cannot do what was asked."""


class CheckpointError(RelRecError):
    """A checkpoint that is damaged or belongs to other data or another model."""


class ProfileError(RelRecError):
    """A profile that cannot be explained: unknown user, no features, no candidates."""


class ReadOnlyError(RelRecError):
    """A write was asked of a dashboard that only shows."""
