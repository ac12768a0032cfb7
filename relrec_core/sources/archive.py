"""Take named files out of a zip archive that may be damaged or hostile."""

from __future__ import annotations

import shutil
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from relrec_core.errors import SourceError

MAXIMUM_BYTES = 1_000_000_000


def names(path: Path) -> frozenset[str]:
    """Names of the files in the archive, after checking that none leads out of its folder."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = archive.namelist()
    except (zipfile.BadZipFile, EOFError, UnicodeDecodeError) as error:
        raise _damaged(path) from error
    for name in found:
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if ".." in parts or name.startswith(("/", "\\")) or any(":" in part for part in parts[:1]):
            raise SourceError(
                f"{path.name} is refused: its entry '{name}' leads out of the archive's folder."
            )
    return frozenset(found)


def extract(path: Path, members: list[str], folder: Path) -> None:
    """Write the named members, without their folders, into `folder`; checksums are verified."""
    try:
        with zipfile.ZipFile(path) as archive:
            for member in members:
                size = archive.getinfo(member).file_size
                if size > MAXIMUM_BYTES:
                    raise SourceError(
                        f"{path.name} is refused: its entry '{member}' would take "
                        f"{size / 1e9:.1f} GB on disk."
                    )
                target = folder / PurePosixPath(member).name
                with archive.open(member) as packed, target.open("wb") as unpacked:
                    shutil.copyfileobj(packed, unpacked)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> SourceError:
    return SourceError(
        f"{path.name} is not a whole zip archive: it is truncated, damaged or locked with a "
        "password. Download it again."
    )
