"""The files of a source, whether they come as an archive or as an unpacked folder."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from relrec_core.errors import SourceError, border, shortened
from relrec_core.sources import archive

MAXIMUM_FILES = 100_000


@dataclass(frozen=True)
class Bundle:
    """Files by their path below the folder that the source begins in.

    GitHub's archives begin in a folder named after repository and commit.
    """

    origin: Path
    begin: str
    names: frozenset[str]

    def take(self, names: list[str], folder: Path, limit: int) -> None:
        """Write these files, without their folders, into `folder`.

        Raises:
            SourceError: damaged, or more than `limit` bytes when unpacked.
        """
        if self.origin.is_dir():
            _copy([self.origin / (self.begin + name) for name in names], folder, limit)
        else:
            archive.extract(self.origin, [self.begin + name for name in names], folder, limit)


def opened(origin: Path, marker: str) -> Bundle:
    """The files in an archive or folder.

    Args:
        origin: a zip archive, or a folder.
        marker: path of a file below the folder that the source begins in.

    Raises:
        SourceError: not there, damaged, hostile, or without the marker.
    """
    with border(lambda why: SourceError(f"{origin.name} cannot be read ({why})")):
        if not origin.exists():
            raise SourceError("there is no such file or folder")
        names = _listed(origin) if origin.is_dir() else archive.names(origin)
    if len(names) > MAXIMUM_FILES:
        raise SourceError(f"{origin.name} is refused: it has more than {MAXIMUM_FILES:,} files")
    begins = sorted(
        (name.removesuffix(marker) for name in names if f"/{name}".endswith(f"/{marker}")), key=len
    )
    if not begins:
        raise SourceError(f"{origin.name} does not hold {marker}")
    begin = begins[0]
    below = (name.removeprefix(begin) for name in names if name.startswith(begin))
    return Bundle(origin, begin, frozenset(name for name in below if not name.endswith("/")))


def _listed(folder: Path) -> frozenset[str]:
    found: set[str] = set()
    for path in folder.rglob("*"):
        if len(found) > MAXIMUM_FILES:
            break
        if path.is_file() and not path.is_symlink():
            found.add(path.relative_to(folder).as_posix())
    return frozenset(found)


def _copy(files: list[Path], folder: Path, limit: int) -> None:
    for file in files:
        limit -= file.stat().st_size
        if limit < 0:
            raise SourceError(
                f"the folder is refused: with '{shortened(file.name)}' it has more bytes than "
                "this source"
            )
        shutil.copyfile(file, folder / PurePosixPath(file.name).name)
