"""A listener's own "extended streaming history", as Spotify hands it out, cut into sessions.

It stays in memory: nothing here writes or sends. The export says nothing about the tracks
themselves, so both groups of track features are absent; of the context, premium and the kind of
playlist; of the interaction, how briefly a skipped track was played. `skip_2` is the export's
`skipped`, or, where old exports leave it open, that the track ended by the next or back button.
"""

from __future__ import annotations

import codecs
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from relrec_core.errors import DataError, border, unreadable
from relrec_core.sessions.data.dataset import SessionData, load_frames
from relrec_core.sessions.data.readers import MAXIMUM_CELL_BYTES, Upload
from relrec_core.sessions.data.schema import (
    LENGTH,
    LONGEST,
    POSITION,
    REASONS,
    SESSION,
    SHORTEST,
    SKIP,
    TRACK,
)

PAUSE = timedelta(minutes=20)
SHORT_PAUSE, LONG_PAUSE = timedelta(seconds=5), timedelta(minutes=5)
MAXIMUM_BYTES = 50_000_000
MAXIMUM_ENTRY = 1 << 16
"""Characters; Spotify's own entries have about 700."""
MAXIMUM_ENTRIES = 500_000
_PART = 1 << 19
_BLANKS = re.compile(r"[ \t\r\n]*")
YEARS = range(1970, 2200)
KEYS = ("ts", "ms_played", "master_metadata_track_name", "reason_start", "reason_end", "shuffle")
EXPORT = 'entries of Spotify\'s "extended streaming history"'
_SKIPPING = ("fwdbtn", "backbtn")


@dataclass(frozen=True)
class History:
    """A listener's sessions, and what of the export is not among them.

    `sessions` counts all, of which `data` has the last. `other` counts entries without a track
    (podcasts, videos), `left_over` tracks in sessions too short to be split, `new_reasons` reasons
    that the schema lacks and that count as unknown.
    """

    data: SessionData
    sessions: int
    plays: int
    other: int
    left_over: int
    new_reasons: int


@dataclass(frozen=True, slots=True)
class _Play:
    start: datetime
    end: datetime
    title: str
    artist: str
    reason_start: str
    reason_end: str
    shuffle: bool
    skipped: bool


def read_history(files: Sequence[Upload], most: int | None = None) -> History:
    """Sessions of an export, given as its JSON files in any order.

    Plays are ordered by time; a pause of 20 minutes without music ends a session, and so do 20
    tracks. A track that two files hold counts once. Hours and days are those of the export, UTC.
    Of more than `most` sessions the last are kept. Raises `DataError` for a file that is not such
    an export, too large, or with times of different zones.
    """
    if not files:
        raise DataError("history", "no file", "the JSON files of " + EXPORT)
    with border(unreadable(files[0].name, "a list of " + EXPORT)):
        return _history(files, most)


def _history(files: Sequence[Upload], most: int | None) -> History:
    played, other = _plays(files)
    if not played:
        raise DataError(files[0].name, "no music among the entries", "at least one played track")
    plays = sorted(played, key=lambda p: (p.end, p.start, p.title))
    sessions = [part for session in _cut(plays) for part in _pieces(session)]
    kept = [session for session in sessions if len(session) >= SHORTEST]
    if not kept:
        raise DataError(files[0].name, "no two tracks within 20 minutes", "at least one session")
    first = 0 if most is None else max(0, len(kept) - most)
    return History(
        data=load_frames(_frame(kept, first), "Your listening history"),
        sessions=len(kept),
        plays=len(plays),
        other=other,
        left_over=len(plays) - sum(map(len, kept)),
        new_reasons=sum(r not in REASONS for p in plays for r in (p.reason_start, p.reason_end)),
    )


def _plays(files: Sequence[Upload]) -> tuple[set[_Play], int]:
    """The different plays of music, and how many entries are something else."""
    plays: set[_Play] = set()
    total = other = 0
    zone: timedelta | None = None
    for file in files:
        for number, entry in enumerate(_entries(file), 1):
            total += 1
            if total > MAXIMUM_ENTRIES:
                found = f"more than {MAXIMUM_ENTRIES:,} entries"
                raise DataError(file.name, found, "fewer; hand in the files of some years only")
            if entry["master_metadata_track_name"] is None:
                other += 1
                continue
            zone = _checked_zone(file.name, number, entry, zone)
            plays.add(_play((file.name, number, entry)))
    return plays, other


def _entries(file: Upload) -> Iterator[dict[str, Any]]:
    if len(file.content) > MAXIMUM_BYTES:
        size = f"{len(file.content) / 1e6:,.0f} MB"
        limit = f"at most {MAXIMUM_BYTES // 1_000_000} MB; Spotify's own files have about 12 MB"
        raise DataError(file.name, size, limit)
    if not file.content.strip():
        raise DataError(file.name, "an empty file", "a list of " + EXPORT)
    number = 0
    for number, entry in enumerate(_values(file), 1):
        if not isinstance(entry, dict):
            raise DataError(file.name, "JSON of another kind", "a list of " + EXPORT)
        if "msPlayed" in entry:
            found = "Spotify's short account data"
            raise DataError(file.name, found, EXPORT + ", which has to be requested separately")
        lacking = [key for key in KEYS if key not in entry]
        if lacking:
            raise DataError(file.name, f"entry {number} without '{lacking[0]}'", EXPORT)
        yield entry
    if not number:
        raise DataError(file.name, "an empty list", EXPORT)


