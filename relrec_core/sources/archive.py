"""Take named files out of a zip archive that may be damaged or hostile."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from relrec_core.errors import SourceError, border, shortened

CHUNK = 1 << 16
MAXIMUM_FILES = 100_000
"""Of an archive in memory, whose list is held there, too."""
_ENTRY = b"PK\x01\x02"
"""What the entry of each file in the list begins with."""


@dataclass(frozen=True)
class Packed:
    """An archive in memory, and what errors call it."""

    name: str
    content: bytes


Archive = Path | Packed


def names(path: Archive) -> frozenset[str]:
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


def extract(path: Archive, members: list[str], folder: Path, limit: int) -> None:
    """Write the named members, without their folders, into `folder`; checksums are verified.

    `SourceError` if they are more than `limit` bytes when unpacked, whatever the archive states.
    """

    def target(member: str) -> AbstractContextManager[BinaryIO]:
        return (folder / PurePosixPath(member).name).open("wb")

    _unpack(path, members, target, limit)


def read(path: Archive, members: list[str], limit: int) -> list[bytes]:
    """The content of the named members; `SourceError` as `extract`."""
    found: list[io.BytesIO] = []

    def target(_: str) -> AbstractContextManager[BinaryIO]:
        found.append(io.BytesIO())
        return contextlib.nullcontext(found[-1])

    _unpack(path, members, target, limit)
    return [content.getvalue() for content in found]


def _unpack(
    path: Archive,
    members: list[str],
    target: Callable[[str], AbstractContextManager[BinaryIO]],
    limit: int,
) -> None:
    left = limit
    with _opened(path) as archive:
        for member in members:
            if archive.getinfo(member).file_size > left:
                raise _too_big(path, member, limit)
            with archive.open(member) as packed, target(member) as into:
                while part := packed.read(CHUNK):
                    left -= len(part)
                    if left < 0:
                        raise _too_big(path, member, limit)
                    into.write(part)


@contextlib.contextmanager
def _opened(path: Archive) -> Iterator[zipfile.ZipFile]:
    def damaged(why: str) -> SourceError:
        return SourceError(
            f"{path.name} is not a whole zip archive ({why}): it is truncated, damaged, of a kind "
            "that is not known here, or locked with a password. Download it again."
        )

    with border(damaged), zipfile.ZipFile(_file(path)) as archive:
        yield archive


def _file(path: Archive) -> Path | BinaryIO:
    if isinstance(path, Path):
        return path
    if path.content.count(_ENTRY) > MAXIMUM_FILES:
        raise SourceError(f"{path.name} is refused: it has more than {MAXIMUM_FILES:,} files.")
    return io.BytesIO(path.content)


def _too_big(path: Archive, member: str, limit: int) -> SourceError:
    return SourceError(
        f"{path.name} is refused: with its entry '{shortened(member)}' it would take more than "
        f"the {limit / 1e6:,.0f} MB that this source has."
    )
