"""Recommenders by an item-item matrix: EASE, cosine neighbours, or one's own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from relrec_core.movies.data.features import Indices
from relrec_core.movies.model.relevance import Doubles
from relrec_core.movies.model.removal import Removal
from relrec_core.movies.model.scorer import Kept, Linear, Scores, having, owners
from relrec_core.movies.model.weights import Floats

Matrix = Floats | sparse.csr_matrix


@dataclass(frozen=True, eq=False)
class ItemItem(Linear):
    """score_c = sum over the liked movies k of M_kc: linear in the history as it is.

    Args:
        matrix: (V, V), row k what a liked movie k adds to the score of each; dense or sparse.
    """

    matrix: Matrix

    @property
    def method(self) -> str:
        """Each contribution stands in the matrix."""
        return "entries of the item-item matrix"

    @property
    def removal(self) -> Removal:
        """The others stay as they are."""
        return "sum"

    @property
    def n_items(self) -> int:
        """V, how many movies are scored."""
        return int(self.matrix.shape[0])

    def shares(self, bag: Indices, items: Indices) -> Doubles:
        """M_kc of liked movies (n,) and movies (C,): (n, C)."""
        if isinstance(self.matrix, sparse.csr_matrix):
            return np.asarray(self.matrix[bag][:, items].toarray(), dtype=np.float64)
        return self.matrix[np.ix_(bag, items)].astype(np.float64)

    def shares_of_all(self, bags: sparse.csr_matrix, items: Indices) -> Doubles:
        """M_kc of the entries of histories (B, V) and their users' movies (B, C): (nnz, C)."""
        rows = np.repeat(bags.indices, items.shape[1])
        return np.asarray(self.matrix[rows, items[owners(bags)].ravel()], dtype=np.float64).reshape(
            -1, items.shape[1]
        )

    def logits(self, bag: Indices) -> Scores:
        """Scores of all movies, (V,)."""
        if isinstance(self.matrix, sparse.csr_matrix):
            rows = self.matrix[bag].astype(np.float64)
            return np.asarray(rows.sum(axis=0), dtype=np.float64).ravel()
        return np.asarray(self.matrix[bag].sum(axis=0, dtype=np.float64))

    def logits_of_all(self, bags: sparse.csr_matrix) -> Scores:
        """Histories times matrix: (B, V) -> (B, V)."""
        found = sparse.csr_matrix(bags) @ self.matrix
        return np.asarray(found.toarray() if sparse.issparse(found) else found)

    def average(self, bags: sparse.csr_matrix) -> Doubles:
        """The share of users who liked each movie, times the matrix: (V,)."""
        liked = np.asarray(having(bags).astype(np.float64).mean(axis=0)).ravel()
        return np.asarray(self.matrix.T @ liked, dtype=np.float64)

    def removed(self, bag: Indices, kept: Kept, item: int) -> Doubles:
        """The sum over what is kept: (R, n) -> (R,)."""
        return np.asarray(kept @ self.shares(bag, np.array([item]))[:, 0], dtype=np.float64)

    def advantage(self, bag: Indices, features: Indices, item: int, rivals: Indices) -> Doubles:
        """M_kc - M_kc', (K, R)."""
        own = self.shares(features, np.array([item]))
        return own - self.shares(features, rivals)


def ease(liked: sparse.csr_matrix, regularisation: float) -> Doubles:
    """Linear item-item model with a zero diagonal in closed form (Steck 2019, equation 8).

    P = (X^T X + regularisation I)^-1, B_kc = -P_kc / P_cc off the diagonal: (B, V) -> (V, V).
    """
    gram = (liked.T @ liked).toarray().astype(np.float64)
    gram[np.diag_indices_from(gram)] += regularisation
    inverse = np.linalg.inv(gram)
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0)
    return np.asarray(weights)


def cosine(liked: sparse.csr_matrix, neighbours: int) -> npt.NDArray[np.float32]:
    """Cosine similarity of movies by who liked them, of the nearest `neighbours` of each.

    (B, V) -> (V, V), column c holding the neighbours of movie c; zero on the diagonal.
    """
    lengths = np.sqrt(np.asarray(liked.multiply(liked).sum(axis=0))).ravel()
    unit = (liked @ sparse.diags_array(1 / np.maximum(lengths, 1e-12))).tocsc()
    similar = np.asarray((unit.T @ unit).toarray(), dtype=np.float32)
    np.fill_diagonal(similar, 0)
    if neighbours < len(similar):
        limit = np.partition(similar, -neighbours, axis=0)[-neighbours]
        similar[similar < limit] = 0
    return similar
