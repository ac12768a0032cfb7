"""Scrobbles of Last.fm and listens of ListenBrainz: recognised, and refused with the reason."""

from __future__ import annotations

import csv
import re

from relrec_core.errors import DataError
from relrec_core.sessions.data.readers import Upload
from relrec_core.sessions.data.schema import SESSION

SUFFIXES = (".jsonl", ".tsv")
"""Kinds of files in which only they come."""
_LISTENBRAINZ = frozenset({"listened_at", "track_metadata", "recording_msid"})
_LASTFM = frozenset(
    ("uts", "utc_time", "scrobbled_at", "scrobble_time", "recenttracks", "scrobbles", "#text")
)
_KEY = re.compile(r'[\[{,]\s*"([^"\\]{1,40})"\s*:')
_DAY = re.compile(r"\d{1,2} [A-Z][a-z]{2} \d{4},? \d{1,2}:\d{2}")
"""How tables from Last.fm, which have no header, write when a track was heard."""
_BEGINNING = 4_096


def refuse(file: Upload) -> None:
    """Raise `DataError` if a text file begins as scrobbles of one of the two do."""
    text = file.content[:_BEGINNING].decode("utf-8-sig", errors="replace")
    lines = text.splitlines() or [""]
    delimiter = next((sign for sign in "\t;" if sign in lines[0]), ",")
    cells = [cell.strip() for cell in next(csv.reader(lines[:1], delimiter=delimiter), [])]
    found = {cell.lower() for cell in cells}
    if text.lstrip()[:1] in ("{", "["):
        found = set(_KEY.findall(text))
    if SESSION in found:
        return
    if found & _LISTENBRAINZ:
        raise _refusal(file.name, "listens of ListenBrainz")
    if found & _LASTFM or (len(cells) in (4, 5) and _DAY.fullmatch(cells[-1])):
        raise _refusal(file.name, "scrobbles of Last.fm")


def _refusal(name: str, what: str) -> DataError:
    expected = (
        "plays that tell what was skipped, such as Spotify's streaming history; a scrobble is only "
        "written for what was heard for long enough"
    )
    return DataError(name, f"{what}, which hold no skips", expected)
