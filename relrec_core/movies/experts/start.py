"""Where taste begins: the singular vectors of the ratings that are to be learnt.

He et al. 2017 (section 3.4.1) start their network from a trained factorisation, because the loss
is not convex. Here the factorisation is the truncated singular value decomposition.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import svds

from relrec_core.movies.experts.inputs import TASTE_SPREAD
from relrec_core.movies.peers import Scores
from relrec_core.movies.weights import Floats


def factors(known: sparse.csr_matrix, size: int, seed: int) -> tuple[Floats, Floats]:
    """The strongest `size` factors of (U, I) ratings, each side scaled to `TASTE_SPREAD`.

    X ~ U S V^T; viewers get U sqrt(S), films V sqrt(S). A small data set has fewer factors; the
    other columns are zero.

    Returns:
        (U, size) of viewers and (I, size) of films.
    """
    rank = min(size, min(known.shape) - 1)
    start = np.random.default_rng(seed).standard_normal(min(known.shape))
    u, s, vt = svds(known.astype(np.float64), k=rank, v0=start)
    sides = (u * np.sqrt(s), vt.T * np.sqrt(s))
    viewers, films = (np.pad(x * TASTE_SPREAD / x.std(), ((0, 0), (0, size - rank))) for x in sides)
    return viewers.astype(np.float32), films.astype(np.float32)


@dataclass(frozen=True)
class PureSvd:
    """What the start alone recommends: a viewer's factors times a film's (Cremonesi 2010)."""

    size: int

    def fit(self, liked: sparse.csr_matrix) -> Scores:
        """Learn from (U, I) ratings; what comes back scores all films for their viewers."""
        viewers, films = factors(liked, self.size, seed=0)
        return lambda: np.asarray(viewers @ films.T, dtype=np.float32)
