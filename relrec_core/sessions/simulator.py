"""Simulated sessions in Spotify's schema, with the planted cause of every skip and every play.

One cause decides each track of the second half, and it is written beside the row, in a column
that no model reads. Each cause shows in one group of inputs, and all other groups stay silent at
that track: what they show goes with a skip as often as with none. So the smallest subset of
inputs that holds the cause is known.

- persistence: A ends in a block of three or more equal outcomes, and B goes on with it for as
  many tracks as the block had. Elsewhere the last three tracks of A are never all equal.
- context: charts or radio on the way to work or back are skipped through; playlists at night are
  left to play. No other session has such a context, nor does such a session end A in a block.
- sequence: all tracks of A are of one time. A track of B from a quite different time is skipped,
  one of the same time is played; elsewhere the tracks of B lie some twelve years off, which says
  nothing.
- musical: all tracks of A have one mood. A track of B of the opposite mood is skipped, one of the
  same mood is played; elsewhere the moods of B are at right angles to it.
- noise: everything is silent and a coin decides; or it overrules one of the causes above.
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
from relrec_core.sessions.catalogue import FIRST_YEAR, LAST_YEAR, MOODS, Catalogue, catalogue
from relrec_core.sessions.data import SessionData, load_frames
from relrec_core.sessions.plays import logs
from relrec_core.sessions.schema import CONTEXT, GENERAL, HALF, INTERACTION, MUSICAL
from relrec_core.sessions.sessions import CAUSES

CAUSE_GROUPS: dict[str, frozenset[str]] = {
    "persistence": frozenset({INTERACTION}),
    "context": frozenset({CONTEXT}),
    "sequence": frozenset({GENERAL}),
    "musical": frozenset({MUSICAL}),
}
"""For each cause the smallest set of groups that holds it; noise is held by none."""

UNKNOWN, PERSISTENCE, OF_CONTEXT, SEQUENCE, MUSIC, NOISE = range(len(CAUSES))
BLOCK_SESSIONS = 25_000

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Settings:
    """How often which cause decides.

    `persistent` and `contextual` are shares of sessions, `sequence` and `musical` shares of the
    tracks that neither of these decides (the rest is noise), `overruled` the share of decided
    tracks that turn out the other way.
    """

    persistent: float = 0.5
    contextual: float = 0.16
    sequence: float = 0.32
    musical: float = 0.32
    overruled: float = 0.03
    tracks: int = 20_000
    listeners: int = 5_000

    def __post_init__(self) -> None:
        shares = (self.persistent, self.contextual, self.sequence, self.musical, self.overruled)
        if min(shares) < 0 or self.overruled > 0.5:
            raise ConfigError("A share of causes is negative, or more than half is overruled.")
        if self.persistent + self.contextual > 1 or self.sequence + self.musical > 1:
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
    contextual: npt.NDArray[np.int8]
    """(n,) 1 where the context has everything skipped, -1 where it lets all play, else 0."""
    listener: Ints
    before: Bools
    after: Bools
    causes: npt.NDArray[np.int8]
    tracks_a: npt.NDArray[np.int32]
    tracks_b: npt.NDArray[np.int32]


def simulate(
    sessions: int, seed: int = 0, settings: Settings | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Logs and track features as data frames in the schema; the same seed gives the same ones."""
    settings = settings or Settings()
    music = catalogue(settings.tracks, seed)
    return pl.concat(list(blocks(sessions, seed, settings, music))), music.frame


def simulated(sessions: int, seed: int = 0, settings: Settings | None = None) -> SessionData:
    """The same as data in memory, labelled as simulated."""
    played, tracks = simulate(sessions, seed, settings)
    return load_frames(played, title(seed), tracks)


def title(seed: int) -> str:
    """What simulated data is called, so that everyone sees what it is."""
    return f"Simulated sessions, seed {seed}"


def write(folder: Path, sessions: int, seed: int = 0, settings: Settings | None = None) -> None:
    """Write `logs-*.parquet` and `tracks.parquet`, block by block, with bounded memory."""
    settings = settings or Settings()
    music = catalogue(settings.tracks, seed)
    with paths.replacing(folder / "tracks.parquet") as path:
        music.frame.write_parquet(path)
    for number, block in enumerate(blocks(sessions, seed, settings, music)):
        with paths.replacing(folder / f"logs-{number:05d}.parquet") as path:
            block.write_parquet(path, compression="zstd", compression_level=1)


