"""Archives among the files that someone hands in: what of them is read, unpacked in memory."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePosixPath

from relrec_core.errors import DataError
from relrec_core.sessions.data import scrobbles
from relrec_core.sessions.data.dataset import is_table_name
from relrec_core.sessions.data.readers import MAXIMUM_UNPACKED_BYTES, Upload
from relrec_core.sources import archive

SUFFIX = ".zip"
MAXIMUM_FILES = 1_000
"""That are read of one archive."""
_HISTORY = re.compile(r"(streaming_?history|endsong).*\.json", re.IGNORECASE)
"""As Spotify calls the files of its histories; its account data has others beside them."""


def unpacked(files: Sequence[Upload]) -> list[Upload]:
    """The same files, and in the place of each zip archive what is to be read of it.

    That is the streaming history if the archive holds one, else its tables. All archives together
    may unpack to `MAXIMUM_UNPACKED_BYTES`. Raises `DataError` for an archive that holds neither,
    and `SourceError` for one that is damaged, hostile or too large.
    """
    found: list[Upload] = []
    left = MAXIMUM_UNPACKED_BYTES
    names: set[str] = set()
    for file in files:
        if not file.name.lower().endswith(SUFFIX):
            found.append(file)
            continue
        packed = archive.Packed(file.name, file.content)
        members = _chosen(file.name, sorted(archive.names(packed)))
        called = _unused(file.name, names)
        for member, content in zip(members, archive.read(packed, members, left), strict=True):
            left -= len(content)
            found.append(Upload(PurePosixPath(member).name, content, called))
    return found


def _chosen(name: str, members: list[str]) -> list[str]:
    files = [member for member in members if not _is_hidden(member)]
    history = [member for member in files if _HISTORY.fullmatch(PurePosixPath(member).name)]
    tables = [member for member in files if is_table_name(member)]
    lists = [member for member in files if member.lower().endswith(scrobbles.SUFFIXES)]
    chosen = history or tables or lists
    if not chosen:
        expected = "the archive as Spotify hands it out, or session logs as CSV or Parquet"
        raise DataError(name, "no streaming history and no session logs in it", expected)
    if len(chosen) > MAXIMUM_FILES:
        raise DataError(name, f"{len(chosen):,} files", f"at most {MAXIMUM_FILES:,}")
    return chosen


def _is_hidden(member: str) -> bool:
    """A folder, or what operating systems put beside the files."""
    parts = PurePosixPath(member).parts
    return member.endswith("/") or any(part.startswith((".", "__MACOSX")) for part in parts)


def _unused(name: str, names: set[str]) -> str:
    called, number = name, 1
    while called in names:
        number += 1
        called = f"{name.removesuffix(SUFFIX)} {number}{SUFFIX}"
    names.add(called)
    return called
