"""Perturbation curves: what a score does as parts of the input go, in some order.

Samek et al. 2017; Bharadhwaj 2018, section 3.3; the symmetric relevance gain SRG of Bluecher et
al. 2024 is the area under least-relevant-first minus the area under most-relevant-first.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Rescore = Callable[[npt.NDArray[np.bool_]], Floats]


def steps(cells: int, count: int) -> npt.NDArray[np.int64]:
    """Numbers of cells (count + 1,) removed at each step, from none to all, evenly."""
    return np.round(np.linspace(0, cells, count + 1)).astype(np.int64)


def curve(order: npt.NDArray[np.int64], rescore: Rescore, count: int) -> Floats:
    """Scores (count + 1,) as the cells go in this order.

    Args:
        order: (n,) cells, the first to go first.
        rescore: kept (R, n) -> scores (R,).
        count: steps from the whole input to nothing.
    """
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    removed = steps(len(order), count)
    return rescore(rank[None, :] >= removed[:, None])


def area(scores: Floats) -> float:
    """Mean height of a curve over the share of cells removed (trapezoids)."""
    return float(np.trapezoid(scores, dx=1 / (len(scores) - 1)))


def relevance_gain(most_first: Floats, least_first: Floats) -> float:
    """SRG in units of the score; 0 is what a random order gets on average."""
    return area(least_first) - area(most_first)
