"""Bayesian personalised ranking and logistic matrix factorisation by the package `implicit`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from relrec_core.movies.model.threads import one_blas_thread
from relrec_core.movies.model.weights import Floats


@dataclass(frozen=True, eq=False)
class Factors:
    """Factors of viewers (B, K) and of films (V, K), biases among them."""

    viewers: Floats
    films: Floats

    def __call__(self) -> Floats:
        """Inner products (B, V)."""
        return np.asarray(self.viewers @ self.films.T, dtype=np.float32)


@dataclass(frozen=True)
class Bpr:
    """Liked films before others, by stochastic gradient ascent (Rendle et al. 2009, section 4).

    The package draws the others as often as they are liked, so popular films lose by it. One
    thread, since several would race and not repeat their result.

    Args:
        factors: dimensions.
        learning_rate: of each step.
        regularisation: weight of the squared length of the factors.
        iterations: passes, each of as many samples as there are liked pairs.
    """

    factors: int
    learning_rate: float
    regularisation: float
    iterations: int
    seed: int = 0

    def fit(self, liked: sparse.csr_matrix) -> Factors:
        """Learn from binary histories (B, V)."""
        from implicit.bpr import BayesianPersonalizedRanking

        with one_blas_thread():
            model = BayesianPersonalizedRanking(
                factors=self.factors,
                learning_rate=self.learning_rate,
                regularization=self.regularisation,
                iterations=self.iterations,
                num_threads=1,
                random_state=self.seed,
            )
            model.fit(liked, show_progress=False)
        return Factors(model.user_factors, model.item_factors)


@dataclass(frozen=True)
class Lmf:
    """Probability of a liked pair as a logistic function of factors (Johnson 2014, equation 1).

    Args:
        factors: dimensions.
        learning_rate: of AdaGrad.
        regularisation: weight of the squared length of the factors.
        iterations: passes over viewers and films.
        negatives: sampled unknown pairs for each liked one.
    """

    factors: int
    learning_rate: float
    regularisation: float
    iterations: int
    negatives: int = 30
    seed: int = 0

    def fit(self, liked: sparse.csr_matrix) -> Factors:
        """Learn from binary histories (B, V)."""
        from implicit.lmf import LogisticMatrixFactorization

        with one_blas_thread():
            model = LogisticMatrixFactorization(
                factors=self.factors,
                learning_rate=self.learning_rate,
                regularization=self.regularisation,
                iterations=self.iterations,
                neg_prop=self.negatives,
                num_threads=1,
                random_state=self.seed,
            )
            model.fit(liked, show_progress=False)
        return Factors(model.user_factors, model.item_factors)