def blocks(
    sessions: int, seed: int, settings: Settings, music: Catalogue
) -> Iterator[pl.DataFrame]:
    """The logs of `simulate`, piece by piece."""
    if sessions < 1:
        raise ConfigError("A simulation needs at least one session.")
    for first in range(0, sessions, BLOCK_SESSIONS):
        n = min(BLOCK_SESSIONS, sessions - first)
        draw = np.random.default_rng([seed, 2, first // BLOCK_SESSIONS])
        yield logs(plan(n, draw, settings, music, seed), music, draw, seed, first)


def plan(
    n: int, draw: np.random.Generator, settings: Settings, music: Catalogue, seed: int
) -> Plan:
    """Decide lengths, causes, outcomes and tracks of `n` sessions."""
    length = draw.choice(np.arange(10, 21), n, p=[0.06] * 10 + [0.4])
    half, rest = length // 2, length - length // 2
    kind = draw.random(n)
    persistent = kind < settings.persistent
    contextual = ~persistent & (kind < settings.persistent + settings.contextual)
    direction = draw.choice(np.array([-1, 1], dtype=np.int8), n) * contextual
    listener = draw.integers(0, settings.listeners, n)
    habits = np.random.default_rng([seed, 3])
    eager = habits.beta(6, 6, settings.listeners)[listener]
    home_mood = habits.integers(0, MOODS, settings.listeners)[listener]
    home_year = habits.integers(FIRST_YEAR, LAST_YEAR + 1, settings.listeners)[listener]

    before, block = _first_half(draw, half, persistent, eager)
    slots = np.arange(HALF)
    causes = _causes(draw, settings, slots < block[:, None], contextual)
    outcome = np.where(causes == PERSISTENCE, before[np.arange(n), half - 1, None], False)
    outcome |= (causes == OF_CONTEXT) & (direction[:, None] > 0)
    coin = draw.random((n, HALF)) < 0.5
    far = ((causes == SEQUENCE) | (causes == MUSIC) | (causes == NOISE)) & coin
    outcome |= far
    overruled = (draw.random((n, HALF)) < settings.overruled) & (causes != NOISE)

    mood = (home_mood + draw.integers(-3, 4, n)) % MOODS
    year = np.clip(home_year + draw.integers(-4, 5, n), FIRST_YEAR + 2, LAST_YEAR - 2)
    tracks_a = music.choose(
        mood[:, None] + draw.integers(-1, 2, (n, HALF)),
        year[:, None] + draw.integers(-2, 3, (n, HALF)),
        draw.random((n, HALF), dtype=np.float32),
    )
    tracks_b = music.choose(
        mood[:, None] + _mood_steps(draw, causes, far),
        _years(draw, causes, far, year),
        draw.random((n, HALF), dtype=np.float32),
    )
    return Plan(
        half=half,
        rest=rest,
        contextual=direction,
        listener=listener,
        before=before,
        after=outcome ^ overruled,
        causes=np.where(overruled, NOISE, causes).astype(np.int8),
        tracks_a=tracks_a,
        tracks_b=tracks_b,
    )


def _first_half(
    draw: np.random.Generator, half: Ints, persistent: Bools, eager: npt.NDArray[np.float64]
) -> tuple[Bools, Ints]:
    """(n, 10) outcomes of A and (n,) length of the block it ends in, 0 where there is none."""
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
    equal = (last == second) & (second == third) & ~persistent
    changed = half - draw.integers(2, 4, n)
    outcome[rows[equal], changed[equal]] ^= True
    return outcome, np.where(persistent, block, 0)


def _causes(
    draw: np.random.Generator, settings: Settings, persisting: Bools, contextual: Bools
) -> npt.NDArray[np.int8]:
    free = draw.random(persisting.shape)
    causes = np.where(free < settings.sequence + settings.musical, MUSIC, NOISE)
    causes = np.where(free < settings.sequence, SEQUENCE, causes)
    causes = np.where(contextual[:, None], OF_CONTEXT, causes)
    return np.where(persisting, PERSISTENCE, causes).astype(np.int8)


def _mood_steps(draw: np.random.Generator, causes: npt.NDArray[np.int8], far: Bools) -> Ints:
    """Steps of 15 degrees from the mood of A: same, opposite, or at right angles."""
    side = draw.choice(np.array([-6, 6]), causes.shape) + draw.integers(-1, 2, causes.shape)
    decided = np.where(far, 12, 0) + draw.integers(-2, 3, causes.shape)
    return np.where(causes == MUSIC, decided, side)


def _years(draw: np.random.Generator, causes: npt.NDArray[np.int8], far: Bools, year: Ints) -> Ints:
    """Years of B: the time of A, at least 28 years off, or about 12 years off."""
    centre = year[:, None]
    off = np.where(far, draw.integers(28, 33, causes.shape), draw.integers(-2, 3, causes.shape))
    off = np.where(causes == SEQUENCE, off, draw.integers(10, 15, causes.shape))
    later = draw.random(causes.shape) < 0.5
    later = np.where(centre + off > LAST_YEAR, False, later)
    later = np.where(centre - off < FIRST_YEAR, True, later)
    return np.asarray(np.clip(np.where(later, centre + off, centre - off), FIRST_YEAR, LAST_YEAR))


def smallest(cause: str, family: dict[str, frozenset[str]]) -> str | None:
    """Name of the smallest expert whose groups hold the cause; None where none does."""
    if cause not in CAUSE_GROUPS:
        return None
    holding = [name for name, groups in family.items() if CAUSE_GROUPS[cause] <= groups]
    return min(holding, key=lambda name: len(family[name]), default=None)
