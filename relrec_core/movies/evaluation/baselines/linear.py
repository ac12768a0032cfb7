"""Linear item-item models: scores = X B, with the B (V, V) that brings back the histories X best.

Every score is a sum over the movies of the history, so each is explained as exactly as RecoNet.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from relrec_core.movies.model.relevance import Doubles
from relrec_core.movies.model.weights import Floats


@dataclass(frozen=True, eq=False)
class ItemItem:
    """Histories (B, V) and weights (V, V)."""

    histories: sparse.csr_matrix
    weights: npt.NDArray[np.floating]

    def __call__(self) -> Floats:
        """Scores (B, V) of all movies for all histories."""
        return np.asarray(self.histories @ self.weights, dtype=np.float32)


@dataclass(frozen=True)
class Edlae:
    """Linear autoencoder with emphasised dropout in closed form (Steck 2020, equation 5).

    C = (X^T X + L)^-1 with L = dropout / (1 - dropout) diag(X^T X) + regularisation I, and
    B = I - C diag(1 / diag C), whose diagonal is zero.

    Args:
        dropout: chance that an entry of a history is hidden in the training it stands for.
        regularisation: added to the diagonal.
    """

    dropout: float
    regularisation: float

    def fit(self, liked: sparse.csr_matrix) -> ItemItem:
        """Learn from binary histories (B, V)."""
        gram = _gram(liked)
        diagonal = np.diag(gram) * (self.dropout / (1 - self.dropout)) + self.regularisation
        gram[np.diag_indices_from(gram)] += diagonal
        inverse = np.linalg.inv(gram)
        weights = -inverse / np.diag(inverse)
        np.fill_diagonal(weights, 0)
        return ItemItem(liked, weights)


@dataclass(frozen=True)
class Slim:
    """Sparse linear method: an elastic net without negative weights (Ning and Karypis 2011).

    min 1/2 |X - X B|^2 + ridge / 2 |B|^2 + lasso |B|_1 with B >= 0 and a zero diagonal, solved
    for all columns at once by the alternating direction method of multipliers (Steck et al.
    2020, "ADMM SLIM", algorithm 1), whose steps are products of matrices.

    Args:
        lasso: weight of the absolute values.
        ridge: weight of the squares.
        iterations: of the method.
    """

    lasso: float
    ridge: float
    iterations: int = 40

    def fit(self, liked: sparse.csr_matrix) -> ItemItem:
        """Learn from binary histories (B, V)."""
        gram = _gram(liked)
        step = float(np.diag(gram).mean()) + self.ridge  # what ties the two copies of B together
        inverse = np.linalg.inv(gram + (self.ridge + step) * np.eye(len(gram))).astype(np.float32)
        fixed = np.asarray(inverse @ gram.astype(np.float32))
        diagonal = np.diag(inverse)
        kept = np.zeros_like(fixed)  # B, sparse
        dual = np.zeros_like(fixed)
        for _ in range(self.iterations):
            free = fixed + step * (inverse @ (kept - dual))
            free -= inverse * (np.diag(free) / diagonal)  # the diagonal becomes zero
            kept = np.maximum(free + dual - self.lasso / step, 0)
            np.fill_diagonal(kept, 0)
            dual += free - kept
        return ItemItem(liked, kept)


def _gram(liked: sparse.csr_matrix) -> Doubles:
    return np.asarray((liked.T @ liked).toarray(), dtype=np.float64)
