"""Synthetic sessions in Spotify's schema, with the planted cause of every skip and every play.

One cause decides each track of the second half: the ground truth. It is written beside the row, in
a column that no model reads. Some causes show in one group of inputs, others only in two groups
together: each of the two alone says nothing. So the smallest subset of inputs that holds the cause
is known.

- persistence (interaction, with the place): A ends in a block of three or more equal outcomes,
  and B goes on with it for about as many tracks as the block had.
- context: charts or radio on the way to work or back are skipped through; playlists at night are
  left to play.
- turn (context and interaction): around noon, one's own collection goes on as the last track of A
  went, and a search of the catalogue goes the other way.
- sequence (track general): all tracks of A are of one time. A track of B from a quite different
  time is skipped, one of the same time is played.
- musical (track musical): all tracks of A have one mood. A track of B of the opposite mood is
  skipped, one of the same mood is played.
- clash (track general and musical): of the tracks that are somewhat off, those near in time but
  far in mood, or far in time but near in mood, are skipped; the others are played.
- occasion (context and track musical): at weekends, Friday to Sunday, a calm track is skipped and
  a lively one played; on other days it is the other way round.
- noise: nothing tells, and a coin decides; or it overrules one of the causes above.

Where a cause decides, the others are mostly silent: the end of A is mixed, the time is some twelve
years off, the mood at right angles. But here and there one of them speaks and is not heard.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from relrec_core import paths
from relrec_core.errors import ConfigError
from relrec_core.sessions.data.dataset import SessionData, load_frames
from relrec_core.sessions.data.schema import CONTEXT, GENERAL, HALF, INTERACTION, MUSICAL
from relrec_core.sessions.data.sessions import CAUSES
from relrec_core.sessions.simulation.catalogue import (
    FIRST_YEAR,
    LAST_YEAR,
    MOODS,
    Catalogue,
    catalogue,
)
from relrec_core.sessions.simulation.logs import logs

CAUSE_GROUPS: dict[str, frozenset[str]] = {
    "persistence": frozenset({INTERACTION}),
    "context": frozenset({CONTEXT}),
    "sequence": frozenset({GENERAL}),
    "musical": frozenset({MUSICAL}),
    "turn": frozenset({CONTEXT, INTERACTION}),
    "clash": frozenset({GENERAL, MUSICAL}),
    "occasion": frozenset({CONTEXT, MUSICAL}),
}
"""For each cause the smallest set of groups that holds it; noise is held by none."""

UNKNOWN, PERSISTENCE, OF_CONTEXT, SEQUENCE, MUSIC, NOISE, TURN, CLASH, OCCASION = range(len(CAUSES))
BLOCK_SESSIONS = 25_000

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class SimulationSettings:
    """How often which cause decides.

    `persistent`, `contextual` and `turning` are shares of sessions; `sequence`, `musical`, `clash`
    and `occasion` shares of the tracks that none of these decides (the rest is noise). `dated` is
    the share of sessions in whose mood an occasion can show. `overruled` is the share of decided
    tracks that turn out the other way, `stray` the share of cases in which another cause speaks
    without being heard.
    """

    persistent: float = 0.5
    contextual: float = 0.12
    turning: float = 0.14
    sequence: float = 0.26
    musical: float = 0.26
    clash: float = 0.16
    occasion: float = 0.26
    dated: float = 0.8
    overruled: float = 0.05
    stray: float = 0.08
    tracks: int = 20_000
    listeners: int = 5_000

    def __post_init__(self) -> None:
        of_sessions = (self.persistent, self.contextual, self.turning)
        of_tracks = (self.sequence, self.musical, self.clash, self.occasion)
        single = (self.dated, self.overruled, self.stray)
        if min(*of_sessions, *of_tracks, *single) < 0 or max(single) > 1 or self.overruled > 0.5:
            raise ConfigError("A share of causes is negative, or more than half is overruled.")
        if sum(of_sessions) > 1 + 1e-9 or sum(of_tracks) > 1 + 1e-9:
            raise ConfigError("The shares of causes add up to more than 1.")
        if self.listeners < 1:
            raise ConfigError("A simulation needs at least one listener.")


@dataclass(frozen=True)
class Plan:
    """What was decided for n sessions before the plays are written out in the schema.

    Halves are (n, 10), filled from the left; `half` tracks are in A and `rest` in B.
    """

    half: Ints
    rest: Ints
    setting: npt.NDArray[np.int8]
    """(n,) which telling context A has, one of `plays.SETTINGS`, 0 for none."""
    weekend: Bools
    """(n,) whether it is Friday, Saturday or Sunday."""
    listener: Ints
    before: Bools
    after: Bools
    causes: npt.NDArray[np.int8]
    tracks_a: npt.NDArray[np.int32]
    tracks_b: npt.NDArray[np.int32]


def simulate(
    sessions: int, seed: int = 0, settings: SimulationSettings | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Logs and track features as data frames in the schema; the same seed gives the same ones."""
    settings = settings or SimulationSettings()
    music = catalogue(settings.tracks, seed)
    return pl.concat(list(blocks(sessions, seed, settings, music))), music.frame


