"""The form in which a source is handed out, and what reading it gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class Content(Protocol):
    """What a source holds, ready to be verified and then installed."""

    def content_hash(self) -> str:
        """SHA-256 that must be the registered one before anything is written."""
        ...

    def write(self, folder: Path) -> None:
        """Write the installed files into an existing folder."""
        ...


@dataclass(frozen=True)
class Layout:
    """One form of a source: its folder in the archive, the files in it, and their parser.

    With `alone`, a suffix, a file of that suffix is the whole source; the parser is then given
    the file instead of a folder.
    """

    folder: str
    members: tuple[str, ...]
    parse: Callable[[Path], Content]
    alone: str = ""
