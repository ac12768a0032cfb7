"""Small session data for the tests, simulated once, and ways to spoil it."""

from __future__ import annotations

import io
from functools import cache

import numpy as np
import polars as pl

from relrec_core.sessions.data.dataset import SessionData, load_frames
from relrec_core.sessions.data.readers import Upload
from relrec_core.sessions.data.sessions import Sessions
from relrec_core.sessions.simulation.simulator import CAUSE_GROUPS, SimulationSettings, simulate

SETTINGS = SimulationSettings(tracks=2_000, listeners=50)
SESSIONS, LENGTH, TRACKS = 90, 8, 30
"""Of `like_deezer`."""


@cache
def frames(sessions: int = 60, seed: int = 0) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Logs and track features."""
    return simulate(sessions, seed, SETTINGS)


@cache
def data(sessions: int = 60, seed: int = 0) -> SessionData:
    logs, features = frames(sessions, seed)
    return load_frames(logs, "made", features)


def csv(frame: pl.DataFrame, name: str = "logs.csv") -> Upload:
    return Upload(name, frame.write_csv().encode())


def parquet(frame: pl.DataFrame, name: str = "logs.parquet") -> Upload:
    written = io.BytesIO()
    frame.write_parquet(written)
    return Upload(name, written.getvalue())


def with_value(frame: pl.DataFrame, column: str, row: int, value: object) -> pl.DataFrame:
    """The frame as text with one cell replaced."""
    values = frame[column].cast(pl.String).to_list()
    values[row] = value
    return frame.with_columns(pl.Series(column, values, dtype=pl.String))


def smallest(cause: str, family: dict[str, frozenset[str]]) -> str | None:
    """Name of the smallest expert whose groups hold the cause; None where none does."""
    if cause not in CAUSE_GROUPS:
        return None
    holding = [name for name, groups in family.items() if CAUSE_GROUPS[cause] <= groups]
    return min(holding, key=lambda name: len(family[name]), default=None)


def assert_equal(one: Sessions, other: Sessions) -> None:
    for name in Sessions.__dataclass_fields__:
        assert np.array_equal(getattr(one, name), getattr(other, name)), name


def like_deezer() -> tuple[pl.DataFrame, pl.DataFrame]:
    """Sessions of users who skip at random, and the tracks."""
    draw = np.random.default_rng(3)
    n = SESSIONS * LENGTH
    user = np.repeat(draw.random((SESSIONS, 9)), LENGTH, axis=0)
    plays = {
        "session_id": np.repeat([f"s{i}" for i in range(SESSIONS)], LENGTH),
        "session_position": np.tile(np.arange(1, LENGTH + 1), SESSIONS),
        "track_id_clean": [f"t{i}" for i in draw.integers(0, TRACKS, n)],
        "skipped": draw.random(n) < 0.5,
        "is_favourite": draw.random(n) < 0.2,
        "is_banned": draw.random(n) < 0.05,
        "recently_played": draw.random(n) < 0.3,
        "discounted_skip_rate": draw.random(n).round(3),
        "user_skip_rate": user[:, 8].round(3),
        **{f"user_embedding_{i}": (2 * user[:, i] - 1).round(3) for i in range(8)},
    }
    music = draw.normal(size=(TRACKS, 16))
    tracks = {
        "track_id": [f"t{i}" for i in range(TRACKS)],
        "popularity": draw.integers(0, 1_000_000, TRACKS),
        **{f"music_embedding_{i}": music[:, i] for i in range(16)},
    }
    return pl.DataFrame(plays), pl.DataFrame(tracks)
