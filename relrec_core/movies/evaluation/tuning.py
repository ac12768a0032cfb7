"""Hyperparameters of the peers, chosen on the development films, and what they reach."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

from relrec_core.evaluation.cells import Cell
from relrec_core.movies.data.features import FeatureSpace, feature_space
from relrec_core.movies.data.split import Split
from relrec_core.movies.evaluation.baselines.factorisation import FactorisationMachine
from relrec_core.movies.evaluation.baselines.peers import PEERS, Peer, Scores, settings
from relrec_core.movies.evaluation.study import Study
from relrec_core.movies.model.metrics import recall

TOP = 50
WITH_ATTRIBUTES = ("FM",)
"""Peers that are also measured with attributes, among the same candidates."""


def peer_cell(study: Study, seed: int, name: str, *, attributes: bool = False) -> Cell:
    """Recall@50 of a peer on test films, its times, and the settings it took; kept for later."""
    candidates = PEERS[name]
    more: dict[str, Any] = {"attributes": True} if attributes else {}
    key = study.key(seed, method=name, candidates=[settings(c) for c in candidates], **more)
    space = feature_space(study.data) if attributes else None
    compute = partial(_measured, candidates, study.parts(seed), space)
    return study.cells("recall", __name__).get(key, compute)


def chosen(study: Study, seed: int, name: str, *, attributes: bool = False) -> Peer:
    """The candidate that did best on the development films."""
    taken = peer_cell(study, seed, name, attributes=attributes)["chosen"]
    return next(c for c in PEERS[name] if settings(c) == taken)


def _measured(candidates: Sequence[Peer], parts: Split, space: FeatureSpace | None) -> Cell:
    dev = [recall(_fit(c, parts.train, space)(), parts.train, parts.dev, TOP) for c in candidates]
    best = int(np.argmax([found.macro for found in dev]))
    peer = candidates[best]
    started = time.perf_counter()
    score = _fit(peer, parts.known, space)
    fitted = time.perf_counter()
    scores = score()
    scored = time.perf_counter()
    found = recall(scores, parts.known, parts.test, TOP)
    return {
        "macro": found.macro,
        "pooled": found.pooled,
        "viewers": found.viewers,
        "fit_seconds": fitted - started,
        "score_seconds": scored - fitted,
        "chosen": settings(peer),
        "dev": dev[best].macro,
    }


def _fit(peer: Peer, liked: sparse.csr_matrix, space: FeatureSpace | None) -> Scores:
    if space is not None and isinstance(peer, FactorisationMachine):
        return peer.fit(liked, space)
    return peer.fit(liked)
