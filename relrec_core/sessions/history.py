"""A listener's own "extended streaming history", as Spotify hands it out, cut into sessions.

It stays in memory: nothing here writes or sends. The export says nothing about the tracks
themselves, so both groups of track features are absent; of the context, premium and the kind of
playlist; of the interaction, how briefly a skipped track was played. `skip_2` is the export's
`skipped`, or, where old exports leave it open, that the track ended by the next or back button.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from relrec_core.errors import DataError
from relrec_core.sessions.data import SessionData, load_frames
from relrec_core.sessions.schema import (
    LENGTH,
    LONGEST,
    POSITION,
    REASONS,
    SESSION,
    SHORTEST,
    SKIP,
    TRACK,
)
from relrec_core.sessions.tables import Upload

PAUSE = timedelta(minutes=20)
SHORT_PAUSE, LONG_PAUSE = timedelta(seconds=5), timedelta(minutes=5)
MAXIMUM_BYTES = 50_000_000
KEYS = ("ts", "ms_played", "master_metadata_track_name", "reason_start", "reason_end", "shuffle")
EXPORT = 'entries of Spotify\'s "extended streaming history"'
_SKIPPING = ("fwdbtn", "backbtn")


@dataclass(frozen=True)
class History:
    """A listener's sessions, and what of the export is not among them.

    `other` counts entries without a track (podcasts, videos), `left_over` tracks in sessions too
    short to be split, `new_reasons` reasons that the schema lacks and that count as unknown.
    """

    data: SessionData
    plays: int
    other: int
    left_over: int
    new_reasons: int


@dataclass(frozen=True)
class _Play:
    start: datetime
    end: datetime
    title: str
    artist: str
    reason_start: str
    reason_end: str
    shuffle: bool
    skipped: bool


def read_history(files: Sequence[Upload]) -> History:
    """Sessions of an export, given as its JSON files in any order.

    Plays are ordered by time; a pause of 20 minutes without music ends a session, and so do 20
    tracks. A track that two files hold counts once. Hours and days are those of the export, UTC.
    Raises `DataError` for a file that is not such an export, too large, or with times of
    different zones.
    """
    if not files:
        raise DataError("history", "no file", "the JSON files of " + EXPORT)
    entries = [(file.name, i, e) for file in files for i, e in enumerate(_entries(file), 1)]
    music = [entry for entry in entries if entry[2]["master_metadata_track_name"] is not None]
    if not music:
        raise DataError(files[0].name, "no music among the entries", "at least one played track")
    _check_zones(music)
    plays = sorted(set(map(_play, music)), key=lambda p: (p.end, p.start, p.title))
    sessions = [part for session in _cut(plays) for part in _pieces(session)]
    kept = [session for session in sessions if len(session) >= SHORTEST]
    if not kept:
        raise DataError(files[0].name, "no two tracks within 20 minutes", "at least one session")
    reasons = [r for p in plays for r in (p.reason_start, p.reason_end)]
    return History(
        data=load_frames(_frame(kept), "Your listening history"),
        plays=len(plays),
        other=len(entries) - len(music),
        left_over=len(plays) - sum(map(len, kept)),
        new_reasons=sum(reason not in REASONS for reason in reasons),
    )


def _entries(file: Upload) -> list[dict[str, Any]]:
    if len(file.content) > MAXIMUM_BYTES:
        size = f"{len(file.content) / 1e6:,.0f} MB"
        limit = f"at most {MAXIMUM_BYTES // 1_000_000} MB; Spotify's own files have about 12 MB"
        raise DataError(file.name, size, limit)
    if not file.content.strip():
        raise DataError(file.name, "an empty file", "a list of " + EXPORT)
    try:
        content = json.loads(file.content.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise DataError(file.name, "text that is not JSON", "a list of " + EXPORT) from error
    if not isinstance(content, list) or not all(isinstance(entry, dict) for entry in content):
        raise DataError(file.name, "JSON of another kind", "a list of " + EXPORT)
    if not content:
        raise DataError(file.name, "an empty list", EXPORT)
    for number, entry in enumerate(content, 1):
        if "msPlayed" in entry:
            found = "Spotify's short account data"
            raise DataError(file.name, found, EXPORT + ", which has to be requested separately")
        lacking = [key for key in KEYS if key not in entry]
        if lacking:
            raise DataError(file.name, f"entry {number} without '{lacking[0]}'", EXPORT)
    return content


def _time(name: str, number: int, entry: dict[str, Any]) -> datetime:
    try:
        time = datetime.fromisoformat(entry["ts"])
    except (TypeError, ValueError) as error:
        found = f"'{entry['ts']}' as time of entry {number}"
        raise DataError(name, found, "a time such as 2024-02-07T14:30:45Z") from error
    return time


def _check_zones(entries: list[tuple[str, int, dict[str, Any]]]) -> None:
    zone = None
    for name, number, entry in entries:
        time = _time(name, number, entry)
        offset = time.utcoffset()
        if offset is None:
            found = f"'{entry['ts']}' without a time zone in entry {number}"
            raise DataError(name, found, "a time such as 2024-02-07T14:30:45Z")
        if zone is not None and offset != zone:
            found = f"'{entry['ts']}' in entry {number}, another time zone than before"
            raise DataError(name, found, "all times in one zone, as Spotify writes them (UTC)")
        zone = offset


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
    reason_end = str(entry["reason_end"])
    skipped = entry.get("skipped")
    return _Play(
        start=end - timedelta(milliseconds=float(played)),
        end=end,
        title=str(entry["master_metadata_track_name"]),
        artist=str(entry.get("master_metadata_album_artist_name") or ""),
        reason_start=str(entry["reason_start"]),
        reason_end=reason_end,
        shuffle=bool(entry["shuffle"]),
        skipped=reason_end in _SKIPPING if skipped is None else bool(skipped),
    )


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


def _frame(sessions: list[list[_Play]]) -> pl.DataFrame:
    rows = []
    for number, session in enumerate(sessions):
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
