"""Other recommenders to measure RecoNet against, on the same histories and by the same recall.

They know liked films only; the factorisation machine may be given attributes (Fusco et al. 2019,
section 5.1, and later peers).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from scipy import sparse

from relrec_core.movies.evaluation.baselines.factorisation import FactorisationMachine
from relrec_core.movies.evaluation.baselines.implicit_models import Bpr, Lmf
from relrec_core.movies.evaluation.baselines.linear import Edlae, Slim
from relrec_core.movies.evaluation.baselines.metric_learning import MetricLearning
from relrec_core.movies.evaluation.baselines.ocular import Ocular
from relrec_core.movies.model.item_item import cosine, ease
from relrec_core.movies.model.threads import one_blas_thread
from relrec_core.movies.model.weights import Floats

Scores = Callable[[], Floats]
"""Scores of all films for all fitted viewers, (B, V)."""


class Peer(Protocol):
    """A recommender with its hyperparameters."""

    def fit(self, liked: sparse.csr_matrix) -> Scores:
        """Learn from binary histories (B, V); what comes back scores all films for them."""


@dataclass(frozen=True)
class Popularity:
    """The same films for everyone: those that most viewers liked."""

    def fit(self, liked: sparse.csr_matrix) -> Scores:
        """Histories (B, V) -> scores (B, V): in how many a movie is."""
        counts = np.asarray(liked.sum(axis=0), dtype=np.float32).ravel()  # (V,)
        return lambda: np.tile(counts, (liked.shape[0], 1))


@dataclass(frozen=True)
class ItemCosine:
    """Sum of the cosine similarities of a film to the films of the history.

    Args:
        neighbours: most similar films that count for each film.
    """

    neighbours: int

    def fit(self, liked: sparse.csr_matrix) -> Scores:
        """Histories (B, V) -> scores (B, V): histories times similarities of movies (V, V)."""
        similar = cosine(liked, self.neighbours)  # (V, V)
        return lambda: np.asarray(liked @ similar, dtype=np.float32)


@dataclass(frozen=True)
class UserCosine:
    """Films liked by viewers with similar histories, weighted by the cosine similarity.

    Args:
        neighbours: most similar viewers that count for each viewer.
    """

    neighbours: int

    def fit(self, liked: sparse.csr_matrix) -> Scores:
        """Histories (B, V) -> scores (B, V): similarities of users (B, B) times histories."""
        similar = _nearest(_cosine(liked), self.neighbours)  # (B, B)
        return lambda: np.asarray(similar @ liked, dtype=np.float32)


@dataclass(frozen=True)
class Ease:
    """Linear item-item model with a zero diagonal in closed form (Steck 2019, equation 8)."""

    regularisation: float

    def fit(self, liked: sparse.csr_matrix) -> Scores:
        """Histories (B, V) -> scores (B, V): histories times the model's weights (V, V)."""
        weights = ease(liked, self.regularisation)  # (V, V)
        return lambda: np.asarray(liked @ weights, dtype=np.float32)


@dataclass(frozen=True)
class Als:
    """Alternating least squares on implicit feedback (Hu et al. 2008) by the package `implicit`.

    Args:
        factors: dimensions of the factors.
        regularisation: weight of their squared length.
        alpha: confidence in a liked film.
    """

    factors: int
    regularisation: float
    alpha: float
    iterations: int = 15
    seed: int = 0

    def fit(self, liked: sparse.csr_matrix) -> Scores:
        """Histories (B, V) -> scores (B, V): products of the factors of users and movies."""
        from implicit.als import AlternatingLeastSquares

        with one_blas_thread():  # implicit has its own threads
            model = AlternatingLeastSquares(
                factors=self.factors,
                regularization=self.regularisation,
                alpha=self.alpha,
                iterations=self.iterations,
                random_state=self.seed,
            )
            model.fit(liked, show_progress=False)
        return lambda: np.asarray(model.user_factors @ model.item_factors.T, dtype=np.float32)


BUDGET = 6
"""Candidates among which each method but popularity chooses."""

