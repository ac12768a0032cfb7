"""Listeners' own streaming histories, as Spotify hands them out, cut into sessions.

It stays in memory: nothing here writes or sends. The exports say nothing about the tracks
themselves, so both groups of track features are absent; of the context, premium and the kind of
playlist; of the interaction, how briefly a skipped track was played. What only some of the plays
tell (how they began and ended, shuffle) is left out altogether.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import polars as pl

from relrec_core.errors import DataError, border, unreadable
from relrec_core.sessions.data.dataset import SessionData, load_frames
from relrec_core.sessions.data.listeners import by_listener
from relrec_core.sessions.data.plays import EXPORT, Play, read_plays
from relrec_core.sessions.data.readers import Upload
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

TITLE, TERMS = "Your listening history", "It is yours."
PAUSE = timedelta(minutes=20)
SHORT_PAUSE, LONG_PAUSE = timedelta(seconds=5), timedelta(minutes=5)
INEXACT_PAUSE = timedelta(minutes=1)
"""What counts as no pause where times are known to the minute only."""

_Session = tuple[str, list[Play]]
"""A listener, and what they played."""


@dataclass(frozen=True)
class History:
    """Listeners' sessions by time, and what of the exports is not among them.

    `sessions` counts all, of which `data` has the last. `estimated` counts plays whose skip was
    not told but taken from how long they lasted, `other` entries without a track (podcasts,
    videos), `left_over` tracks in sessions too short to be split, `new_reasons` reasons that the
    schema lacks and that count as unknown.
    """

    data: SessionData
    listeners: tuple[str, ...]
    sessions: int
    plays: int
    estimated: int
    other: int
    left_over: int
    new_reasons: int


def read_history(files: Sequence[Upload], most: int | None = None) -> History:
    """Sessions of exports, given as their JSON files in any order.

    Each listener's plays are ordered by time; a pause of 20 minutes without music ends a session,
    and so do 20 tracks. A track that two files hold counts once. Hours and days are those of the
    export, UTC. Of more than `most` sessions the last are kept. Raises `DataError` for a file that
    is not such an export, too large, or with times of different zones.
    """
    if not files:
        raise DataError("history", "no file", "the JSON files of " + EXPORT)
    with border(unreadable(files[0].name, "a list of " + EXPORT)):
        return _history(files, most)


def _history(files: Sequence[Upload], most: int | None) -> History:
    played, other = read_plays(files)
    if not played:
        raise DataError(files[0].name, "no music among the entries", "at least one played track")
    whose = by_listener(played)
    plays = [play for theirs in whose.values() for play in theirs]
    sessions = [(name, part) for name, theirs in whose.items() for part in _pieces(_cut(theirs))]
    kept = [(name, session) for name, session in sessions if len(session) >= SHORTEST]
    if not kept:
        raise DataError(files[0].name, "no two tracks within 20 minutes", "at least one session")
    kept.sort(key=lambda session: session[1][0].start)
    first = 0 if most is None else max(0, len(kept) - most)
    told = [r for p in plays for r in (p.reason_start, p.reason_end) if r is not None]
    return History(
        data=replace(load_frames(_frame(kept, first), TITLE), terms=TERMS),
        listeners=tuple(sorted(whose)),
        sessions=len(kept),
        plays=len(plays),
        estimated=sum(not play.exact for play in plays),
        other=other,
        left_over=len(plays) - sum(len(session) for _, session in kept),
        new_reasons=sum(reason not in REASONS for reason in told),
    )


def _cut(plays: list[Play]) -> list[list[Play]]:
    """Plays with less than 20 minutes between the end of one and the start of the next."""
    sessions: list[list[Play]] = []
    for play in plays:
        if sessions and play.start - sessions[-1][-1].end < PAUSE:
            sessions[-1].append(play)
        else:
            sessions.append([play])
    return sessions


def _pieces(sessions: list[list[Play]]) -> list[list[Play]]:
    return [s[i : i + LONGEST] for s in sessions for i in range(0, len(s), LONGEST)]


def _frame(sessions: list[_Session], first: int) -> pl.DataFrame:
    """Rows of the sessions from the one numbered `first` on."""
    several = len({listener for listener, _ in sessions}) > 1
    shown = sessions[first:]
    exact = all(play.exact for _, session in shown for play in session)
    rows = []
    for number, (listener, session) in enumerate(shown, first):
        whose = f", {listener}" if several else ""
        name = f"{session[0].start:%Y-%m-%d %H:%M}{whose} ({number + 1})"
        for place, play in enumerate(session):
            pause = play.start - session[place - 1].end if place else PAUSE
            short = SHORT_PAUSE if play.exact else INEXACT_PAUSE
            row = {
                SESSION: name,
                POSITION: place + 1,
                LENGTH: len(session),
                TRACK: f"{play.title} · {play.artist}",
                "track_name": play.title,
                "artist": play.artist,
                "no_pause_before_play": pause < short,
                "short_pause_before_play": short <= pause < LONG_PAUSE,
                "long_pause_before_play": pause >= LONG_PAUSE,
                "hour_of_day": play.start.hour,
                "date": play.start.date(),
                SKIP: play.skipped,
            }
            rows.append(row | _told(play) if exact else row)
    return pl.DataFrame(rows)


def _told(play: Play) -> dict[str, object]:
    """What only the extended history tells."""
    return {
        "hist_user_behavior_is_shuffle": play.shuffle,
        "hist_user_behavior_reason_start": _known(play.reason_start),
        "hist_user_behavior_reason_end": _known(play.reason_end),
    }


def _known(reason: str | None) -> str:
    return reason if reason in REASONS else "unknown"
