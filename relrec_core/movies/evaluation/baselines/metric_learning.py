"""Collaborative metric learning: viewers and films as points, near where liked (Hsieh et al. 2017).

Without the paper's features of items.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from relrec_core.movies.model.weights import Floats

FOLD_STEPS = 50


@dataclass(frozen=True)
class MetricLearning:
    """Points in the unit ball by a ranked hinge on distances (Hsieh et al. 2017, section 3).

    Each liked film has to be nearer to the viewer than a film that is not, by a margin; the hinge
    w [margin + d(u, i)^2 - d(u, j)^2]+ is taken at the nearest of `negatives` sampled films and
    weighs w = log(1 + rank), the rank being V times the share of them that are too near. A penalty
    on the covariances of the dimensions spreads the points. AdaGrad; after each step points are
    put back into the ball.

    Args:
        dimensions: of the space.
        margin: between liked and other films.
        covariance: weight of the penalty.
        epochs: passes over all viewers.
        negatives: films sampled for each liked one.
    """

    dimensions: int
    margin: float
    covariance: float
    epochs: int
    negatives: int = 5
    learning_rate: float = 0.1
    batch_size: int = 128
    seed: int = 0

    def fit(self, liked: sparse.csr_matrix) -> Points:
        """Learn from binary histories (B, V)."""
        generator = torch.Generator().manual_seed(self.seed)
        size = self.dimensions**-0.5
        viewers, films = (
            (torch.randn(n, self.dimensions, generator=generator) * size).requires_grad_()
            for n in liked.shape
        )
        optimizer = torch.optim.Adagrad([viewers, films], lr=self.learning_rate)
        for _ in range(self.epochs):
            order = torch.randperm(liked.shape[0], generator=generator).numpy()
            for start in range(0, len(order), self.batch_size):
                rows = order[start : start + self.batch_size]
                loss = self.hinge(viewers[rows], films, liked[rows], generator)
                loss = loss + self.covariance * covariance(torch.cat([viewers, films]))
                optimizer.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
                into_ball(viewers, films)
        return Points(self, viewers.detach(), films.detach())

    def hinge(
        self, viewers: Tensor, films: Tensor, liked: sparse.csr_matrix, generator: torch.Generator
    ) -> Tensor:
        """Mean weighted hinge over all liked pairs.

        Args:
            viewers: (b, D) points.
            films: (V, D) points.
            liked: (b, V) their histories.
            generator: draws the films compared with.
        """
        if not liked.nnz:
            return (viewers * 0).sum()
        n_films = len(films)
        owners = torch.from_numpy(np.repeat(np.arange(liked.shape[0]), np.diff(liked.indptr)))
        liked_films = torch.from_numpy(liked.indices.astype(np.int64))
        away = distances(viewers, films)  # (b, V)
        near = away[owners, liked_films]  # (nnz,)
        drawn = torch.randint(n_films, (len(owners), self.negatives), generator=generator)
        cells = owners[:, None] * n_films + drawn  # (nnz, U)
        with torch.no_grad():
            far = away.flatten()[cells]
            far[torch.from_numpy(liked.toarray()).flatten()[cells] > 0] = torch.inf
            closest = far.argmin(dim=1, keepdim=True)  # (nnz, 1)
            too_near = (near[:, None] + self.margin > far).sum(dim=1)  # (nnz,)
            weight = torch.log1p(torch.floor(n_films * too_near / self.negatives))
            valid = torch.isfinite(far.gather(1, closest))[:, 0]
        other = away.flatten()[cells.gather(1, closest)[:, 0]]  # (nnz,)
        return (weight * (self.margin + near - other).clamp(min=0) * valid).sum() / len(owners)


@dataclass(frozen=True, eq=False)
class Points:
    """What was learnt: points of viewers (B, D) and of films (V, D), none longer than 1."""

    settings: MetricLearning
    viewers: Tensor
    films: Tensor

    def __call__(self) -> Floats:
        """Squared distances (B, V), negative: the nearest film scores best."""
        return -distances(self.viewers, self.films).numpy()

    def fold_in(self, liked: sparse.csr_matrix) -> Floats:
        """Scores (n, V) for new viewers with histories (n, V); the films' points stay.

        A viewer starts amid the liked films and moves by the same objective.
        """
        counts = np.maximum(np.diff(liked.indptr), 1)[:, None]
        start = torch.from_numpy((liked @ self.films.numpy() / counts).astype(np.float32))
        viewers = start.clone().requires_grad_()  # (n, D)
        generator = torch.Generator().manual_seed(self.settings.seed)
        optimizer = torch.optim.Adagrad([viewers], lr=self.settings.learning_rate)
        for _ in range(FOLD_STEPS):
            loss = self.settings.hinge(viewers, self.films, liked, generator)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            into_ball(viewers)
        return -distances(viewers.detach(), self.films).numpy()


def distances(rows: Tensor, columns: Tensor) -> Tensor:
    """Squared Euclidean distances of all pairs (n, m)."""
    lengths = rows.square().sum(dim=1, keepdim=True) + columns.square().sum(dim=1)  # (n, m)
    return lengths - 2 * rows @ columns.T


def covariance(points: Tensor) -> Tensor:
    """Sum of the squared covariances of different dimensions of points (n, D).

    Hsieh et al. 2017, section 3.4, without its factor 1/n, which the penalty's weight takes up.
    """
    centred = points - points.mean(dim=0)
    matrix = centred.T @ centred / len(points)  # (D, D)
    return matrix.square().sum() - matrix.diagonal().square().sum()


def into_ball(*points: Tensor) -> None:
    """Shorten points (n, D) to length 1 where they are longer, in place."""
    with torch.no_grad():
        for some in points:
            some /= some.norm(dim=1, keepdim=True).clamp(min=1)
