"""What leaving out or adding liked movies does to the lead over each rival, as linear forms."""

from __future__ import annotations

import numpy as np

from relrec_core.movies.data.features import Indices
from relrec_core.movies.explanation.smallest import Form, greedy
from relrec_core.movies.model.ranking import Profile, Recommender
from relrec_core.movies.model.relevance import Doubles
from relrec_core.movies.model.weights import Weights

NEAR = 256
"""Rivals among which a first set is sought where there are many."""
MOVES = 2_000
"""Movies that may be added where there are many."""
ROUNDING = 1e-4
"""By how much, relative and absolute, single precision may be off."""


def nearest(
    recommender: Recommender, profile: Profile, rivals: Indices, moves: Indices
) -> tuple[Indices, Indices]:
    """The rivals that stand highest, and the movies that weaken them most: what is found among
    them may be had with less from elsewhere."""
    scores = recommender.weights.logits(profile.features)[rivals]
    near = rivals[np.argsort(-scores, kind="stable")[:NEAR]]
    effective = _effective(recommender.weights, profile.features)
    against = recommender.weights.embeddings[moves] @ effective[near].mean(axis=0)
    return near, np.sort(moves[np.argsort(against, kind="stable")[:MOVES]])


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
    gaps = _ahead(recommender, profile, item, rivals)
    near = rivals[np.argsort(gaps, kind="stable")[:NEAR]]
    form = leaving(recommender, profile, item, near, moves)
    first = greedy(form, need, len(moves), lambda taken: form.passed(taken) >= need)
    if first is None:
        return rivals
    size = int(first.sum())
    brought = _brought(recommender, profile, moves)
    groups = [k for k, members in brought.items() if len(members) <= size]
    effective = recommender.weights.outputs  # in single precision, which takes half the time
    if recommender.weights.layer is not None:
        effective = _effective(recommender.weights, profile.features).astype(np.float32)
    q = recommender.weights.embeddings
    others = effective[rivals]  # (R, d)
    gains = (q[moves] @ effective[item])[:, None] - q[moves] @ others.T  # (M, R)
    extra = (q[groups] @ effective[item])[:, None] - q[groups] @ others.T  # (G, R)
    most = size * np.maximum(gains.max(axis=0), 0) + np.maximum(extra, 0).sum(axis=0)
    scale = ROUNDING * (1 + np.abs(gaps) + most)
    return np.asarray(rivals[most + scale >= gaps], dtype=np.int64)


def _brought(recommender: Recommender, profile: Profile, moves: Indices) -> dict[int, list[int]]:
    """Attributes that leave with their movies, each with the numbers of the moves that bring it."""
    bag, stay = set(profile.features.tolist()), profile.own | profile.added
    brought: dict[int, list[int]] = {}
    for number, move in enumerate(moves):
        for k in recommender.space.item_attributes[move].indices.tolist():
            if k in bag and k not in stay:
                brought.setdefault(k, []).append(number)
    return brought


def _effective(weights: Weights, bag: Indices) -> Doubles:
    """What a feature's embedding is multiplied with, (V, d): the gradient where a layer is."""
    outputs = weights.outputs.astype(np.float64)
    if weights.layer is None or weights.layer_bias is None:
        return outputs
    layer = weights.layer.astype(np.float64)
    active = layer @ weights.embeddings[bag].mean(axis=0) + weights.layer_bias > 0
    return np.asarray((outputs * active) @ layer)


def _ahead(recommender: Recommender, profile: Profile, item: int, rivals: Indices) -> Doubles:
    """By how much the movie is ahead of each rival: scores times the size of the profile, (R,)."""
    weights, bag = recommender.weights, profile.features
    if weights.layer is None:
        pooled = weights.embeddings[bag].astype(np.float64).sum(axis=0)
        scores = weights.outputs.astype(np.float64) @ pooled
        return np.asarray(scores[item] - scores[rivals])
    scores = weights.logits(bag).astype(np.float64)
    return np.asarray((scores[item] - scores[rivals]) * len(bag))


def leaving(
    recommender: Recommender, profile: Profile, item: int, rivals: Indices, moves: Indices
) -> Form:
    """Liked movies leave: a rival passes once the movie has lost what it is ahead by."""
    bag, brought = set(profile.features.tolist()), _brought(recommender, profile, moves)
    q = recommender.weights.embeddings.astype(np.float64)
    effective = _effective(recommender.weights, profile.features)
    lost = effective[item] - effective[rivals]  # (R, d)
    inside = np.array([move in bag for move in moves.tolist()], dtype=np.float64)
    return Form(
        gains=(q[moves] * inside[:, None]) @ lost.T,
        gaps=_ahead(recommender, profile, item, rivals),
        groups=tuple(np.array(members, dtype=np.int64) for members in brought.values()),
        extra=q[list(brought)] @ lost.T,
        jointly=True,
        same=np.full(len(moves), -1),
    )


def adding(
    recommender: Recommender, profile: Profile, item: int, rivals: Indices, moves: Indices
) -> Form:
    """Movies are liked as well: a rival passes once it falls behind, or is among them."""
    space = recommender.space
    known = profile.removed | set(profile.features.tolist())
    opened: dict[int, list[int]] = {}
    for number, move in enumerate(moves):
        for k in space.item_attributes[move].indices.tolist():
            if k not in known:
                opened.setdefault(k, []).append(number)
    q = recommender.weights.embeddings.astype(np.float64)
    effective = _effective(recommender.weights, profile.features)
    gained = effective[item] - effective[rivals]  # (R, d)
    place = {rival: number for number, rival in enumerate(rivals.tolist())}
    return Form(
        gains=q[moves] @ gained.T,
        gaps=-_ahead(recommender, profile, item, rivals),
        groups=tuple(np.array(members, dtype=np.int64) for members in opened.values()),
        extra=q[list(opened)] @ gained.T,
        jointly=False,
        same=np.array([place.get(move, -1) for move in moves.tolist()]),
    )