PEERS: dict[str, tuple[Peer, ...]] = {
    "Popularity": (Popularity(),),
    "Item-item cosine": tuple(ItemCosine(n) for n in (20, 50, 100, 200, 400, 10_000)),
    "User-user cosine": tuple(UserCosine(n) for n in (25, 50, 100, 200, 400, 10_000)),
    "EASE": tuple(Ease(r) for r in (100.0, 200.0, 300.0, 500.0, 1000.0, 2000.0)),
    "EDLAE": tuple(
        Edlae(*values)
        for values in (
            (0.2, 50.0),
            (0.2, 150.0),
            (0.33, 50.0),
            (0.33, 150.0),
            (0.5, 20.0),
            (0.5, 100.0),
        )
    ),
    "SLIM": tuple(
        Slim(*values)
        for values in (
            (1.0, 50.0),
            (1.0, 200.0),
            (3.0, 50.0),
            (3.0, 200.0),
            (8.0, 50.0),
            (8.0, 200.0),
        )
    ),
    "ALS": tuple(
        Als(*values)
        for values in (
            (24, 60.0, 20.0),
            (32, 40.0, 10.0),
            (48, 60.0, 10.0),
            (48, 30.0, 5.0),
            (64, 60.0, 10.0),
            (64, 100.0, 10.0),
        )
    ),
    "FM": tuple(
        FactorisationMachine(*values, epochs=20)
        for values in (
            (32, 4.0, 5.0),
            (32, 8.0, 5.0),
            (32, 12.0, 5.0),
            (64, 8.0, 5.0),
            (64, 12.0, 5.0),
            (64, 12.0, 10.0),
        )
    ),
    "OCuLaR": tuple(
        Ocular(*values, relative=True, sweeps=50)
        for values in ((32, 60.0), (32, 100.0), (64, 30.0), (64, 60.0), (64, 100.0), (100, 60.0))
    ),
    "CML": tuple(
        MetricLearning(*values)
        for values in (
            (16, 1.5, 1.0, 20),
            (32, 1.5, 1.0, 15),
            (32, 1.9, 1.0, 15),
            (32, 1.9, 1.0, 30),
            (64, 1.9, 1.0, 15),
            (64, 1.9, 10.0, 15),
        )
    ),
    "BPR": tuple(
        Bpr(*values)
        for values in (
            (32, 0.01, 0.001, 100),
            (64, 0.01, 0.001, 50),
            (64, 0.01, 0.001, 80),
            (64, 0.02, 0.001, 40),
            (128, 0.01, 0.001, 60),
            (128, 0.01, 0.01, 100),
        )
    ),
    "LMF": tuple(
        Lmf(*values)
        for values in (
            (16, 0.5, 2.0, 60, 100),
            (16, 0.5, 3.0, 60, 100),
            (16, 0.5, 2.0, 30, 30),
            (24, 0.3, 3.0, 60, 30),
            (24, 0.5, 3.0, 60, 100),
            (32, 0.3, 3.0, 60, 200),
        )
    ),
}
"""Name -> candidates among which the development films choose."""


def settings(peer: Peer) -> dict[str, Any]:
    """The hyperparameters, for a table's conditions."""
    return {"method": type(peer).__name__, **asdict(peer)}  # type: ignore[call-overload]


def _cosine(rows: sparse.csr_matrix) -> Floats:
    """Cosine similarity of all pairs of different rows, (n, n); zero for an empty one."""
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(axis=1))).ravel()  # (n,)
    scale = sparse.diags_array(1 / np.maximum(lengths, 1e-12))
    unit = (scale @ rows).tocsr()
    similar = np.asarray((unit @ unit.T).toarray(), dtype=np.float32)
    np.fill_diagonal(similar, 0)
    return similar


def _nearest(similar: Floats, n: int) -> npt.NDArray[np.float32]:
    """Keep the n largest entries of each row, the others become zero."""
    if n >= similar.shape[1]:
        return similar
    limit = np.partition(similar, -n, axis=1)[:, -n][:, None]  # (rows, 1)
    return np.where(similar >= limit, similar, np.float32(0))
