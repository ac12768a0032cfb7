"""From sessions to tensors, with the name and the group of every number in them.

The encoding is stored with the data and with every model, so that a model can be applied later:
categories, the mean and the spread of each track feature, and the columns that were there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import torch

from relrec_core.explanation import Value
from relrec_core.sessions.data.schema import BY_NAME, EVERYWHERE, HALF, LONGEST, Column, absent
from relrec_core.sessions.data.sessions import Sessions, known_ahead
from relrec_core.sessions.data.tracks import Tracks
from relrec_core.sessions.data.values import SHARE_STEPS

Floats = npt.NDArray[np.float32]
PLACE = ("session_position", "session_length", "tracks_from_half")
"""Of 20, of 20, and of 10: up to 0 for the last track of A, from 0.1 for the first of B."""


@dataclass(frozen=True)
class Dense:
    """One number a model reads: its name and the group of inputs it belongs to."""

    name: str
    group: str


@dataclass(frozen=True)
class Batch:
    """B sessions as tensors; padding is zero and False.

    `causes` and the track rows are for scoring and showing. No model reads them.
    """

    a: torch.Tensor
    """(B, 10, columns of A) float32."""
    b: torch.Tensor
    """(B, 10, columns of B) float32."""
    mask_a: torch.Tensor
    """(B, 10) True where A has a track."""
    mask_b: torch.Tensor
    """(B, 10) True where B has a track."""
    target: torch.Tensor
    """(B, 10) float32: 1 where a track of B was skipped."""
    causes: torch.Tensor
    """(B, 10) uint8 index into `CAUSES`."""
    tracks_a: torch.Tensor
    """(B, 10) int32 rows of the tracks."""
    tracks_b: torch.Tensor
    """(B, 10) int32 rows of the tracks."""

    def __len__(self) -> int:
        return len(self.target)


class Encoding(Value):
    """Columns, categories and statistics that turn sessions into numbers.

    `mean` and `spread` have one entry for each of `track_columns` and count for numbers only; a
    column that never varies has spread 1.
    """

    log_columns: tuple[str, ...]
    track_columns: tuple[str, ...]
    categories: dict[str, tuple[str, ...]]
    mean: tuple[float, ...]
    spread: tuple[float, ...]

    @classmethod
    def of(cls, columns: tuple[Column, ...], tracks: Tracks) -> Self:
        """The encoding of data with these columns; statistics over the tracks, each once."""
        names = [c.name for c in tracks.columns]
        moments = [_moments(tracks.frame[name].to_numpy()) for name in names]
        chosen = (*columns, *tracks.columns)
        return cls(
            log_columns=tuple(c.name for c in columns),
            track_columns=tuple(names),
            categories={c.name: c.categories for c in chosen if c.kind == "category"},
            mean=tuple(mean for mean, _ in moments),
            spread=tuple(spread for _, spread in moments),
        )

    @property
    def absent(self) -> tuple[str, ...]:
        """Groups of which the encoding has no column."""
        return absent((*self.log_columns, *self.track_columns))

    @property
    def columns_a(self) -> tuple[Dense, ...]:
        """What is known of each track of A: place, play and track."""
        plays = tuple(d for name in self.log_columns for d in _dense(name))
        return (*_place(), *plays, *self._track_columns())

    @property
    def columns_b(self) -> tuple[Dense, ...]:
        """What is known of each track of B: place, track, and what is known before the play."""
        ahead = tuple(d for name in self._ahead for d in _dense(name))
        return (*_place(), *ahead, *self._track_columns())

    @property
    def _ahead(self) -> tuple[str, ...]:
        return tuple(name for name in self.log_columns if BY_NAME[name].ahead)

    def _track_columns(self) -> tuple[Dense, ...]:
        return tuple(d for name in self.track_columns for d in _dense(name))

    def table(self, tracks: Tracks) -> Floats:
        """(T + 1, dense) normalised track features; a feature the tracks lack is at its mean.

        The last row is zero: it stands for no track.
        """
        there = {c.name for c in tracks.columns}
        table = np.zeros((len(tracks) + 1, len(self._track_columns())), dtype=np.float32)
        at = 0
        for name, mean, spread in zip(self.track_columns, self.mean, self.spread, strict=True):
            width = len(_dense(name))
            if name in there:
                values = tracks.frame[name].to_numpy()
                if BY_NAME[name].kind == "number":
                    table[:-1, at] = (values.astype(np.float64) - mean) / spread
                else:
                    table[:-1, at : at + width] = _lookup(name)[values.astype(np.intp)]
            at += width
        return table

    def encode(self, sessions: Sessions, columns: tuple[Column, ...], table: Floats) -> Batch:
        """Tensors of `sessions`, whose logs have `columns` and whose tracks gave `table`.

        A column the encoding has and the sessions lack is zero throughout.
        """
        mask_a, mask_b = sessions.mask_a, sessions.mask_b
        a = np.zeros((len(sessions), HALF, len(self.columns_a)), dtype=np.float32)
        b = np.zeros((len(sessions), HALF, len(self.columns_b)), dtype=np.float32)
        half = (sessions.lengths // 2).astype(np.float32)[:, None]
        steps = np.arange(1, HALF + 1, dtype=np.float32)
        _fill_place(a, steps + 0 * half, half, sessions.lengths)
        _fill_place(b, steps + half, half, sessions.lengths)
        _fill_plays(a, sessions.logs, self.log_columns, columns)
        _fill_plays(b, sessions.ahead, self._ahead, known_ahead(columns))
        a[:, :, a.shape[2] - table.shape[1] :] = table[sessions.tracks_a]
        b[:, :, b.shape[2] - table.shape[1] :] = table[sessions.tracks_b]
        a[~mask_a] = 0
        b[~mask_b] = 0
        return Batch(
            a=torch.from_numpy(a),
            b=torch.from_numpy(b),
            mask_a=torch.from_numpy(mask_a),
            mask_b=torch.from_numpy(mask_b),
            target=torch.from_numpy(sessions.skipped.astype(np.float32)),
            causes=torch.from_numpy(sessions.causes),
            tracks_a=torch.from_numpy(sessions.tracks_a),
            tracks_b=torch.from_numpy(sessions.tracks_b),
        )


def _moments(values: Floats) -> tuple[float, float]:
    """Mean and spread of a feature; a spread of 1 where it never varies."""
    spread = float(values.std(dtype=np.float64))
    return float(values.mean(dtype=np.float64)), spread if spread > 1e-9 else 1.0


def _place() -> tuple[Dense, ...]:
    return tuple(Dense(name, EVERYWHERE) for name in PLACE)


def _fill_place(
    into: Floats, position: Floats, half: Floats, lengths: npt.NDArray[np.uint8]
) -> None:
    into[:, :, 0] = position / LONGEST
    into[:, :, 1] = lengths[:, None] / LONGEST
    into[:, :, 2] = (position - half) / HALF


def _fill_plays(
    into: Floats,
    plays: npt.NDArray[np.uint8],
    names: tuple[str, ...],
    columns: tuple[Column, ...],
) -> None:
    """Behind the place the columns `names`; `plays` has `columns`, and others stay zero."""
    there = {c.name: i for i, c in enumerate(columns)}
    at = len(PLACE)
    for name in names:
        lookup = _lookup(name)
        if name in there:
            into[:, :, at : at + lookup.shape[1]] = lookup[plays[:, :, there[name]]]
        at += lookup.shape[1]


def _dense(name: str) -> tuple[Dense, ...]:
    """Dense columns that an input becomes."""
    column = BY_NAME[name]
    if column.kind == "category":
        return tuple(Dense(f"{name}={category}", column.group) for category in column.categories)
    if column.kind in ("cycle", "date"):
        return Dense(f"{name} (sine)", column.group), Dense(f"{name} (cosine)", column.group)
    return (Dense(name, column.group),)


def _lookup(name: str) -> Floats:
    """(256, dense) numbers for each value a byte of this column can have."""
    column = BY_NAME[name]
    values = np.arange(256)
    if column.kind == "category":
        table = (values[:, None] == np.arange(len(column.categories))).astype(np.float64)
    elif column.kind in ("cycle", "date"):
        angle = 2 * np.pi * values / column.period
        table = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    elif column.kind == "share":
        span = column.maximum - column.minimum
        table = (column.minimum + span * values / SHARE_STEPS)[:, None]
    elif column.kind == "magnitude":
        table = (values / SHARE_STEPS)[:, None]
    else:
        table = (np.log1p(values) if column.kind == "count" else values)[:, None]
    return np.asarray(table, dtype=np.float32)
