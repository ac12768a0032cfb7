"""Where data, runs and evaluations live: the user's data directory, never the repository."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from relrec_core import permission

ASSETS = Path(__file__).resolve().parent.parent / "assets"


def home() -> Path:
    """Root of everything RelRec stores. `RELREC_HOME` overrides the platform's default."""
    override = os.environ.get("RELREC_HOME")
    return Path(override).expanduser() if override else Path(platformdirs.user_data_dir("relrec"))


def data_dir() -> Path:
    return home() / "data"


def runs_dir() -> Path:
    return home() / "runs"


def evaluations_dir() -> Path:
    return home() / "evaluations"


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary sibling of `path`; on success it replaces `path` atomically.

    On any error the temporary file is removed and what was at `path` stays as it was.

    Raises:
        ReadOnlyError: in read-only mode.
    """
    permission.require_writable(f"write {path.name}")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path` as a whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def swap(new: Path, folder: Path, old: Path) -> None:
    """Put `new` in the place of `folder`, which goes to `old`, or stays if that fails."""
    if not folder.exists():
        new.rename(folder)
        return
    folder.rename(old)
    try:
        new.rename(folder)
    except OSError:
        old.rename(folder)
        raise
