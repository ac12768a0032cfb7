"""Explanations of a recommender that is linear in the history, as orders of its entries."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from relrec_core.movies.data.features import Indices
from relrec_core.movies.evaluation.fidelity.protocol import Case, Order
from relrec_core.movies.model.relevance import Doubles

EXACT, SMALLEST, LXR = "Exact share", "Smallest set", "LXR"
RIVALS = 20
"""The next items, the mean of which a contrastive explanation compares with."""
ACCENT_RIVALS = 4
"""The rest of the first five, as the protocol's authors call ACCENT."""


def exact(case: Case) -> Indices:
    """By the exact share in the item's score (RecoNet, section 4.2).

    Leave-one-out and Shapley values of the score have the same order: they are the same numbers.
    """
    return _descending(case.gains[:, case.target])


def beyond_rivals(case: Case) -> Indices:
    """By the exact share in the item's lead over the mean of the next `RIVALS`."""
    rivals = _next(case)[:RIVALS]
    return _descending(case.gains[:, case.target] - case.gains[:, rivals].mean(axis=1))


def accent(case: Case) -> Indices:
    """ACCENT (Tran et al., SIGIR 2021): the smallest set after which one of the next few leads."""
    return _smallest(case, _next(case)[:ACCENT_RIVALS])


def smallest_set(case: Case) -> Indices:
    """Our smallest set that displaces the item, over all rivals, then the rest by the same lead."""
    return _smallest(case, _next(case))


def similar(similarity: Doubles) -> Order:
    """By (V, C) similarity of an entry to the item, whatever the recommender does."""
    return lambda case: _descending(similarity[case.entries, case.target])


def weighted(weights: Callable[[Indices, int], Doubles]) -> Order:
    """By an explainer that gives each entry (n,) of a history a weight for an item."""
    return lambda case: _descending(weights(case.entries, case.target))


def _next(case: Case) -> Indices:
    """The other unseen items, best first."""
    scores = np.where(case.unseen, case.scores, -np.inf)
    scores[case.target] = -np.inf
    return np.argsort(-scores, kind="stable")[: int(case.unseen.sum()) - 1].astype(np.int64)


def _smallest(case: Case, rivals: Indices) -> Indices:
    """The entries by what they add to the lead over the rival that the fewest of them let pass."""
    scores = case.scores
    leads = case.gains[:, [case.target]] - case.gains[:, rivals]  # (n, R)
    lost = np.cumsum(-np.sort(-leads, axis=0), axis=0)
    passed = lost > scores[case.target] - scores[rivals]  # (n, R)
    needed = np.where(passed.any(axis=0), passed.argmax(axis=0), len(leads))
    return _descending(leads[:, int(needed.argmin())])


def _descending(values: Doubles) -> Indices:
    return np.argsort(-values, kind="stable").astype(np.int64)
