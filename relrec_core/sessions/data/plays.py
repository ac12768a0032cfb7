"""Plays as Spotify hands them out: its extended streaming history, and its shorter account data.

The extended history says how each track began and ended and whether it was skipped: `skip_2` is
its `skipped`, or, where old exports leave it open, that the track ended by the next or back
button. The account data has the minute, the names and how long was played, and no skip: there a
play of less than 30 seconds counts as one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from relrec_core.errors import DataError
from relrec_core.parquet import MAXIMUM_CELL_BYTES
from relrec_core.sessions.data import json_list, scrobbles
from relrec_core.sessions.data.readers import Upload

MAXIMUM_ENTRIES = 500_000
HEARD = timedelta(seconds=30)
"""From this on a play of the account data is no skip; Spotify counts a stream from here on."""
YEARS = range(1970, 2200)
KEYS = ("ts", "ms_played", "master_metadata_track_name", "reason_start", "reason_end", "shuffle")
ACCOUNT_KEYS = ("endTime", "msPlayed")
SPOKEN_KEYS = ("podcastName", "episodeName", "audiobookName", "chapterName")
EXPORT = "entries of Spotify's streaming history"
_SKIPPING = ("fwdbtn", "backbtn")
_TIME = "a time such as 2024-02-07T14:30:45Z"
_MINUTE = "%Y-%m-%d %H:%M"

Origin = tuple[str, str]
"""The listener that an entry names, or nothing, and the archive that the file came in, if any."""
Mark = tuple[int, int, str, str]
"""The same of a play in both exports: minute, milliseconds, title and artist."""


@dataclass(frozen=True, slots=True)
class Play:
    """One play of music. What only the extended history tells is None in account data."""

    start: datetime
    end: datetime
    title: str
    artist: str
    reason_start: str | None
    reason_end: str | None
    shuffle: bool | None
    skipped: bool
    origin: Origin

    @property
    def exact(self) -> bool:
        """Whether it is known to the second, and its skip was told, not estimated."""
        return self.reason_end is not None

    @property
    def mark(self) -> Mark:
        """The same of this play in both exports."""
        milliseconds = round((self.end - self.start) / timedelta(milliseconds=1))
        return int(self.end.timestamp()) // 60, milliseconds, self.title, self.artist


def read_plays(files: Sequence[Upload]) -> tuple[list[Play], int]:
    """The different plays of music in the order of the files, and how many entries are others.

    Raises:
        DataError: a file is no such export, too large, or has times of different zones.
    """
    plays: dict[Play, None] = {}
    total = other = 0
    zone: timedelta | None = None
    for file in files:
        for number, entry in enumerate(_entries(file), 1):
            total += 1
            if total > MAXIMUM_ENTRIES:
                found = f"more than {MAXIMUM_ENTRIES:,} entries"
                raise DataError(file.name, found, "fewer; hand in the files of some years only")
            if not _is_music(entry):
                other += 1
            elif "msPlayed" in entry:
                plays[_account_play(file, number, entry)] = None
            else:
                zone = _checked_zone(file.name, number, entry, zone)
                plays[_play(file, number, entry)] = None
    return list(plays), other


def _is_music(entry: dict[str, Any]) -> bool:
    if "msPlayed" in entry:
        return entry.get("trackName") is not None
    return entry["master_metadata_track_name"] is not None


def _entries(file: Upload) -> Iterator[dict[str, Any]]:
    scrobbles.refuse(file)
    number = 0
    for number, entry in enumerate(json_list.values(file, EXPORT), 1):
        if not isinstance(entry, dict):
            raise DataError(file.name, "JSON of another kind", "a list of " + EXPORT)
        wanted: tuple[str, ...] = KEYS
        if "msPlayed" in entry:
            spoken = any(key in entry for key in SPOKEN_KEYS)
            wanted = ACCOUNT_KEYS if spoken else (*ACCOUNT_KEYS, "trackName")
        lacking = [key for key in wanted if key not in entry]
        if lacking:
            raise DataError(file.name, f"entry {number} without '{lacking[0]}'", EXPORT)
        yield entry
    if not number:
        raise DataError(file.name, "an empty list", EXPORT)


def _time(name: str, number: int, entry: dict[str, Any]) -> datetime:
    try:
        time = datetime.fromisoformat(entry["ts"])
    except (TypeError, ValueError) as error:
        raise DataError(name, f"'{entry['ts']}' as time of entry {number}", _TIME) from error
    return _in_our_age(name, number, time)


def _in_our_age(name: str, number: int, time: datetime) -> datetime:
    if time.year not in YEARS:
        found = f"the year {time.year:04} in entry {number}"
        raise DataError(name, found, f"a year from {YEARS.start} to {YEARS.stop - 1}")
    return time


def _checked_zone(
    name: str, number: int, entry: dict[str, Any], zone: timedelta | None
) -> timedelta:
    """Offset of the entry's time; that of all entries before was `zone`."""
    offset = _time(name, number, entry).utcoffset()
    if offset is None:
        raise DataError(name, f"'{entry['ts']}' without a time zone in entry {number}", _TIME)
    if zone is not None and offset != zone:
        found = f"'{entry['ts']}' in entry {number}, another time zone than before"
        raise DataError(name, found, "all times in one zone, as Spotify writes them (UTC)")
    return offset