def _values(file: Upload) -> Iterator[object]:
    """The values of the JSON list in the file, one after the other."""
    text = _Text(file.content)
    try:
        if text.sign() != "[":
            json.loads(file.content)
            raise DataError(file.name, "JSON of another kind", "a list of " + EXPORT)
        text.at += 1
        after = text.sign()
        while after != "]":
            yield text.value()
            after = text.sign()
            if after not in ("]", ","):
                raise json.JSONDecodeError("neither a comma nor an end", "", 0)
            text.at += after == ","
        text.at += 1
        if text.sign():
            raise json.JSONDecodeError("more after the list", "", 0)
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        found = "text that is not JSON"
        if text.left:
            found += f", or an entry of more than {MAXIMUM_ENTRY:,} characters"
        raise DataError(file.name, found, "a list of " + EXPORT) from error


class _Text:
    """UTF-8 as text, of which only what is looked at next is held; `at` is the place in it."""

    def __init__(self, content: bytes) -> None:
        self.at = 0
        self._content, self._place, self._text = content, 0, ""
        self._reader = codecs.getincrementaldecoder("utf-8-sig")()
        self._decoder = json.JSONDecoder()

    @property
    def left(self) -> bool:
        """Whether there is more than was read so far."""
        return self._place < len(self._content)

    def sign(self) -> str:
        """The next character that is no blank; nothing at the end."""
        while True:
            self.at = _BLANKS.match(self._text, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self._text) or not self.left:
                return self._text[self.at : self.at + 1]
            self._fill()

    def value(self) -> object:
        """The next JSON value, of at most `MAXIMUM_ENTRY` characters."""
        self.sign()
        while len(self._text) - self.at < MAXIMUM_ENTRY and self.left:
            self._fill()
        found, self.at = self._decoder.raw_decode(self._text, self.at)
        return found

    def _fill(self) -> None:
        part = self._content[self._place : self._place + _PART]
        self._place += len(part)
        self._text = self._text[self.at :] + self._reader.decode(part, final=not self.left)
        self.at = 0


def _time(name: str, number: int, entry: dict[str, Any]) -> datetime:
    try:
        time = datetime.fromisoformat(entry["ts"])
    except (TypeError, ValueError) as error:
        found = f"'{entry['ts']}' as time of entry {number}"
        raise DataError(name, found, "a time such as 2024-02-07T14:30:45Z") from error
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
        found = f"'{entry['ts']}' without a time zone in entry {number}"
        raise DataError(name, found, "a time such as 2024-02-07T14:30:45Z")
    if zone is not None and offset != zone:
        found = f"'{entry['ts']}' in entry {number}, another time zone than before"
        raise DataError(name, found, "all times in one zone, as Spotify writes them (UTC)")
    return offset


def _play(located: tuple[str, int, dict[str, Any]]) -> _Play:
    name, number, entry = located
    played = entry["ms_played"]
    if isinstance(played, bool) or not isinstance(played, int | float) or not 0 <= played < 1e9:
        found = f"'{played}' as ms_played of entry {number}"
        raise DataError(name, found, "milliseconds from 0")
    for key in ("shuffle", "skipped"):
        if entry.get(key) not in (True, False, None):
            found = f"'{entry[key]}' as {key} of entry {number}"
            raise DataError(name, found, "true or false")
    end = _time(name, number, entry).astimezone(UTC)
    reason_end = _words(name, number, entry["reason_end"])
    skipped = entry.get("skipped")
    return _Play(
        start=end - timedelta(milliseconds=float(played)),
        end=end,
        title=_words(name, number, entry["master_metadata_track_name"]),
        artist=_words(name, number, entry.get("master_metadata_album_artist_name") or ""),
        reason_start=_words(name, number, entry["reason_start"]),
        reason_end=reason_end,
        shuffle=bool(entry["shuffle"]),
        skipped=reason_end in _SKIPPING if skipped is None else bool(skipped),
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


def _cut(plays: list[_Play]) -> list[list[_Play]]:
    """Plays with less than 20 minutes between the end of one and the start of the next."""
    sessions: list[list[_Play]] = []
    for play in plays:
        if sessions and play.start - sessions[-1][-1].end < PAUSE:
            sessions[-1].append(play)
        else:
            sessions.append([play])
    return sessions


def _pieces(session: list[_Play]) -> list[list[_Play]]:
    return [session[i : i + LONGEST] for i in range(0, len(session), LONGEST)]


def _frame(sessions: list[list[_Play]], first: int) -> pl.DataFrame:
    """Rows of the sessions from the one numbered `first` on."""
    rows = []
    for number, session in enumerate(sessions[first:], first):
        name = f"{session[0].start:%Y-%m-%d %H:%M} ({number + 1})"
        for place, play in enumerate(session):
            pause = play.start - session[place - 1].end if place else PAUSE
            rows.append(
                {
                    SESSION: name,
                    POSITION: place + 1,
                    LENGTH: len(session),
                    TRACK: f"{play.title} · {play.artist}",
                    "track_name": play.title,
                    "artist": play.artist,
                    "no_pause_before_play": pause < SHORT_PAUSE,
                    "short_pause_before_play": SHORT_PAUSE <= pause < LONG_PAUSE,
                    "long_pause_before_play": pause >= LONG_PAUSE,
                    "hist_user_behavior_is_shuffle": play.shuffle,
                    "hour_of_day": play.start.hour,
                    "date": play.start.date(),
                    SKIP: play.skipped,
                    "hist_user_behavior_reason_start": _known(play.reason_start),
                    "hist_user_behavior_reason_end": _known(play.reason_end),
                }
            )
    return pl.DataFrame(rows)


def _known(reason: str) -> str:
    return reason if reason in REASONS else "unknown"
