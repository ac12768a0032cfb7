"""A model beside both baselines, each with its uncertainty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from relrec_core.sessions.data.sessions import Bools
from relrec_core.sessions.model.metrics import THRESHOLD

MODEL, LAST, MEAN = "model", "last", "mean"
RESAMPLES = 2000

Counts = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Interval:
    """A share measured on sessions, and its 95 % interval over draws of them."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """Accuracies of `MODEL`, `LAST` and `MEAN`, and by how much the model is `ahead` of the better
    baseline, named `better`; all are shares of the same tracks."""

    accuracy: dict[str, Interval]
    better: str
    ahead: Interval


def compared(
    said: Mapping[str, npt.NDArray[np.float64]], skipped: Bools, mask: Bools
) -> Comparison:
    """Compare probabilities (S, 10) of a skip of `MODEL`, `LAST` and `MEAN` with what happened."""
    tracks = mask.sum(axis=1)  # (S,)
    right = {
        name: (((probability >= THRESHOLD) == skipped) & mask).sum(axis=1)
        for name, probability in said.items()
    }  # each (S,)
    better = max((LAST, MEAN), key=lambda name: int(right[name].sum()))
    return Comparison(
        accuracy={name: interval(found, tracks) for name, found in right.items()},
        better=better,
        ahead=interval(right[MODEL] - right[better], tracks),
    )


def interval(found: Counts, tracks: Counts, seed: int = 0) -> Interval:
    """The share sum of `found` (S,) / sum of `tracks` (S,), and its bootstrap percentile interval
    (Efron 1979): sessions are drawn again with all their tracks, which resemble one another."""

    def share(x: Counts, n: Counts, axis: int) -> npt.NDArray[np.float64]:
        return np.asarray(x.sum(axis=axis) / n.sum(axis=axis))

    drawn = stats.bootstrap(
        (found, tracks),
        share,
        n_resamples=RESAMPLES,
        paired=True,
        vectorized=True,
        method="percentile",
        rng=np.random.default_rng(seed),
    ).confidence_interval
    return Interval(float(found.sum() / tracks.sum()), float(drawn.low), float(drawn.high))
