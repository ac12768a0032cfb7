"""Write planned sessions out as rows of Spotify's logs, consistent from row to row."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import polars as pl

from relrec_core.sessions.data.schema import (
    CAUSE,
    CONTEXT_TYPES,
    LENGTH,
    POSITION,
    SESSION,
    SKIP,
    TRACK,
)
from relrec_core.sessions.data.sessions import CAUSES
from relrec_core.sessions.simulation.catalogue import Catalogue

if TYPE_CHECKING:
    from relrec_core.sessions.simulation.simulator import Plan

COMMUTE, NIGHT, NOON = (7, 8, 9, 16, 17, 18), (22, 23, 0, 1, 2, 3), (11, 12, 13, 14)
QUIET_HOURS = (4, 5, 6, 10, 15, 19, 20, 21)
SETTINGS: tuple[tuple[tuple[str, ...], tuple[int, ...]], ...] = (
    (CONTEXT_TYPES, QUIET_HOURS),
    (("charts", "radio"), COMMUTE),
    (("editorial_playlist", "personalized_playlist"), NIGHT),
    (("catalog",), NOON),
    (("user_collection",), NOON),
)
"""Where and when: nothing telling, browsing, left alone, searching, at home in one's collection."""
FIRST_DAY, DAYS, FRIDAY = date(2018, 7, 15), 56, 4

_END_SKIPPED = (("fwdbtn", 0.86), ("backbtn", 0.07), ("clickrow", 0.04), ("endplay", 0.03))
_END_PLAYED = (("trackdone", 0.93), ("endplay", 0.03), ("logout", 0.02), ("remote", 0.02))
_STARTED = {"endplay": "playbtn", "logout": "appload", "remote": "remote"}


def logs(
    plan: Plan, music: Catalogue, draw: np.random.Generator, seed: int, first: int
) -> pl.DataFrame:
    """One row a play, sessions numbered from `first`, in the schema and with `planted_cause`."""
    n = len(plan.half)
    length = plan.half + plan.rest
    rows = int(length.sum())
    owner = np.repeat(np.arange(n), length)
    position = np.arange(rows) - np.repeat(np.cumsum(length) - length, length)
    half = plan.half[owner]
    second = position >= half
    slot = np.where(second, position - half, position)
    skipped = np.where(second, plan.after[owner, slot], plan.before[owner, slot])
    track = np.where(second, plan.tracks_b[owner, slot], plan.tracks_a[owner, slot])
    cause = np.where(second, plan.causes[owner, slot], 0)
    names = pl.Series([f"{first + i}_{seed:08x}-{first + i:012x}" for i in range(n)])
    return pl.DataFrame(
        {
            SESSION: names.gather(owner),
            POSITION: position + 1,
            LENGTH: length[owner],
            TRACK: music.frame["track_id"].gather(track),
            **_interaction(draw, skipped, position),
            **_context(draw, plan, owner),
            CAUSE: _named(cause, CAUSES),
        }
    )


def _named(numbers: npt.NDArray[np.integer], names: tuple[str, ...]) -> pl.Series:
    return pl.Series(names).gather(numbers)


def _drawn(draw: np.random.Generator, n: int, shares: tuple[tuple[str, float], ...]) -> pl.Series:
    names = tuple(name for name, _ in shares)
    limits = np.cumsum([share for _, share in shares])[:-1]
    return _named(np.searchsorted(limits, draw.random(n)), names)


def _interaction(
    draw: np.random.Generator,
    skipped: npt.NDArray[np.bool_],
    position: npt.NDArray[np.int64],
) -> dict[str, pl.Series]:
    """What the listener did; a track starts as the one before it ended."""
    n = len(skipped)
    late = ~skipped & (draw.random(n) < 0.12)
    flags = pl.DataFrame({"skipped": skipped, "late": late})
    ended = flags.select(
        pl.when(pl.col("skipped"))
        .then(_drawn(draw, n, _END_SKIPPED))
        .when(pl.col("late"))
        .then(pl.lit("fwdbtn"))
        .otherwise(_drawn(draw, n, _END_PLAYED))
    ).to_series()
    started = ended.shift(1, fill_value="trackdone").replace(_STARTED)
    opening = pl.DataFrame({"first": position == 0, "started": started})
    started = opening.select(
        pl.when(pl.col("first")).then(pl.lit("clickrow")).otherwise(pl.col("started"))
    ).to_series()
    return {
        "skip_1": pl.Series(skipped & (draw.random(n) < 0.7)),
        SKIP: pl.Series(skipped),
        "skip_3": pl.Series(skipped | late),
        "not_skipped": pl.Series(~(skipped | late)),
        "context_switch": pl.Series((draw.random(n) < 0.03) & (position > 0)),
        "hist_user_behavior_n_seekfwd": pl.Series(draw.poisson(0.05, n)),
        "hist_user_behavior_n_seekback": pl.Series(draw.poisson(0.04, n)),
        "hist_user_behavior_reason_start": started,
        "hist_user_behavior_reason_end": ended,
    }


def _context(
    draw: np.random.Generator, plan: Plan, owner: npt.NDArray[np.int64]
) -> dict[str, pl.Series]:
    """Where and when; only sessions with such a setting have a telling type at a telling hour."""
    n = len(plan.half)
    types = draw.integers(0, len(CONTEXT_TYPES), n)
    hours = draw.integers(0, 24, n)
    telling = np.zeros(n, dtype=np.bool_)
    for names, when in SETTINGS[1:]:
        numbers = [CONTEXT_TYPES.index(name) for name in names]
        telling |= np.isin(types, numbers) & np.isin(hours, when)
    hours = np.where(telling, draw.choice(np.array(QUIET_HOURS), n), hours)
    for number, (names, when) in enumerate(SETTINGS[1:], 1):
        numbers = [CONTEXT_TYPES.index(name) for name in names]
        types = np.where(plan.setting == number, draw.choice(numbers, n), types)
        hours = np.where(plan.setting == number, draw.choice(np.array(when), n), hours)

    days = np.arange(DAYS)
    late = np.array([(FIRST_DAY + timedelta(days=i)).weekday() >= FRIDAY for i in range(DAYS)])
    day = np.where(plan.weekend, draw.choice(days[late], n), draw.choice(days[~late], n))
    dates = pl.Series([FIRST_DAY + timedelta(days=i) for i in range(DAYS)])
    pause = draw.random(len(owner))
    long, short = pause < 0.06, (pause >= 0.06) & (pause < 0.16)
    shuffled = draw.random(n) < 0.3
    return {
        "no_pause_before_play": pl.Series(~(long | short)),
        "short_pause_before_play": pl.Series(short),
        "long_pause_before_play": pl.Series(long),
        "hist_user_behavior_is_shuffle": pl.Series(shuffled[owner]),
        "hour_of_day": pl.Series(hours[owner]),
        "date": dates.gather(day[owner]),
        "premium": pl.Series((plan.listener % 5 < 4)[owner]),
        "context_type": _named(types[owner], CONTEXT_TYPES),
    }
