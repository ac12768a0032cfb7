"""Recall at k, per viewer first and the mean after (Fusco et al. 2019, section 5.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from relrec_core.movies.data.features import Indices
from relrec_core.movies.model.weights import Floats

MOST_SCORES = 250_000_000
"""Up to so many scores all users are measured: 3,000 users of 84,000 movies."""
MOST_AT_ONCE = 25_000_000
"""Scores that are held at once."""
RANKED_AT_ONCE = 2_500_000
"""Of these, scores that are ranked at once, which takes five times their memory."""


@dataclass(frozen=True)
class Recall:
    """hits / |held-out films|: averaged over viewers (macro) or over all films (pooled)."""

    macro: float
    pooled: float
    viewers: int

    @classmethod
    def of(cls, sums: npt.NDArray[np.float64]) -> Self:
        """Of what `recalls` gives, or of the sum of that over parts of the users."""
        recalls, hits, films, viewers = sums
        return cls(float(recalls / viewers), float(hits / films), int(viewers))


def recall_by_user(
    scores: Floats, known: sparse.csr_matrix, held_out: sparse.csr_matrix, k: int = 50
) -> npt.NDArray[np.float64]:
    """Recall@1 to recall@k of each user (B, k), so that methods can be compared user by user.

    Args:
        scores: (B, V).
        known: (B, V) films left out of the ranking.
        held_out: (B, V) films to find; a user without any has a recall that is not a number.
        k: how many films are recommended at most; the last column stands for as many as there are.
    """
    size = max(1, RANKED_AT_ONCE // scores.shape[1])
    parts = [slice(at, at + size) for at in range(0, max(len(scores), 1), size)]
    return np.concatenate([_by_user(scores[p], known[p], held_out[p], k) for p in parts])


def _by_user(
    scores: Floats, known: sparse.csr_matrix, held_out: sparse.csr_matrix, k: int
) -> npt.NDArray[np.float64]:
    ranked = scores.copy()
    rows = np.repeat(np.arange(known.shape[0]), np.diff(known.indptr))
    ranked[rows, known.indices] = -np.inf
    k = min(k, ranked.shape[1])
    top = np.argpartition(ranked, ranked.shape[1] - k, axis=1)[:, -k:]  # (B, k)
    best = np.take_along_axis(ranked, top, axis=1)
    order = np.argsort(-best, axis=1, kind="stable")
    wanted = np.zeros(ranked.shape, dtype=bool)  # (B, V)
    wanted[np.repeat(np.arange(len(ranked)), np.diff(held_out.indptr)), held_out.indices] = True
    hits = np.take_along_axis(wanted, top, axis=1) & np.isfinite(best)
    found = np.take_along_axis(hits, order, axis=1).cumsum(axis=1)
    sizes = np.diff(held_out.indptr)[:, None].astype(np.float64)
    shares = np.full(found.shape, np.nan)
    np.divide(found, sizes, out=shares, where=sizes > 0)
    return shares


def recall(
    scores: Floats, known: sparse.csr_matrix, held_out: sparse.csr_matrix, k: int = 50
) -> Recall:
    """Recall@k of scores (B, V), films in `known` left out, viewers without held-out films too."""
    return Recall.of(_sums(recall_by_user(scores, known, held_out, k)[:, -1], held_out))


def recall_of_users(
    scores: Callable[[Indices], Floats],
    known: sparse.csr_matrix,
    held_out: sparse.csr_matrix,
    k: int = 50,
    seed: int = 0,
) -> Recall:
    """`recall` of scores that are asked for block by block, (n,) users -> (n, V).

    Of more than `MOST_SCORES` scores the users are a sample, fixed by `seed`.
    """
    return Recall.of(recalls(scores, known, held_out, k, seed))


def recalls(
    scores: Callable[[Indices], Floats],
    known: sparse.csr_matrix,
    held_out: sparse.csr_matrix,
    k: int = 50,
    seed: int = 0,
    here: npt.NDArray[np.bool_] | None = None,
) -> npt.NDArray[np.float64]:
    """What `recall_of_users` is the mean of, (4,): the users' recalls, films found, films held out,
    and users with any, summed over the sample; of users (B,) who are not `here`, nothing."""
    n_users, n_items = known.shape
    measured = np.arange(n_users)
    most = max(1, MOST_SCORES // n_items)
    if n_users > most:
        draw = np.random.default_rng(seed).choice(n_users, size=most, replace=False)
        measured = np.sort(draw)
    if here is not None:
        measured = measured[here[measured]]
    size = max(1, MOST_AT_ONCE // n_items)
    blocks = [measured[at : at + size] for at in range(0, len(measured), size)]
    each = [recall_by_user(scores(b), known[b], held_out[b], k)[:, -1] for b in blocks]
    return _sums(np.concatenate([np.zeros(0), *each]), held_out[measured])


def _sums(each: npt.NDArray[np.float64], held_out: sparse.csr_matrix) -> npt.NDArray[np.float64]:
    sizes = np.diff(held_out.indptr)
    counted = sizes > 0
    each = each[counted]
    hits = np.round(each * sizes[counted]).sum()
    return np.array([each.sum(), hits, sizes.sum(), counted.sum()], dtype=np.float64)
