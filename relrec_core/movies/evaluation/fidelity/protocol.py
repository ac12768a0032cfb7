"""Fidelity as published explainers measure it: histories lose, or keep, what was named first.

Gurevitch et al. (LXR, WWW 2024) and Mazuz et al. ("Refining Fidelity Metrics", SIGIR 2025).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from relrec_core.movies.data.features import Indices
from relrec_core.movies.model.relevance import Doubles

COUNTS = range(1, 6)
"""Entries taken by the discrete protocol, Ke."""
BINS = 10
"""Equal parts of a history, taken one after another by the continuous protocol."""
TOPS = (1, 5, 10, 20)
MEASURES = ("DEL", "INS", "NDCG", *(f"POS@{top}" for top in TOPS))
"""DEL: probability of the item after removal; INS: with nothing but what was removed; NDCG and
POS@K: 1 / log2(1 + rank), and whether the rank is at most K, after removal. Of INS more is
better, of the others less."""

Link = Callable[[Doubles, Indices], Doubles]
"""From (M, C) sums of contributions of `kept` (M,) entries each to (M, C) probabilities."""


@dataclass(frozen=True, eq=False)
class Case:
    """A history of n entries, and the item recommended for it.

    Args:
        entries: (n,) places of the history in the vocabulary.
        gains: (n, C) what each entry adds to the score of each item.
        base: (C,) the scores of an empty history.
        target: the item explained.
        unseen: (C,) which items may be recommended.
    """

    entries: Indices
    gains: Doubles
    base: Doubles
    target: int
    unseen: npt.NDArray[np.bool_]

    @property
    def scores(self) -> Doubles:
        """(C,) of the whole history."""
        return np.asarray(self.base + self.gains.sum(axis=0), dtype=np.float64)


Order = Callable[[Case], Indices]
"""An explanation: the entries of a history, 0 to n - 1, those first that matter most."""


def taken(size: int) -> Mapping[str, Indices]:
    """How many entries of a history of `size` each protocol takes, step by step."""
    parts = np.cumsum([0, *(len(p) for p in np.array_split(np.arange(size), BINS))])
    return {
        "discrete": np.minimum(np.array(COUNTS, dtype=np.int64), size),
        "continuous": parts.astype(np.int64),
    }


def fidelity(case: Case, order: Indices, link: Link) -> dict[str, dict[str, float]]:
    """Measures (`MEASURES`) by protocol of one explanation, each the mean over its steps.

    Args:
        case: what is explained.
        order: (n,) the explanation.
        link: of the recommender.
    """
    size = len(order)
    steps = taken(size)
    counts = np.concatenate(list(steps.values()))  # (M,)
    first = np.arange(size) < counts[:, None]  # (M, n)
    gains = case.gains[order]
    left = link(case.base + (~first).astype(np.float64) @ gains, size - counts)  # (M, C)
    only = link(case.base + first.astype(np.float64) @ gains, counts)
    before = left[:, case.unseen] > left[:, [case.target]]
    rank = 1 + before.sum(axis=1)  # (M,)
    values = {
        "DEL": left[:, case.target],
        "INS": only[:, case.target],
        "NDCG": 1 / np.log2(1 + rank),
        **{f"POS@{top}": (rank <= top).astype(np.float64) for top in TOPS},
    }
    ends = np.cumsum([len(of) for of in steps.values()])
    found: dict[str, dict[str, float]] = {}
    for (protocol, of), end in zip(steps.items(), ends, strict=True):
        part = slice(end - len(of), end)
        found[protocol] = {name: float(value[part].mean()) for name, value in values.items()}
    return found
