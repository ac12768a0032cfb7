"""Hit rate and NDCG of the held-out film among unrated ones (He et al. 2017, section 4.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from relrec_core.experts.attribution import Doubles
from relrec_core.movies.experts.data.holdout import NOBODY, Cases

TOP = 10


@dataclass(frozen=True)
class Ranking:
    """`hit_rate`: share of held-out films among the first ten; `ndcg`: 1 / log2(place + 1)."""

    hit_rate: float
    ndcg: float
    cases: int


def places(scores: npt.ArrayLike, cases: Cases) -> Doubles:
    """Place of the held-out film, 1 is best: scores (C, 1 + n) -> (C,).

    Films of the same score share their places: with two ties each stands half a place lower.
    """
    table = np.asarray(scores, dtype=np.float64)
    real = cases.candidates[:, 1:] != NOBODY  # (C, n)
    others, held_out = table[:, 1:], table[:, :1]
    better = ((others > held_out) & real).sum(axis=1)
    equal = ((others == held_out) & real).sum(axis=1)
    return np.asarray(1 + better + equal / 2, dtype=np.float64)


def ranking(scores: npt.ArrayLike, cases: Cases, k: int = TOP) -> Ranking:
    """HR@k and NDCG@k, averaged over viewers."""
    place = places(scores, cases)
    hit = place <= k
    gain = np.where(hit, 1 / np.log2(place + 1), 0.0)
    return Ranking(float(hit.mean()), float(gain.mean()), len(place))
