"""OCuLaR: overlapping co-clusters of viewers and films (Heckel et al. 2017)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from relrec_core.movies.model.weights import Floats

LEAST = 1e-6
"""Smallest affinity of a liked pair, so that its logarithm is finite."""

HALVINGS = 12
SUFFICIENT = 0.1
CHUNK = 8192
FOLD_STEPS = 100


@dataclass(frozen=True)
class Ocular:
    """Non-negative factors with P(liked) = 1 - exp(-<f_u, f_i>) (Heckel et al. 2017, section IV).

    Minimised is the negative log-likelihood plus `regularisation` times the squared length of all
    factors, by turns for films and viewers, one projected gradient step each with backtracking
    after Armijo, as in the paper; here all rows of one side at once, each with a step of its own.

    Args:
        clusters: dimensions of the factors, one a co-cluster.
        regularisation: weight of their squared length.
        relative: weigh a viewer's liked films by unknown / liked films (the paper's R-OCuLaR).
        sweeps: passes over films and viewers.
    """

    clusters: int
    regularisation: float
    relative: bool
    sweeps: int = 100
    seed: int = 0

    def fit(self, liked: sparse.csr_matrix) -> Clusters:
        """Learn from binary histories (B, V)."""
        draw = np.random.default_rng(self.seed)
        size = 2.0 / np.sqrt(self.clusters)
        viewers = draw.uniform(0, size, (liked.shape[0], self.clusters)).astype(np.float32)
        films = draw.uniform(0, size, (liked.shape[1], self.clusters)).astype(np.float32)
        weighted = _weighted(liked, self.relative)  # (B, V)
        by_film = weighted.T.tocsr()
        steps = np.ones(len(viewers), np.float32), np.ones(len(films), np.float32)
        for _ in range(self.sweeps):
            descend(films, viewers, by_film, self.regularisation, steps[1])
            descend(viewers, films, weighted, self.regularisation, steps[0])
        return Clusters(self, viewers, films)


@dataclass(frozen=True, eq=False)
class Clusters:
    """What was learnt: factors of viewers (B, K) and of films (V, K), none below zero."""

    settings: Ocular
    viewers: Floats
    films: Floats

    def __call__(self) -> Floats:
        """Affinities <f_u, f_i> (B, V), ordered as the probabilities but never rounded to 1."""
        return self.viewers @ self.films.T

    def fold_in(self, liked: sparse.csr_matrix) -> Floats:
        """Affinities (n, V) of new viewers with histories (n, V); the films' factors stay."""
        weighted = _weighted(liked, self.settings.relative)
        shape = (liked.shape[0], self.settings.clusters)
        viewers = np.full(shape, 1.0 / self.settings.clusters, dtype=np.float32)
        steps = np.ones(len(viewers), np.float32)
        for _ in range(FOLD_STEPS):
            descend(viewers, self.films, weighted, self.settings.regularisation, steps)
        return viewers @ self.films.T


def objective(
    rows: Floats, others: Floats, liked: sparse.csr_matrix, regularisation: float
) -> tuple[Floats, Floats]:
    """Each row's part of the objective (n,) and its gradient (n, K), the other side fixed.

    Heckel et al. 2017, section IV: sum over liked of -w log(1 - exp(-<f, g>)), plus the sum over
    unknown of <f, g>, plus regularisation |f|^2.

    Args:
        rows: (n, K) factors f.
        others: (m, K) factors g.
        liked: (n, m), the weight w where liked.
        regularisation: of the rows' own factors.
    """
    owners = np.repeat(np.arange(len(rows)), np.diff(liked.indptr))
    affinity = np.maximum(_products(rows, others, owners, liked.indices), LEAST)  # (nnz,)
    everything = others.sum(axis=0)  # (K,)
    terms = -liked.data * np.log(-np.expm1(-affinity)) - affinity
    losses = np.bincount(owners, weights=terms, minlength=len(rows))
    losses += rows @ everything + regularisation * np.square(rows).sum(axis=1)
    slope = sparse.csr_matrix(
        (liked.data * np.exp(-affinity) / np.expm1(-affinity) - 1, liked.indices, liked.indptr),
        shape=liked.shape,
    )
    gradient = slope @ others + everything + 2 * regularisation * rows
    return losses.astype(np.float32), gradient.astype(np.float32)


def descend(
    rows: Floats,
    others: Floats,
    liked: sparse.csr_matrix,
    regularisation: float,
    steps: npt.NDArray[np.float32],
) -> None:
    """One projected gradient step of all rows (n, K), in place; no row's objective rises.

    Args:
        steps: (n,) the step each row took last, in place; twice that is tried first.
    """
    before, gradient = objective(rows, others, liked, regularisation)
    left = np.arange(len(rows))
    steps *= 2
    for _ in range(HALVINGS):
        tried = np.maximum(rows[left] - steps[left, None] * gradient[left], 0)
        after, _ = objective(tried, others, liked[left], regularisation)
        promised = ((rows[left] - tried) * gradient[left]).sum(axis=1)
        enough = after <= before[left] - SUFFICIENT * promised
        rows[left[enough]] = tried[enough]
        left = left[~enough]
        if not len(left):
            return
        steps[left] /= 2


def _weighted(liked: sparse.csr_matrix, relative: bool) -> sparse.csr_matrix:
    counts = np.diff(liked.indptr)
    ratio = (liked.shape[1] - counts) / np.maximum(counts, 1) if relative else np.ones(len(counts))
    weights = np.repeat(ratio, counts).astype(np.float32)
    return sparse.csr_matrix((weights, liked.indices, liked.indptr), shape=liked.shape)


def _products(
    rows: Floats, others: Floats, owners: npt.NDArray[np.int64], columns: npt.NDArray[np.int32]
) -> Floats:
    """Inner products of the named pairs (nnz,), in chunks that stay in the cache."""
    found = np.empty(len(owners), dtype=np.float32)
    for start in range(0, len(owners), CHUNK):
        part = slice(start, start + CHUNK)
        found[part] = np.einsum("nk,nk->n", rows[owners[part]], others[columns[part]])
    return found
