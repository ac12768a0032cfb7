"""Take named files out of a zip archive that may be damaged or hostile."""

from __future__ import annotations

import contextlib
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from relrec_core.errors import SourceError, border, shortened

CHUNK = 1 << 16


def names(path: Path) -> frozenset[str]:
    """Names of the files in the archive, after checking that none leads out of its folder."""
    with _opened(path) as archive:
        found = archive.namelist()
        for name in found:
            parts = PurePosixPath(name.replace("\\", "/")).parts
            drive = any(":" in part for part in parts[:1])
            if ".." in parts or name.startswith(("/", "\\")) or drive:
                raise SourceError(
                    f"{path.name} is refused: its entry '{shortened(name)}' leads out of the "
                    "archive's folder."
                )
    return frozenset(found)


def extract(path: Path, members: list[str], folder: Path, limit: int) -> None:
    """Write the named members, without their folders, into `folder`; checksums are verified.

    `SourceError` if they are more than `limit` bytes when unpacked, whatever the archive states.
    """
    left = limit
    with _opened(path) as archive:
        for member in members:
            if archive.getinfo(member).file_size > left:
                raise _too_big(path, member, limit)
            with archive.open(member) as packed:
                target = (folder / PurePosixPath(member).name).open("wb")
                with target:
                    while part := packed.read(CHUNK):
                        left -= len(part)
                        if left < 0:
                            raise _too_big(path, member, limit)
                        target.write(part)


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    def damaged(why: str) -> SourceError:
        return SourceError(
            f"{path.name} is not a whole zip archive ({why}): it is truncated, damaged, of a kind "
            "that is not known here, or locked with a password. Download it again."
        )

    with border(damaged), zipfile.ZipFile(path) as archive:
        yield archive


def _too_big(path: Path, member: str, limit: int) -> SourceError:
    return SourceError(
        f"{path.name} is refused: with its entry '{shortened(member)}' it would take more than "
        f"the {limit / 1e6:,.0f} MB that this source has."
    )
