"""Recommenders by vectors of movies, with a rule that folds a history in: mean, or ALS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.linalg.blas import dsyrk
from scipy.linalg.lapack import dposv

from relrec_core.movies.data.features import Indices
from relrec_core.movies.model.relevance import Doubles
from relrec_core.movies.model.removal import Removal
from relrec_core.movies.model.scorer import Kept, Linear, Scores, having
from relrec_core.movies.model.threads import one_blas_thread
from relrec_core.movies.model.weights import Floats

CELLS = 1 << 21
"""Numbers of the matrices that are solved at once."""
ROUNDING, TINY = 1e-9, 1e-300
"""By how much sums in double precision may be off, and what is divided by instead of nothing."""


@dataclass(frozen=True, eq=False)
class MeanVectors(Linear):
    """score_c = y_c . mean of y_k over the liked movies k.

    Args:
        vectors: (V, d) of all movies.
    """

    vectors: Floats

    @property
    def method(self) -> str:
        """Each contribution is a product of two vectors."""
        return "products of vectors over the size of the history"

    @property
    def removal(self) -> Removal:
        """The others count for more in the mean."""
        return "mean"

    @property
    def n_items(self) -> int:
        """V, how many movies are scored."""
        return len(self.vectors)

    @cached_property
    def _y(self) -> Doubles:
        return self.vectors.astype(np.float64)

    def shares(self, bag: Indices, items: Indices) -> Doubles:
        """y_c . y_k / n of liked movies (n,) and movies (C,): (n, C)."""
        return np.asarray(self._y[bag] @ self._y[items].T / len(bag))

    def shares_of_all(self, bags: sparse.csr_matrix, items: Indices) -> Doubles:
        """y_c . y_k / n of entries of histories (B, V) and their users' movies (B, C): (nnz, C)."""
        sizes = np.diff(bags.indptr)
        read = self._y[items] / np.maximum(sizes, 1)[:, None, None]  # (B, C, d)
        return _products(bags, self._y, read)

    def logits(self, bag: Indices) -> Scores:
        """Scores of all movies, (V,)."""
        return np.asarray(self._y @ (self._y[bag].sum(axis=0) / max(len(bag), 1)))

    def logits_of_all(self, bags: sparse.csr_matrix) -> Scores:
        """Scores of all movies for many histories: (B, V) -> (B, V)."""
        return np.asarray(self.user_vectors(bags) @ self._y.T)

    def average(self, bags: sparse.csr_matrix) -> Doubles:
        """Mean score of every movie over all users, (V,)."""
        return np.asarray(self._y @ self.user_vectors(having(bags)).mean(axis=0))

    @property
    def item_vectors(self) -> Scores:
        """(V, d)."""
        return self._y

    def user_vectors(self, bags: sparse.csr_matrix) -> Doubles:
        """Means of the vectors of many histories: (B, V) -> (B, d)."""
        sizes = np.maximum(np.diff(bags.indptr), 1)
        return np.asarray((bags @ self._y) / sizes[:, None])

    def removed(self, bag: Indices, kept: Kept, item: int) -> Doubles:
        """The mean is taken over what is kept: (R, n) -> (R,)."""
        count = np.maximum(kept.sum(axis=1), 1)
        return np.asarray(kept @ (self._y[bag] @ self._y[item]) / count)

    def ahead(self, bag: Indices, item: int, rivals: Indices) -> Doubles:
        """Difference of two scores times the size of the history, (R,)."""
        return np.asarray((self._y[item] - self._y[rivals]) @ self._y[bag].sum(axis=0))

    def advantage(self, bag: Indices, features: Indices, item: int, rivals: Indices) -> Doubles:
        """(y_c - y_c') . y_k, (K, R)."""
        return np.asarray(self._y[features] @ (self._y[item] - self._y[rivals]).T)


