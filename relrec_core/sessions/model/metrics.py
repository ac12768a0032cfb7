"""Metrics of skip prediction on the second half B (Afchar and Hennequin 2020, section 4.3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from relrec_core.errors import ConfigError
from relrec_core.sessions.data.sessions import Bools

THRESHOLD = 0.5
"""A track is predicted as skipped from this probability on."""


@dataclass(frozen=True)
class Scores:
    """Shares from 0 to 1, over `sessions` sessions with `tracks` tracks to predict.

    `accuracy` counts each track once, `first` the first track of B only (Acc@1), `maa` averages
    over sessions. `by_position` is the accuracy at each place of B, NaN where no session gets to.
    """

    accuracy: float
    first: float
    maa: float
    by_position: tuple[float, ...]
    sessions: int
    tracks: int


def score(probability: npt.ArrayLike, skipped: Bools, mask: Bools) -> Scores:
    """Scores of (S, 10) probabilities of a skip against what happened, where `mask` is True.

    MAA is the mean over sessions of AA = sum_j acc(j) L(j) / T: acc(j) the accuracy over the
    first j tracks, L(j) 1 if track j is right, T the number of tracks in B.
    """
    if len(mask) == 0 or not mask.any(axis=1).all():
        raise ConfigError("There is nothing to score: a session has no track to predict.")
    right = ((np.asarray(probability) >= THRESHOLD) == skipped) & mask
    so_far = right.cumsum(axis=1) / np.arange(1, mask.shape[1] + 1)
    average = (so_far * right).sum(axis=1) / mask.sum(axis=1)
    reached = mask.sum(axis=0)
    by_position = np.where(reached > 0, right.sum(axis=0) / np.maximum(reached, 1), np.nan)
    return Scores(
        accuracy=float(right.sum() / mask.sum()),
        first=float(right[:, 0].mean()),
        maa=float(average.mean()),
        by_position=tuple(by_position.tolist()),
        sessions=len(mask),
        tracks=int(mask.sum()),
    )
