"""Columns of session data, as data: type, limits, categories, group.

Spotify's Music Streaming Sessions (Brost, Mehrotra and Jehan 2019), data like Deezer's in Afchar
and Hennequin (2020), section 4.3, and Yambda (Ploshkin et al. 2025). The latter two know the user:
what they have besides the tracks' own features is known before a track is played, and so of the
second half too. The groups are those of figures 7 and 9 of Afchar and Hennequin. Position and
length of the session are known for every track and belong to no group of their own: every expert
may read them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["flag", "category", "count", "cycle", "date", "share", "magnitude", "number"]

CONTEXT, INTERACTION, GENERAL, MUSICAL = "context", "interaction", "track general", "track musical"
GROUPS = (CONTEXT, INTERACTION, GENERAL, MUSICAL)
"""Of Spotify's data."""
FAVOURITES, POPULARITY, SKIP_RATE = "favourites", "popularity", "discounted skip rate"
USER, MUSIC = "user", "music"
DEEZER_GROUPS = (INTERACTION, FAVOURITES, POPULARITY, SKIP_RATE, USER, MUSIC)
"""Of data like Deezer's."""
TASTE = "taste"
YAMBDA_GROUPS = (CONTEXT, INTERACTION, GENERAL, MUSIC, TASTE)
"""Of Yambda."""
EVERYWHERE = "position"
"""Not a group: the place in the session, which every expert knows."""

SESSION, POSITION, LENGTH, TRACK = (
    "session_id",
    "session_position",
    "session_length",
    "track_id_clean",
)
TRACK_KEY = "track_id"
SKIP = "skip_2"
CAUSE = "planted_cause"
"""Written by the simulator only. No model reads it."""

SHORTEST, LONGEST = 2, 20
HALF = LONGEST // 2


@dataclass(frozen=True)
class Column:
    """One column: what may stand in it.

    A flag is true or false, a category one of `categories`, a count a whole number from 0, a cycle
    a whole number from 0 below `period`, a date a calendar day (its weekday is used), a number a
    finite number from `minimum` to `maximum`, a share one that is stored in 255 steps, and a
    magnitude one from 0 to `maximum` that is stored in 255 steps of its logarithm, the coarser the
    larger it is. A column of plays that is known `ahead`, before the play, is read of the second
    half too.
    """

    name: str
    group: str
    kind: Kind
    categories: tuple[str, ...] = ()
    period: int = 0
    minimum: float = float("-inf")
    maximum: float = float("inf")
    ahead: bool = False


REASONS = (
    "appload",
    "backbtn",
    "clickrow",
    "clickside",
    "endplay",
    "fwdbtn",
    "logout",
    "playbtn",
    "popup",
    "remote",
    "trackdone",
    "trackerror",
    "uriopen",
    "unknown",
)
CONTEXT_TYPES = (
    "catalog",
    "charts",
    "editorial_playlist",
    "personalized_playlist",
    "radio",
    "user_collection",
)
MODES = ("minor", "major")

YAMBDA_COLUMNS = (
    Column("is_organic", CONTEXT, "flag", ahead=True),
    Column("seconds_since_last", CONTEXT, "magnitude", maximum=31 * 86_400),
    Column("listens_before", GENERAL, "magnitude", maximum=1_000_000, ahead=True),
    Column("days_in_data", GENERAL, "magnitude", maximum=400, ahead=True),
    Column("liked_before", TASTE, "flag", ahead=True),
    Column("disliked_before", TASTE, "flag", ahead=True),
    Column("heard_before", TASTE, "magnitude", maximum=1_000, ahead=True),
    Column("own_track_skip_rate", TASTE, "share", minimum=0, maximum=1, ahead=True),
    Column("own_skip_rate", TASTE, "share", minimum=0, maximum=1, ahead=True),
    Column("likes_before", TASTE, "magnitude", maximum=10_000, ahead=True),
)
"""What only Yambda knows of a play: all of it is from before the session, but for the time since
the last listen, which is not known of the second half, as it would tell how the last one ended."""