def _played(name: str, number: int, entry: dict[str, Any], key: str) -> timedelta:
    played = entry[key]
    if isinstance(played, bool) or not isinstance(played, int | float) or not 0 <= played < 1e9:
        found = f"'{played}' as {key} of entry {number}"
        raise DataError(name, found, "milliseconds from 0")
    return timedelta(milliseconds=float(played))


def _play(file: Upload, number: int, entry: dict[str, Any]) -> Play:
    name = file.name
    played = _played(name, number, entry, "ms_played")
    for key in ("shuffle", "skipped"):
        if entry.get(key) not in (True, False, None):
            found = f"'{entry[key]}' as {key} of entry {number}"
            raise DataError(name, found, "true or false")
    end = _time(name, number, entry).astimezone(UTC)
    reason_end = _words(name, number, entry["reason_end"])
    skipped = entry.get("skipped")
    return Play(
        start=end - played,
        end=end,
        title=_words(name, number, entry["master_metadata_track_name"]),
        artist=_words(name, number, entry.get("master_metadata_album_artist_name") or ""),
        reason_start=_words(name, number, entry["reason_start"]),
        reason_end=reason_end,
        shuffle=bool(entry["shuffle"]),
        skipped=reason_end in _SKIPPING if skipped is None else bool(skipped),
        origin=(_words(name, number, entry.get("username") or ""), file.archive),
    )


def _account_play(file: Upload, number: int, entry: dict[str, Any]) -> Play:
    name, written = file.name, entry["endTime"]
    try:
        end = datetime.strptime(written, _MINUTE).replace(tzinfo=UTC)
    except (TypeError, ValueError) as error:
        found = f"'{written}' as endTime of entry {number}"
        raise DataError(name, found, "a time such as 2024-02-07 14:30") from error
    played = _played(name, number, entry, "msPlayed")
    return Play(
        start=_in_our_age(name, number, end) - played,
        end=end,
        title=_words(name, number, entry["trackName"]),
        artist=_words(name, number, entry.get("artistName") or ""),
        reason_start=None,
        reason_end=None,
        shuffle=None,
        skipped=played < HEARD,
        origin=("", file.archive),
    )


def _words(name: str, number: int, value: object) -> str:
    """A text of an entry, of bounded length, in whole characters."""
    text = str(value)
    if len(text) > MAXIMUM_CELL_BYTES:
        found = f"a text of {len(text):,} characters in entry {number}"
        raise DataError(name, found, f"at most {MAXIMUM_CELL_BYTES:,}")
    if any("\ud800" <= sign <= "\udfff" for sign in text):
        raise DataError(name, f"half a character in entry {number}", "texts in Unicode")
    return sys.intern(text)
