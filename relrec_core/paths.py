"""Where data, runs and evaluations live: the user's data directory, never the repository."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from relrec_core import permission
from relrec_core.errors import ConfigError, shortened, storing

_HERE = Path(__file__).resolve().parent
ASSETS = _HERE / "assets" if (_HERE / "assets").is_dir() else _HERE.parent / "assets"
"""What ships: in the package where that was installed, beside it in a copy of the project."""


def home() -> Path:
    """Root of everything RelRec stores. `RELREC_HOME` overrides the platform's default.

    Raises:
        ConfigError: `RELREC_HOME` names the home of a user that does not exist.
    """
    override = os.environ.get("RELREC_HOME")
    if not override:
        return Path(platformdirs.user_data_dir("relrec"))
    try:
        return Path(override).expanduser()
    except RuntimeError as error:
        raise ConfigError(
            f"RELREC_HOME is '{shortened(override)}', and there is no such user; name a folder."
        ) from error


def named_folder(name: str, *members: str) -> Path | None:
    """Folder of that name in the data directory, or at that path, that holds the files `members`.

    None where there is none, whatever the name looks like.
    """
    for in_data in (True, False):
        with contextlib.suppress(OSError, ValueError, RuntimeError):  # no folder can be called so
            found = data_dir() / name if in_data else Path(name).expanduser()
            if found.is_dir() and all((found / member).is_file() for member in members):
                return found.resolve()
    return None


def data_dir() -> Path:
    """Where fetched data lies."""
    return home() / "data"


def runs_dir() -> Path:
    """Where trainings lie."""
    return home() / "runs"


def evaluations_dir() -> Path:
    """Where measured tables lie."""
    return home() / "evaluations"


def explanations_dir() -> Path:
    """Where explanations of everything lie."""
    return home() / "explanations"


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary sibling of `path`; on success it replaces `path` atomically.

    On any error the temporary file is removed and what was at `path` stays as it was.

    Raises:
        ReadOnlyError: in read-only mode.
        StorageError: it cannot be written there.
    """
    permission.require_writable(f"write {path.name}")
    with storing(path):
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


def sha256(path: Path) -> str:
    """The checksum of a file, 64 hexadecimal digits; raises `OSError` where it cannot be read."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


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
