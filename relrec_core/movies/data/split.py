"""Per-viewer random split of the liked films into training, development and test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from relrec_core.movies.data.interactions import LIKED_FROM, RATING, MovieData

TRAIN, DEV = 0.6, 0.2


@dataclass(frozen=True)
class Split:
    """Three disjoint binary matrices (n_users, n_items) that together hold every liked film."""

    train: sparse.csr_matrix
    dev: sparse.csr_matrix
    test: sparse.csr_matrix
    seed: int

    def of(self, users: slice) -> Split:
        """The same without the films of other users; the matrices keep all rows."""
        train, dev, test = (_of(part, users) for part in (self.train, self.dev, self.test))
        return Split(train, dev, test, self.seed)

    @property
    def known(self) -> sparse.csr_matrix:
        """Training and development films: what a refitted model may know of a viewer."""
        return sparse.csr_matrix(self.train + self.dev)


def _of(films: sparse.csr_matrix, users: slice) -> sparse.csr_matrix:
    first, last = films.indptr[users.start], films.indptr[users.stop]
    starts = np.clip(films.indptr, first, last) - first
    kept = (films.data[first:last], films.indices[first:last], starts)
    return sparse.csr_matrix(kept, shape=films.shape)


def likes(data: MovieData) -> int:
    """How many films were rated so that they are split."""
    return int((data.ratings[RATING] >= LIKED_FROM).sum())


def split(data: MovieData, seed: int, before: int = 0) -> Split:
    """Split each viewer's films rated 3 or better (Fusco et al. 2019, section 5.1: 60-20-20).

    Args:
        data: ratings of all viewers, or of a block of them.
        seed: of the order of each viewer's films.
        before: `likes` of the viewers before the block, who are split elsewhere.
    """
    liked = data.ratings[data.ratings[RATING] >= LIKED_FROM]
    users = liked["user"].to_numpy()
    items = liked["item"].to_numpy()
    shape = (len(data.users), len(data.items))
    chance = np.random.Generator(np.random.PCG64(seed).advance(before))  # a step each number
    order = np.lexsort((chance.random(len(users)), users))
    users, items = users[order], items[order]
    counts = np.bincount(users, minlength=shape[0])
    starts = np.cumsum(counts) - counts
    rank = np.arange(len(users)) - starts[users]
    first = np.round(TRAIN * counts[users]).astype(np.int64)
    second = np.round((TRAIN + DEV) * counts[users]).astype(np.int64)

    def part(mask: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> sparse.csr_matrix:
        ones = np.ones(int(mask.sum()), dtype=np.float32)
        return sparse.csr_matrix((ones, (users[mask], items[mask])), shape=shape)

    return Split(
        train=part(rank < first),
        dev=part((rank >= first) & (rank < second)),
        test=part(rank >= second),
        seed=seed,
    )
