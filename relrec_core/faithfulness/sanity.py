"""Do maps depend on what the network learned, and little on what nobody sees?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr

Map = npt.NDArray[np.floating]


def rank_correlation(one: Map, other: Map) -> float:
    """Spearman's rank correlation of two maps (S, S); 0 if one is the same everywhere.

    After a network's weights were randomised, lower is better (Adebayo et al. 2018, section 3.1).
    """
    if not np.ptp(one) or not np.ptp(other):
        return 0.0
    return float(spearmanr(one, other, axis=None).statistic)


def max_sensitivity(found: Map, disturbed: Sequence[Map]) -> float:
    """The largest change of a map under small noise, for its norm; lower is better.

    max ||E(x + n) - E(x)|| / ||E(x)|| over some n (Yeh et al. 2019, definition 3, for the norm).

    Args:
        found: (S, S) the map E(x), not zero everywhere.
        disturbed: maps of the same input with noise.
    """
    norm = float(np.linalg.norm(found))
    return max(float(np.linalg.norm(each - found)) for each in disturbed) / norm