def simulated(
    sessions: int, seed: int = 0, settings: SimulationSettings | None = None
) -> SessionData:
    """The same as data in memory, labelled as simulated."""
    played, tracks = simulate(sessions, seed, settings)
    return load_frames(played, title(seed), tracks)


def title(seed: int) -> str:
    """What simulated data is called, so that everyone sees what it is."""
    return f"Simulated sessions, seed {seed}"


def write(
    folder: Path, sessions: int, seed: int = 0, settings: SimulationSettings | None = None
) -> None:
    """Write `logs-*.parquet` and `tracks.parquet`, block by block, with bounded memory."""
    settings = settings or SimulationSettings()
    music = catalogue(settings.tracks, seed)
    with paths.replacing(folder / "tracks.parquet") as path:
        music.frame.write_parquet(path)
    for number, block in enumerate(blocks(sessions, seed, settings, music)):
        with paths.replacing(folder / f"logs-{number:05d}.parquet") as path:
            block.write_parquet(path, compression="zstd", compression_level=1)


def blocks(
    sessions: int, seed: int, settings: SimulationSettings, music: Catalogue
) -> Iterator[pl.DataFrame]:
    """The logs of `simulate`, piece by piece."""
    if sessions < 1:
        raise ConfigError("A simulation needs at least one session.")
    for first in range(0, sessions, BLOCK_SESSIONS):
        n = min(BLOCK_SESSIONS, sessions - first)
        draw = np.random.default_rng([seed, 2, first // BLOCK_SESSIONS])
        yield logs(plan(n, draw, settings, music, seed), music, draw, seed, first)


def plan(
    n: int, draw: np.random.Generator, settings: SimulationSettings, music: Catalogue, seed: int
) -> Plan:
    """Decide lengths, causes, outcomes and tracks of `n` sessions."""
    length = draw.choice(np.arange(10, 21), n, p=[0.06] * 10 + [0.4])
    half, rest = length // 2, length - length // 2
    kind = draw.choice(
        4, n, p=_shares(settings.persistent, settings.contextual, settings.turning)
    )  # persistent, contextual, turning, neither
    stray = draw.random((3, n)) < settings.stray
    side = draw.integers(0, 2, n)
    telling = draw.integers(1, 5, n)
    setting = np.select([kind == 1, kind == 2, stray[0]], [1 + side, 3 + side, telling], 0)
    listener = draw.integers(0, settings.listeners, n)
    habits = np.random.default_rng([seed, 3])
    eager = habits.beta(6, 6, settings.listeners)[listener]
    home_mood = habits.integers(0, MOODS, settings.listeners)[listener]
    home_year = habits.integers(FIRST_YEAR, LAST_YEAR + 1, settings.listeners)[listener]
    weekend = draw.random(n) < 0.5

    before, block = _first_half(draw, half, kind == 0, stray[1], eager)
    last = before[np.arange(n), half - 1, None]
    slots = np.arange(HALF)
    lasting = np.where(block > 0, block + draw.integers(-1, 2, n), 0)
    dated = draw.random(n) < settings.dated
    shown = _shown(draw, settings, dated)
    causes = np.where((kind == 1)[:, None], OF_CONTEXT, shown)
    causes = np.where((kind == 2)[:, None], TURN, causes)
    causes = np.where((kind == 0)[:, None] & (slots < lasting[:, None]), PERSISTENCE, causes)
    silent = (causes != shown) & (draw.random((n, HALF)) >= settings.stray)
    shown = np.where(silent, NOISE, shown)

    coin = draw.random((n, HALF)) < 0.5
    outcome = np.select(
        [causes == PERSISTENCE, causes == OF_CONTEXT, causes == TURN],
        [last, (setting == 1)[:, None], last ^ (setting == 3)[:, None]],
        coin,
    )
    overruled = (draw.random((n, HALF)) < settings.overruled) & (causes != NOISE)

    tracks_a, tracks_b = _tracks(draw, music, (home_mood, home_year), dated, shown, coin, weekend)
    return Plan(
        half=half,
        rest=rest,
        setting=setting.astype(np.int8),
        weekend=weekend,
        listener=listener,
        before=before,
        after=outcome ^ overruled,
        causes=np.where(overruled, NOISE, causes).astype(np.int8),
        tracks_a=tracks_a,
        tracks_b=tracks_b,
    )


def _tracks(
    draw: np.random.Generator,
    music: Catalogue,
    home: tuple[Ints, Ints],
    dated: Bools,
    shown: npt.NDArray[np.int8],
    coin: Bools,
    weekend: Bools,
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Tracks of A and of B, both (n, 10), around the mood and the year that listeners are at home
    in; those of B show what `shown` says, so that it has them skipped where `coin` is true."""
    (home_mood, home_year), n = home, len(dated)
    axis = np.where((home_mood > 0) & (home_mood < MOODS // 2), MOODS // 4, 3 * MOODS // 4)
    mood = np.where(dated, axis + draw.integers(-1, 2, n), home_mood + draw.integers(-3, 4, n))
    mood %= MOODS
    year = np.clip(home_year + draw.integers(-4, 5, n), FIRST_YEAR + 2, LAST_YEAR - 2)
    tracks_a = music.choose(
        mood[:, None] + draw.integers(-1, 2, (n, HALF)),
        year[:, None] + draw.integers(-2, 3, (n, HALF)),
        draw.random((n, HALF), dtype=np.float32),
    )
    near = draw.random((n, HALF)) < 0.5  # in time, where the two clash
    lively = coin ^ weekend[:, None]  # what an occasion has skipped, or the other
    tracks_b = music.choose(
        mood[:, None] + _mood_steps(draw, shown, coin, near, lively, mood),
        _years(draw, shown, coin, near, year),
        draw.random((n, HALF), dtype=np.float32),
    )
    return tracks_a, tracks_b


def _shares(*shares: float) -> list[float]:
    """Probabilities of these cases and of none of them."""
    return [*shares, max(1 - sum(shares), 0.0)]


def _first_half(
    draw: np.random.Generator,
    half: Ints,
    persistent: Bools,
    stray: Bools,
    eager: npt.NDArray[np.float64],
) -> tuple[Bools, Ints]:
    """(n, 10) outcomes of A and (n,) length of the block it ends in, 0 where there is none.

    Sessions that are not persistent do not end in a block, unless by chance where `stray`.
    """
    n = len(half)
    rows = np.arange(n)
    slots = np.arange(HALF)
    outcome = draw.random((n, HALF)) < eager[:, None]
    final = draw.random(n) < eager
    block = np.minimum(3 + draw.geometric(0.35, n) - 1, half)
    from_end = half[:, None] - 1 - slots
    inside = (from_end >= 0) & (from_end < block[:, None])
    edge = from_end == block[:, None]
    carried = np.where(inside, final[:, None], np.where(edge, ~final[:, None], outcome))
    outcome = np.where(persistent[:, None], carried, outcome)
    last, second, third = (outcome[rows, half - k] for k in (1, 2, 3))
    equal = (last == second) & (second == third) & ~persistent & ~stray
    changed = half - draw.integers(2, 4, n)
    outcome[rows[equal], changed[equal]] ^= True
    return outcome, np.where(persistent, block, 0)


def _shown(
    draw: np.random.Generator, settings: SimulationSettings, dated: Bools
) -> npt.NDArray[np.int8]:
    """(n, 10) what the tracks of B show, and decide where nothing stronger does."""
    kinds = np.array([SEQUENCE, MUSIC, CLASH, OCCASION, NOISE])
    shares = _shares(settings.sequence, settings.musical, settings.clash, settings.occasion)
    shown = draw.choice(kinds, (len(dated), HALF), p=shares)
    unseen = (shown == OCCASION) & ~dated[:, None]
    return np.where(unseen, NOISE, shown).astype(np.int8)


def _mood_steps(
    draw: np.random.Generator,
    shown: npt.NDArray[np.int8],
    skipped: Bools,
    near: Bools,
    lively: Bools,
    mood: Ints,
) -> Ints:
    """Steps of 15 degrees from the mood of A: same, opposite, at right angles, or between.

    A dated session has a mood at right angles to lively and calm, which lie at 0 and 180 degrees.
    """
    way = draw.choice(np.array([-1, 1]), shown.shape)
    towards = np.where(mood < MOODS // 2, -1, 1)[:, None]  # the lively side
    right_angle = 6 * np.where(shown == OCCASION, np.where(lively, towards, -towards), way)
    steps = right_angle + draw.integers(-1, 2, shown.shape)
    decided = np.where(skipped, 12, 0) + draw.integers(-1, 2, shown.shape)
    steps = np.where(shown == MUSIC, decided, steps)
    return np.where(shown == CLASH, way * np.where(near ^ skipped, 3, 9), steps)


def _years(
    draw: np.random.Generator,
    shown: npt.NDArray[np.int8],
    skipped: Bools,
    near: Bools,
    year: Ints,
) -> Ints:
    """Years of B: the time of A, at least 28 years off, about 12, or between."""
    centre, size = year[:, None], shown.shape
    off = np.where(skipped, draw.integers(28, 33, size), draw.integers(-2, 3, size))
    off = np.where(shown == SEQUENCE, off, draw.integers(11, 14, size))
    somewhat = np.where(near, draw.integers(5, 8, size), draw.integers(19, 22, size))
    off = np.where(shown == CLASH, somewhat, off)
    later = draw.random(size) < 0.5
    later = np.where(centre + off > LAST_YEAR, False, later)
    later = np.where(centre - off < FIRST_YEAR, True, later)
    return np.asarray(np.clip(np.where(later, centre + off, centre - off), FIRST_YEAR, LAST_YEAR))
