"""What networks learn from: rated movies and, by negative sampling, others, afresh each epoch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy import sparse

from relrec_core.movies.data.features import Indices


class Examples:
    """Every rating of (U, I) `known` with `negatives` films that its viewer has not rated there.

    What is held out may be drawn as well: a model that never saw it drawn would know that it is
    held out. A viewer who knows every film has no negatives and is left out.
    """

    def __init__(self, known: sparse.csr_matrix, negatives: int) -> None:
        self.negatives, self.n_films = negatives, known.shape[1]
        sizes = np.diff(known.indptr)
        viewers = np.repeat(np.arange(known.shape[0], dtype=np.int64), sizes)
        films = known.indices.astype(np.int64)
        self._known = np.sort(viewers * self.n_films + films)  # one number a rating
        some = (sizes < self.n_films)[viewers]
        self.viewers, self.films = viewers[some], films[some]  # (N,), (N,)

    def __len__(self) -> int:
        return len(self.viewers)

    def draw(self, rows: Indices, seed: Sequence[int]) -> Indices:
        """(B,) rows of ratings -> (B, 1 + negatives) films, the rated one first."""
        draw = np.random.default_rng(seed)
        viewers = np.repeat(self.viewers[rows], self.negatives)  # (B * negatives,)
        found = draw.integers(0, self.n_films, len(viewers))
        open_ = np.arange(len(found))
        while len(open_):
            open_ = open_[self._is_known(viewers[open_], found[open_])]
            found[open_] = draw.integers(0, self.n_films, len(open_))
        return np.column_stack([self.films[rows], found.reshape(len(rows), -1)])

    def _is_known(self, viewers: Indices, films: Indices) -> npt.NDArray[np.bool_]:
        keys = viewers * self.n_films + films
        places = np.minimum(np.searchsorted(self._known, keys), len(self._known) - 1)
        return np.asarray(self._known[places] == keys)
