"""Errors that say what was found, what was expected, and what to do next."""

from __future__ import annotations

import contextlib
import errno
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

LOG = logging.getLogger("relrec")
MAXIMUM_QUOTED = 120
"""Characters of foreign text in a sentence."""
_DISK = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "your share of the disk is used up",
    errno.EROFS: "the disk can only be read",
    errno.EACCES: "you may not write there",
    errno.EPERM: "you may not write there",
    errno.EFBIG: "the file would become too large",
}


def shortened(text: str, most: int = MAXIMUM_QUOTED) -> str:
    """Foreign text for a sentence: on one line, printable, and of at most `most` characters."""
    plain = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[: most + 1])
    return plain if len(plain) <= most else plain[: most - 1] + "…"


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
        self.found = shortened(found)
        self.expected = shortened(expected, 3 * MAXIMUM_QUOTED)
        self.row = row
        self.column = None if column is None else shortened(column)
        place = shortened(self.file.name)
        if row is not None:
            place += f", line {row}"
        if column is not None:
            place += f", column '{self.column}'"
        super().__init__(f"{place}: found {self.found}, expected {self.expected}.")


class StorageError(RelRecError, OSError):
    """Something could not be written: a full or read-only disk, or no right to write there."""

    def __init__(self, place: Path, cause: OSError) -> None:
        why = _DISK.get(cause.errno or 0, str(cause.strerror or cause))
        super().__init__(
            f"{shortened(str(place))} cannot be written: {why}. Free some space or choose "
            "another folder with the environment variable RELREC_HOME."
        )
        self.errno = cause.errno


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


@contextlib.contextmanager
def border(refusal: Callable[[str], RelRecError]) -> Iterator[None]:
    """Foreign content is handled inside: whatever it makes a library raise becomes a typed error.

    Typed errors pass as they are; of others the trace goes to the log.

    Args:
        refusal: makes the typed error of what happened, given in a few words.
    """
    try:
        yield
    except RelRecError:
        raise
    except BaseException as error:
        panic = type(error).__name__ == "PanicException"  # how Rust's libraries fail
        if not isinstance(error, Exception) and not panic:
            raise
        LOG.warning("Foreign content was refused.", exc_info=True)
        if isinstance(error, OSError) and error.errno in _DISK and error.errno != errno.EACCES:
            raise StorageError(Path(error.filename or "The disk"), error) from error
        raise refusal(_reason(error)) from error


def unreadable(file: Path | str, expected: str) -> Callable[[str], DataError]:
    """For `border`: the error over a data file with content that cannot be read."""
    return lambda reason: DataError(file, f"content that cannot be read ({reason})", expected)


@contextlib.contextmanager
def storing(place: Path) -> Iterator[None]:
    """`StorageError` for whatever keeps the file or folder `place` from being written inside."""
    try:
        yield
    except RelRecError:
        raise
    except OSError as error:
        LOG.warning("Nothing could be written at %s.", place, exc_info=True)
        raise StorageError(place, error) from error


def _reason(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "it needs more memory than there is"
    if isinstance(error, RecursionError):
        return "too many levels inside one another"
    said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return shortened(said.strip().split("\n")[0].rstrip(".") or type(error).__name__, 80)
