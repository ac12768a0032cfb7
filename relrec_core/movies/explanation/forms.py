"""What leaving out or adding liked movies does to the lead over each rival, as linear forms."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from relrec_core.movies.data.features import Indices
from relrec_core.movies.explanation.smallest import Form, greedy
from relrec_core.movies.model.ranking import Profile, Recommender
from relrec_core.movies.model.relevance import Doubles

NEAR = 256
"""Rivals among which a first set is sought where there are many, and moves looked at at once."""
MOVES = 2_000
"""Movies that may be added where there are many."""
ROUNDING = 1e-9
"""By how much, relative and absolute, sums in double precision may be off."""


def nearest(
    recommender: Recommender, profile: Profile, item: int, rivals: Indices, moves: Indices
) -> tuple[Indices, Indices]:
    """The rivals that stand highest, and the movies that bring it most against them: what is
    found among them may be had with less from elsewhere."""
    near = rivals[_lowest(recommender.scorer.ahead(profile.features, item, rivals))]
    gains = [
        recommender.scorer.advantage(profile.features, part, item, near).mean(axis=1)
        for part in _parts(moves)
    ]
    best = np.argsort(-np.concatenate(gains), kind="stable")[:MOVES]
    return near, np.sort(moves[best])


def within_reach(
    recommender: Recommender,
    profile: Profile,
    item: int,
    rivals: Indices,
    moves: Indices,
    need: int,
) -> Indices:
    """The rivals that may pass with as few moves as a first set takes; all where there is none.

    No smaller set brings another past: its largest gain that often, and the gains of the groups
    that so few moves complete, stay below its gap. So the smallest set is not changed by it.
    """
    scorer, features = recommender.scorer, profile.features
    gaps = scorer.ahead(features, item, rivals)
    form = leaving(recommender, profile, item, rivals[_lowest(gaps)], moves)
    first = greedy(form, need, len(moves), lambda taken: form.passed(taken) >= need)
    if first is None:
        return rivals
    size = int(first.sum())
    brought = _brought(recommender, profile, moves)
    groups = _rows(k for k, members in brought.items() if len(members) <= size)
    most, more = np.zeros(len(rivals)), np.zeros(len(rivals))
    for part in _parts(np.concatenate([moves, groups])):
        gains = np.maximum(scorer.advantage(features, part, item, rivals), 0)
        movies = part < recommender.space.n_items
        most = np.maximum(most, gains[movies].max(axis=0, initial=0.0))
        more += gains[~movies].sum(axis=0)
    reach = size * most + more
    kept = reach + ROUNDING * (1 + np.abs(gaps) + reach) >= gaps
    return np.asarray(rivals[kept], dtype=np.int64)


def _lowest(gaps: Doubles) -> Indices:
    """The `NEAR` smallest of many gaps, in order; all cannot be sorted in the time of a click."""
    some = np.argpartition(gaps, NEAR - 1)[:NEAR] if len(gaps) > NEAR else np.arange(len(gaps))
    return np.asarray(some[np.argsort(gaps[some], kind="stable")], dtype=np.int64)


def _parts(moves: Indices) -> list[Indices]:
    return [moves[at : at + NEAR] for at in range(0, len(moves), NEAR)]


def _facts(recommender: Recommender, movie: int) -> list[int]:
    """The attributes of a movie; a row of a sparse matrix would take as long as the search."""
    of = recommender.space.item_attributes
    return [int(k) for k in of.indices[of.indptr[movie] : of.indptr[movie + 1]]]


def _brought(recommender: Recommender, profile: Profile, moves: Indices) -> dict[int, list[int]]:
    """Attributes that leave with their movies, each with the numbers of the moves that bring it."""
    bag, stay = set(profile.features.tolist()), profile.own | profile.added
    brought: dict[int, list[int]] = {}
    for number, move in enumerate(moves):
        for k in _facts(recommender, move):
            if k in bag and k not in stay:
                brought.setdefault(k, []).append(number)
    return brought


def leaving(
    recommender: Recommender, profile: Profile, item: int, rivals: Indices, moves: Indices
) -> Form:
    """Liked movies leave: a rival passes once the movie has lost what it is ahead by."""
    bag, brought = set(profile.features.tolist()), _brought(recommender, profile, moves)
    scorer, features = recommender.scorer, profile.features
    inside = np.array([move in bag for move in moves.tolist()], dtype=np.float64)
    return Form(
        gains=scorer.advantage(features, moves, item, rivals) * inside[:, None],
        gaps=scorer.ahead(features, item, rivals),
        groups=tuple(np.array(members, dtype=np.int64) for members in brought.values()),
        extra=scorer.advantage(features, _rows(brought), item, rivals),
        jointly=True,
        same=np.full(len(moves), -1),
    )


def adding(
    recommender: Recommender, profile: Profile, item: int, rivals: Indices, moves: Indices
) -> Form:
    """Movies are liked as well: a rival passes once it falls behind, or is among them."""
    known = profile.removed | set(profile.features.tolist())
    place = {rival: number for number, rival in enumerate(rivals.tolist())}
    opened: dict[int, list[int]] = {}
    for number, move in enumerate(moves):
        for k in _facts(recommender, move):
            if k not in known:
                opened.setdefault(k, []).append(number)
    scorer, features = recommender.scorer, profile.features
    return Form(
        gains=scorer.advantage(features, moves, item, rivals),
        gaps=-scorer.ahead(features, item, rivals),
        groups=tuple(np.array(members, dtype=np.int64) for members in opened.values()),
        extra=scorer.advantage(features, _rows(opened), item, rivals),
        jointly=False,
        same=np.array([place.get(move, -1) for move in moves.tolist()]),
    )


def _rows(features: Iterable[int]) -> Indices:
    return np.array([*features], dtype=np.int64)
