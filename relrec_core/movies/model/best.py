"""The best unseen movies of many users at once."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from relrec_core.movies.data.features import Indices
from relrec_core.movies.model.metrics import MOST_AT_ONCE
from relrec_core.movies.model.scorer import Ranks, Scores

BLOCK = 64
"""Neighbouring movies of which only the best is looked at first."""


def rank_all(
    weights: Ranks, bags: sparse.csr_matrix, seen: sparse.csr_matrix, n: int
) -> tuple[Indices, Scores]:
    """The n best unseen films of every viewer, best first: (B, n) items and (B, n) logits."""
    size = max(1, MOST_AT_ONCE // seen.shape[1])
    parts = [
        best(weights.logits_of_all(bags[at : at + size]), seen[at : at + size], n)
        for at in range(0, bags.shape[0], size)
    ]
    items, scores = (np.concatenate(part) for part in zip(*parts, strict=True))
    return items, scores


def best(scores: Scores, seen: sparse.csr_matrix, n: int) -> tuple[Indices, Scores]:
    """The same of logits (B, V), which become -inf where a movie was seen."""
    rows = np.repeat(np.arange(scores.shape[0]), np.diff(seen.indptr))
    scores[rows, seen.indices] = -np.inf
    columns = _promising(scores, n)
    found = scores if columns is None else np.take_along_axis(scores, columns, axis=1)
    top = np.argpartition(found, found.shape[1] - n, axis=1)[:, -n:]
    items = top if columns is None else np.take_along_axis(columns, top, axis=1)
    values = np.take_along_axis(found, top, axis=1)
    order = np.lexsort((items, -values), axis=1)
    return np.take_along_axis(items, order, axis=1), np.take_along_axis(values, order, axis=1)


def _promising(scores: Scores, n: int) -> Indices | None:
    """Columns (B, n `BLOCK`) that hold the n best of each row; None where that saves nothing.

    They are the blocks with the n largest maxima: whatever is in another is no better than n.
    """
    width = scores.shape[1]
    whole = width // BLOCK * BLOCK
    if whole < 2 * (n + 1) * BLOCK:
        return None
    highest = scores[:, :whole].reshape(len(scores), -1, BLOCK).max(axis=2)
    blocks = np.argpartition(highest, highest.shape[1] - n, axis=1)[:, -n:, None]
    inside = (blocks * BLOCK + np.arange(BLOCK)).reshape(len(scores), -1)
    rest = np.broadcast_to(np.arange(whole, width), (len(scores), width - whole))
    return np.hstack([inside, rest])
