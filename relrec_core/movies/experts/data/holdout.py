"""Leave-one-out: each viewer's latest film is for the test, the one before it for validation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import sparse

from relrec_core.movies.data.features import Indices
from relrec_core.movies.data.interactions import TIMESTAMP, MovieData

NEGATIVES = 100
NOBODY = -1
"""Fills up a row of candidates where a viewer has fewer unrated films than asked for."""


@dataclass(frozen=True, eq=False)
class Cases:
    """What is asked of a recommender: where among unrated films does the held-out film stand?

    `viewers` (C,) are rows of users; `candidates` (C, 1 + n) rows of films, the held-out one
    first, then films that the viewer never rated, then `NOBODY`.
    """

    viewers: Indices
    candidates: Indices


@dataclass(frozen=True, eq=False)
class Holdout:
    """The parts of all ratings, each a rating by row of users and items; any rating counts as
    positive (He et al. 2017, section 4.1).

    Viewers with two films have no validation film, those with one have no test film either.
    """

    train: sparse.csr_matrix
    validation: sparse.csr_matrix
    test: sparse.csr_matrix
    seed: int

    @cached_property
    def known(self) -> sparse.csr_matrix:
        """Training and validation films: what a refitted model learns from, (U, I)."""
        return sparse.csr_matrix(self.train + self.validation)

    def cases(self, part: str, n: int = NEGATIVES) -> Cases:
        """The held-out films of "validation" or "test" among n unrated films of each viewer.

        The films are drawn without repetition, by the split's seed; viewers who rated every
        film are left out.
        """
        held = {"validation": self.validation, "test": self.test}[part]
        draw = np.random.default_rng([self.seed, 1 if part == "validation" else 2])
        everything = sparse.csr_matrix(self.known + self.test)
        films = np.arange(held.shape[1])
        viewers, rows = [], []
        for viewer in np.flatnonzero(np.diff(held.indptr)):
            rated = everything.indices[everything.indptr[viewer] : everything.indptr[viewer + 1]]
            unrated = np.delete(films, rated)
            if len(unrated) == 0:
                continue
            row = np.full(1 + n, NOBODY, dtype=np.int64)
            row[0] = held.indices[held.indptr[viewer]]
            chosen = draw.choice(unrated, min(n, len(unrated)), replace=False)
            row[1 : 1 + len(chosen)] = chosen
            viewers.append(viewer)
            rows.append(row)
        table = np.array(rows, dtype=np.int64).reshape(-1, 1 + n)
        return Cases(np.array(viewers, dtype=np.int64), table)


def holdout(data: MovieData, seed: int) -> Holdout:
    """Hold out the latest and the second-latest rating of each viewer.

    The seed decides among ratings of the same second, which MovieLens has many of.
    """
    users, items = data.ratings["user"].to_numpy(), data.ratings["item"].to_numpy()
    times = data.ratings[TIMESTAMP].to_numpy()
    shape = (len(data.users), len(data.items))
    chance = np.random.default_rng(seed).random(len(users))
    order = np.lexsort((chance, times, users))
    users, items = users[order], items[order]
    counts = np.bincount(users, minlength=shape[0])
    age = np.cumsum(counts)[users] - np.arange(len(users)) - 1  # 0 is a viewer's latest
    size = counts[users]

    def part(mask: npt.NDArray[np.bool_]) -> sparse.csr_matrix:
        ones = np.ones(int(mask.sum()), dtype=np.float32)
        found = sparse.csr_matrix((ones, (users[mask], items[mask])), shape=shape)
        found.sort_indices()
        return found

    test = (age == 0) & (size > 1)
    validation = (age == 1) & (size > 2)
    return Holdout(part(~test & ~validation), part(validation), part(test), seed)
