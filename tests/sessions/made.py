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
