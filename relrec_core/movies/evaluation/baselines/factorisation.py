"""Factorisation machine over viewers, films and what is known of both (Rendle 2010)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy import sparse
from torch import Tensor
from torch.nn.functional import softplus

from relrec_core.movies.data.features import FeatureSpace
from relrec_core.movies.model.weights import Floats

INITIAL = 0.05
FOLD_STEPS = 100
FOLD_RATE = 0.05


@dataclass(frozen=True)
class FactorisationMachine:
    """Second-order factorisation machine (Rendle 2010, equation 1) as a classifier of liked pairs.

    A pair's features are the viewer, the film and, where a vocabulary is given, the attributes of
    both. Minimised is the negative log-likelihood of all pairs, liked ones weighing `positive`,
    by Adam on batches of viewers with all films.

    Args:
        factors: dimensions of the features' vectors.
        regularisation: weight of their squared length.
        positive: weight of a liked pair against an unknown one.
        epochs: passes over all viewers.
    """

    factors: int
    regularisation: float
    positive: float
    epochs: int
    batch_size: int = 64
    learning_rate: float = 0.01
    seed: int = 0

    def fit(self, liked: sparse.csr_matrix, space: FeatureSpace | None = None) -> Machine:
        """Learn from binary histories (B, V), with attributes if the vocabulary has them."""
        return self.learn(liked, *attributes_of(liked, space))

    def learn(
        self, liked: sparse.csr_matrix, own: sparse.csr_matrix, of_films: sparse.csr_matrix
    ) -> Machine:
        """Learn from histories (B, V), attributes of their viewers (B, A) and of films (V, A)."""
        n_viewers, n_films = liked.shape
        viewers = sparse.hstack(
            [sparse.eye_array(n_viewers), sparse.csr_array((n_viewers, n_films)), own],
            format="csr",
        )
        films = sparse.hstack(
            [sparse.csr_array((n_films, n_viewers)), sparse.eye_array(n_films), of_films],
            format="csr",
        )
        generator = torch.Generator().manual_seed(self.seed)
        density = liked.nnz / max(n_viewers * n_films, 1)
        constant = torch.tensor(float(np.log(max(density, 1e-9)))).requires_grad_()
        linear = torch.zeros(films.shape[1], 1).requires_grad_()  # (F, 1)
        vectors = torch.randn(films.shape[1], self.factors, generator=generator) * INITIAL
        vectors.requires_grad_()  # (F, K)
        optimizer = torch.optim.Adam([constant, linear, vectors], lr=self.learning_rate)
        x_films = _tensor(films)
        for _ in range(self.epochs):
            order = torch.randperm(n_viewers, generator=generator).numpy()
            for start in range(0, n_viewers, self.batch_size):
                rows = order[start : start + self.batch_size]
                y = constant + pairs(
                    side(_tensor(viewers[rows]), linear, vectors), side(x_films, linear, vectors)
                )
                share = len(rows) / n_viewers
                length = vectors[rows].square().sum() + share * vectors[n_viewers:].square().sum()
                loss = self._loss(y, liked[rows]) + self.regularisation * length / len(rows)
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
        return Machine(self, linear.detach(), vectors.detach(), viewers, films, constant.detach())

    def _loss(self, y: Tensor, liked: sparse.csr_matrix) -> Tensor:
        """Weighted negative log-likelihood of the logits (b, V), a viewer."""
        target = torch.from_numpy(liked.toarray())  # (b, V)
        weight = 1 + (self.positive - 1) * target
        return (weight * softplus(y) - self.positive * target * y).sum() / max(len(y), 1)


@dataclass(frozen=True, eq=False)
class Machine:
    """What was learnt: a constant, weights (F, 1) and vectors (F, K) of all features.

    Features are the fitted viewers, then films, then attributes; `viewers` (B, F) and `films`
    (V, F) say which each has.
    """

    settings: FactorisationMachine
    linear: Tensor
    vectors: Tensor
    viewers: sparse.csr_array
    films: sparse.csr_array
    constant: Tensor

    def __call__(self) -> Floats:
        """Logits of all films for the fitted viewers (B, V)."""
        return self._logits(_tensor(self.viewers), self.linear, self.vectors).numpy()

    def fold_in(self, liked: sparse.csr_matrix, own: sparse.csr_matrix) -> Floats:
        """Logits (n, V) for new viewers with histories (n, V) and attributes (n, A).

        Each becomes a feature with a weight and a vector, learnt by the same objective while all
        others stay; without a known film both are zero.
        """
        n, n_features = liked.shape[0], len(self.vectors)
        others = sparse.csr_array((n, n_features - own.shape[1]))  # no fitted viewer, no film
        parts = [others, own, sparse.eye_array(n)]
        x = _tensor(sparse.hstack(parts, format="csr"))  # (n, F + n)
        linear = torch.zeros(n, 1).requires_grad_()
        vectors = torch.zeros(n, self.settings.factors).requires_grad_()
        some = torch.from_numpy((np.diff(liked.indptr) > 0).astype(np.float32))[:, None]  # (n, 1)
        optimizer = torch.optim.Adam([linear, vectors], lr=FOLD_RATE)

        def logits() -> Tensor:
            return self._logits(
                x,
                torch.cat([self.linear, linear * some]),
                torch.cat([self.vectors, vectors * some]),
            )

        for _ in range(FOLD_STEPS):
            length = self.settings.regularisation * vectors.square().sum() / max(n, 1)
            loss = self.settings._loss(logits(), liked) + length
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
        return logits().detach().numpy()

    def _logits(self, x: Tensor, linear: Tensor, vectors: Tensor) -> Tensor:
        films = side(_tensor(self.films), self.linear, self.vectors)
        return self.constant + pairs(side(x, linear, vectors), films)


def side(x: Tensor, linear: Tensor, vectors: Tensor) -> tuple[Tensor, Tensor]:
    """What one side of a pair adds alone (n, 1), and its vector (n, K), in O(K) a feature.

    Rendle 2010, lemma 3.1: the sum over k < l of <v_k, v_l> is half of |sum of v|^2 - sum of |v|^2.

    Args:
        x: (n, F) sparse and binary.
        linear: (F, 1) weights of the features.
        vectors: (F, K) vectors of the features.
    """
    vector = x @ vectors  # (n, K)
    squares = x @ vectors.square().sum(dim=1, keepdim=True)  # (n, 1)
    within = (vector.square().sum(dim=1, keepdim=True) - squares) / 2
    return x @ linear + within, vector


def pairs(rows: tuple[Tensor, Tensor], columns: tuple[Tensor, Tensor]) -> Tensor:
    """Equation 1 without its constant for all pairs of two disjoint sets of features (n, m)."""
    return rows[0] + columns[0].T + rows[1] @ columns[1].T


def attributes_of(
    liked: sparse.csr_matrix, space: FeatureSpace | None
) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Attributes of all viewers (B, A) and of all films (V, A); A = 0 without a vocabulary."""
    if space is None:
        viewers, films = (
            sparse.eye_array(n, 0, dtype=np.float32, format="csr") for n in liked.shape
        )
        return sparse.csr_matrix(viewers), sparse.csr_matrix(films)
    return space.user_attributes[:, space.n_items :], space.item_attributes[:, space.n_items :]


def _tensor(x: sparse.csr_array) -> Tensor:
    cells = x.tocoo()
    places = torch.from_numpy(np.stack([cells.row, cells.col]).astype(np.int64))
    values = torch.from_numpy(cells.data.astype(np.float32))
    return torch.sparse_coo_tensor(
        places, values, x.shape, is_coalesced=True, check_invariants=False
    )
