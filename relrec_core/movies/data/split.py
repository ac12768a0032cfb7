"""Per-viewer random split of the liked films into training, development and test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from relrec_core.movies.data.interactions import LIKED_FROM, RATING, MovieData


@dataclass(frozen=True)
class Split:
    """Three disjoint binary matrices (n_users, n_items) that together hold every liked film."""

    train: sparse.csr_matrix
    dev: sparse.csr_matrix
    test: sparse.csr_matrix
    seed: int

    @property
    def known(self) -> sparse.csr_matrix:
        """Training and development films: what a refitted model may know of a viewer."""
        return sparse.csr_matrix(self.train + self.dev)


def split(data: MovieData, seed: int, train: float = 0.6, dev: float = 0.2) -> Split:
    """Split each viewer's films rated 3 or better (Fusco et al. 2019, section 5.1: 60-20-20)."""
    liked = data.ratings[data.ratings[RATING] >= LIKED_FROM]
    users = liked["user"].to_numpy()
    items = liked["item"].to_numpy()
    shape = (len(data.users), len(data.items))
    order = np.lexsort((np.random.default_rng(seed).random(len(users)), users))
    users, items = users[order], items[order]
    counts = np.bincount(users, minlength=shape[0])
    starts = np.cumsum(counts) - counts
    rank = np.arange(len(users)) - starts[users]
    first = np.round(train * counts[users]).astype(np.int64)
    second = np.round((train + dev) * counts[users]).astype(np.int64)

    def part(mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> sparse.csr_matrix:
        ones = np.ones(int(mask.sum()), dtype=np.float32)
        return sparse.csr_matrix((ones, (users[mask], items[mask])), shape=shape)

    return Split(
        train=part(rank < first),
        dev=part((rank >= first) & (rank < second)),
        test=part(rank >= second),
        seed=seed,
    )