@dataclass(frozen=True, eq=False)
class AlsVectors(Linear):
    """Alternating least squares on implicit feedback with the user folded in (Hu et al. 2008).

    Section 5: score_c = y_c^T W_u sum over k of c_uk y_k, W_u = (Y^T Y + Y^T (C_u - I) Y +
    regularisation I)^-1, with confidence c_uk = alpha in a liked movie k and 1 in every other.
    A movie that leaves the history changes W_u, so that its share is not what the score loses.

    Args:
        vectors: (V, d) factors of all movies.
        regularisation: weight of the squared length of a user's vector.
        alpha: confidence in a liked movie.
        others: (d, d) Y^T Y of further items that are not ranked, 0 without any.
    """

    vectors: Floats
    regularisation: float
    alpha: float
    others: Doubles | float = 0.0

    @property
    def method(self) -> str:
        """The paper's section 5."""
        return "least squares, user folded in"

    @property
    def removal(self) -> Removal:
        """The user's vector is solved for again."""
        return "fold-in"

    @property
    def parameters(self) -> Mapping[str, float]:
        """Of the fold-in."""
        return {"regularisation": self.regularisation, "alpha": self.alpha}

    @property
    def n_items(self) -> int:
        """V, how many movies are scored."""
        return len(self.vectors)

    @cached_property
    def _y(self) -> Doubles:
        return self.vectors.astype(np.float64)

    @cached_property
    def _nobody(self) -> Doubles:
        """Y^T Y + regularisation I, (d, d)."""
        ridge = self.regularisation * np.eye(self._y.shape[1])
        return np.asarray(self._y.T @ self._y + self.others + ridge)

    def _equations(self, bag: Indices) -> Doubles:
        """Y^T C_u Y + regularisation I of a history, (d, d)."""
        own = self._y[bag]
        return np.asarray(self._nobody + (self.alpha - 1) * own.T @ own)

    def _user(self, bag: Indices) -> Doubles:
        """A user's vector, (d,); zero for an empty history."""
        return np.linalg.solve(self._equations(bag), self.alpha * self._y[bag].sum(axis=0))

    def _solved(self, bags: sparse.csr_matrix, sides: Doubles) -> Doubles:
        """W_u times right sides (B, d, K) of many users, (B, V) -> (B, d, K)."""
        found = np.zeros_like(sides)
        with one_blas_thread():
            for row, bag in enumerate(_histories(bags)):
                if len(bag):
                    upper = dsyrk(self.alpha - 1, self._y[bag].T, beta=1.0, c=self._nobody)
                    _, found[row], bad = dposv(upper, sides[row], overwrite_a=True)
                    if bad:
                        raise np.linalg.LinAlgError("the equations of a user have no solution")
        return found

    @property
    def item_vectors(self) -> Scores:
        """(V, d)."""
        return self._y

    def user_vectors(self, bags: sparse.csr_matrix) -> Doubles:
        """Vectors of many users: (B, V) -> (B, d)."""
        sums = self.alpha * np.asarray(bags @ self._y)  # (B, d)
        return self._solved(bags, sums[:, :, None])[:, :, 0]

    def shares(self, bag: Indices, items: Indices) -> Doubles:
        """alpha y_c^T W_u y_k of liked movies (n,) and movies (C,): (n, C)."""
        read = np.linalg.solve(self._equations(bag), self._y[items].T)  # (d, C)
        return np.asarray(self.alpha * self._y[bag] @ read)

    def shares_of_all(self, bags: sparse.csr_matrix, items: Indices) -> Doubles:
        """The same of entries of histories (B, V) and their users' movies (B, C): (nnz, C)."""
        read = self._solved(bags, np.swapaxes(self._y[items], 1, 2))  # (B, d, C)
        return _products(bags, self.alpha * self._y, np.swapaxes(read, 1, 2))

    def logits(self, bag: Indices) -> Scores:
        """Scores of all movies, (V,)."""
        return np.asarray(self._y @ self._user(bag))

    def logits_of_all(self, bags: sparse.csr_matrix) -> Scores:
        """Scores of all movies for many histories: (B, V) -> (B, V)."""
        return np.asarray(self.user_vectors(bags) @ self._y.T)

    def average(self, bags: sparse.csr_matrix) -> Doubles:
        """Mean score of every movie over all users, (V,)."""
        return np.asarray(self._y @ self.user_vectors(having(bags)).mean(axis=0))

    def removed(self, bag: Indices, kept: Kept, item: int) -> Doubles:
        """The user's vector is solved for again from what is kept: (R, n) -> (R,)."""
        own, dim = self._y[bag], self._y.shape[1]
        outer = (own[:, :, None] * own[:, None, :]).reshape(len(bag), -1)  # (n, d d)
        size = max(1, CELLS // dim**2)
        found = []
        for start in range(0, len(kept), size):
            part = kept[start : start + size].astype(np.float64)
            equations = self._nobody + (self.alpha - 1) * (part @ outer).reshape(-1, dim, dim)
            users = np.linalg.solve(equations, self.alpha * (part @ own)[:, :, None])[:, :, 0]
            found.append(users @ self._y[item])
        return np.concatenate(found) if found else np.zeros(0)

    def folded_again(self, bag: Indices, moves: Indices, item: int, rivals: Indices) -> FoldedAgain:
        """What movies (M,) that all leave a history, or all come to it, do to the lead of one."""
        sign = -1.0 if np.isin(moves, bag).all() else 1.0
        inverse, user = np.linalg.inv(self._equations(bag)), self._user(bag)
        y, lead = self._y[moves], self._y[item] - self._y[rivals]  # (M, d), (R, d)
        turned = y @ inverse
        return FoldedAgain(
            gaps=lead @ user,
            gains=sign * (turned @ lead.T),
            mixed=sign * (self.alpha - 1) * (turned @ y.T),
            pulls=self.alpha - (self.alpha - 1) * (y @ user),
        )

    def advantage(self, bag: Indices, features: Indices, item: int, rivals: Indices) -> Doubles:
        """What each movie that leaves or comes alone changes, (K, R), by the new user's vector.

        Sherman-Morrison: W_u of one entry less or more is W_u and a matrix of rank one.
        """
        inverse, user = np.linalg.inv(self._equations(bag)), self._user(bag)
        y = self._y[features]  # (K, d)
        turned = y @ inverse  # (K, d): W_u y_k
        inside = np.isin(features, bag)
        sign = np.where(inside, -1.0, 1.0)
        change = sign * (self.alpha - 1)  # of the confidence in k
        length = (turned * y).sum(axis=1)
        moved = (sign * self.alpha - change * (y @ user)) / (1 + change * length)
        changed = (sign * moved)[:, None] * turned  # (K, d): what k has brought or would bring
        return np.asarray(changed @ (self._y[item] - self._y[rivals]).T)


@dataclass(frozen=True, eq=False)
class FoldedAgain:
    """How far a movie is ahead of rivals (R,) once a set of moves (M,) has changed a history.

    With s = -1 for leaving and 1 for coming, and K = Y_S W_u Y_S^T, the user's new vector is
    x_u + s W_u Y_S^T c where (I + s (alpha - 1) K) c = alpha - (alpha - 1) Y_S x_u (Woodbury).

    Args:
        gaps: (R,) as it is.
        gains: (M, R) s W_u y_k times the difference of the movie's and the rival's vectors.
        mixed: (M, M) s (alpha - 1) K of all moves.
        pulls: (M,) the right side.
    """

    gaps: Doubles
    gains: Doubles
    mixed: Doubles
    pulls: Doubles

    def ahead(self, sets: Indices) -> Doubles:
        """After each of these sets of moves, (S, k) rows of them: (S, R)."""
        size = sets.shape[1]
        equations = np.eye(size) + self.mixed[sets[:, :, None], sets[:, None, :]]
        solved = np.linalg.solve(equations, self.pulls[sets][:, :, None])[:, :, 0]  # (S, k)
        found = np.tile(self.gaps, (len(sets), 1))
        for place in range(size):
            found += solved[:, [place]] * self.gains[sets[:, place]]
        return found

    def may_pass(self, size: int) -> npt.NDArray[np.bool_]:
        """Which rivals may be ahead once at most so many moves were made, (R,); none is missing.

        A lead changes by g^T (I + H)^-1 c of the set, H being its part of `mixed`. Eigenvalues of
        H are of one sign and, in size, at most l, the largest sum of `size` entries of a row, so
        that those of the inverse lie within m +- h: the change is at most m g^T c + h |g| |c|, and
        |g| |c| <= (t |g|^2 + |c|^2 / t) / 2 makes that a sum over the moves, for every t > 0.
        """
        most = min(size, len(self.gains))
        length = float(_largest(np.abs(self.mixed), most).max())
        if np.trace(self.mixed) < 0:
            length = -min(length, -float(np.linalg.eigvalsh(self.mixed)[0]))
        middle, half = (1 + 1 / (1 + length)) / 2, abs(1 - 1 / (1 + length)) / 2
        squares, pulls = self.gains**2, self.pulls[:, None] ** 2
        t = np.sqrt(_largest(pulls, most) / np.maximum(_largest(squares, most), TINY))
        lost = half / 2 * (t * squares + pulls / np.maximum(t, TINY))  # (M, R)
        lost -= middle * self.gains * self.pulls[:, None]
        reach = _largest(np.maximum(lost, 0), most)
        return np.asarray(reach + ROUNDING * (1 + np.abs(self.gaps) + reach) >= self.gaps)


def _largest(values: Doubles, n: int) -> Doubles:
    """The sum of the n largest of each column, (M, R) -> (R,)."""
    return np.asarray(np.partition(values, len(values) - n, axis=0)[len(values) - n :].sum(axis=0))


def _histories(bags: sparse.csr_matrix) -> list[Indices]:
    """The liked movies of each user."""
    return np.split(bags.indices.astype(np.int64), bags.indptr[1:-1])


def _products(bags: sparse.csr_matrix, vectors: Doubles, read: Doubles) -> Doubles:
    """Vectors (V, d) of the entries of histories (B, V) read by (B, C, d) of users: (nnz, C)."""
    with one_blas_thread():
        parts = [vectors[bag] @ of.T for bag, of in zip(_histories(bags), read, strict=True)]
    return np.concatenate(parts)