LOG_COLUMNS = (
    Column("no_pause_before_play", CONTEXT, "flag"),
    Column("short_pause_before_play", CONTEXT, "flag"),
    Column("long_pause_before_play", CONTEXT, "flag"),
    Column("hist_user_behavior_is_shuffle", CONTEXT, "flag"),
    Column("hour_of_day", CONTEXT, "cycle", period=24),
    Column("date", CONTEXT, "date", period=7),
    Column("premium", CONTEXT, "flag"),
    Column("context_type", CONTEXT, "category", CONTEXT_TYPES),
    Column("skip_1", INTERACTION, "flag"),
    Column(SKIP, INTERACTION, "flag"),
    Column("skip_3", INTERACTION, "flag"),
    Column("not_skipped", INTERACTION, "flag"),
    Column("context_switch", INTERACTION, "flag"),
    Column("hist_user_behavior_n_seekfwd", INTERACTION, "count"),
    Column("hist_user_behavior_n_seekback", INTERACTION, "count"),
    Column("hist_user_behavior_reason_start", INTERACTION, "category", REASONS),
    Column("hist_user_behavior_reason_end", INTERACTION, "category", REASONS),
    Column("is_favourite", FAVOURITES, "flag", ahead=True),
    Column("is_banned", FAVOURITES, "flag", ahead=True),
    Column("recently_played", FAVOURITES, "flag", ahead=True),
    Column("discounted_skip_rate", SKIP_RATE, "share", minimum=0, maximum=1, ahead=True),
    Column("user_skip_rate", USER, "share", minimum=0, maximum=1, ahead=True),
    *(
        Column(f"user_embedding_{i}", USER, "share", minimum=-1, maximum=1, ahead=True)
        for i in range(8)
    ),
    *YAMBDA_COLUMNS,
)
"""What is known of a play, in the order in which it is stored."""
SPOTIFY_COLUMNS = tuple(
    column for column in LOG_COLUMNS if column.group in GROUPS and column not in YAMBDA_COLUMNS
)

_AUDIO = (
    "acousticness",
    "beat_strength",
    "bounciness",
    "danceability",
    "dyn_range_mean",
    "energy",
    "flatness",
    "instrumentalness",
    "liveness",
    "loudness",
    "mechanism",
    "organism",
    "speechiness",
    "tempo",
    "time_signature",
    "valence",
)
ACOUSTIC = tuple(f"acoustic_vector_{i}" for i in range(8))

TRACK_COLUMNS = (
    Column("duration", GENERAL, "number", minimum=0, maximum=86_400),
    Column("release_year", GENERAL, "number", minimum=1000, maximum=2999),
    Column("us_popularity_estimate", GENERAL, "number", minimum=0, maximum=100),
    *(Column(name, MUSICAL, "number") for name in _AUDIO),
    Column("key", MUSICAL, "cycle", period=12),
    Column("mode", MUSICAL, "category", MODES),
    *(Column(name, MUSICAL, "number") for name in ACOUSTIC),
    Column("popularity", POPULARITY, "number", minimum=0),
    *(Column(f"music_embedding_{i}", MUSIC, "number") for i in range(16)),
)
"""What is known of a track; duration in seconds, popularity as a percentile."""

DISPLAY = ("track_name", "artist", "album", "genre")
"""Columns of track features that people read and no model does."""

ALIASES = {"skipped": SKIP, "duration_s": "duration"}
"""Names under which published slices of the data carry a column."""

BY_NAME = {column.name: column for column in (*LOG_COLUMNS, *TRACK_COLUMNS)}


def present(names: Iterable[str], columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Those of `columns` that are among `names`, in the schema's order."""
    known = set(names)
    return tuple(column for column in columns if column.name in known)


def groups_of(names: Iterable[str]) -> tuple[str, ...]:
    """Groups that data with such columns should have: those of Yambda or of Deezer if it has a
    column that only these have.
    """
    found = {BY_NAME[name].group for name in names if name in BY_NAME}
    if TASTE in found:
        return YAMBDA_GROUPS
    return DEEZER_GROUPS if found & set(DEEZER_GROUPS) - set(GROUPS) else GROUPS


def missing(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """For each group the columns that are not among `names`; complete groups are left out."""
    known = set(names)
    groups = groups_of(known)
    yambda = {SKIP, "duration", *(c.name for c in YAMBDA_COLUMNS)}
    if groups == YAMBDA_GROUPS:
        expected = [c for c in BY_NAME.values() if c.name in yambda or c.group == MUSIC]
    else:
        expected = [c for c in BY_NAME.values() if c not in YAMBDA_COLUMNS]
    lacking = {
        group: tuple(c.name for c in expected if c.group == group and c.name not in known)
        for group in groups
    }
    return {group: columns for group, columns in lacking.items() if columns}


def absent(names: Iterable[str]) -> tuple[str, ...]:
    """Groups of which not one column is among `names`: their experts have to be dropped."""
    there = set(names)
    known = {BY_NAME[name].group for name in there if name in BY_NAME}
    return tuple(group for group in groups_of(there) if group not in known)
