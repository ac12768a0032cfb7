"""Other recommenders on the films that are held out for the experts."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from relrec_core.evaluation.cells import Cell
from relrec_core.movies.evaluation.baselines.peers import Als, Ease, Peer
from relrec_core.movies.evaluation.baselines.peers import settings as peer_settings
from relrec_core.movies.experts.data.holdout import NOBODY, Cases, Holdout
from relrec_core.movies.experts.model.ranking import ranking
from relrec_core.movies.model.weights import Floats


def measured(candidates: Sequence[Peer], parts: Holdout) -> Cell:
    """The candidate that ranks the validation films best, refitted, on the test films."""
    validation, test = parts.cases("validation"), parts.cases("test")
    found = [ranking(_asked(c.fit(parts.train)(), validation), validation) for c in candidates]
    peer = candidates[int(np.argmax([r.ndcg for r in found]))]
    started = time.perf_counter()
    score = peer.fit(parts.known)
    seconds = time.perf_counter() - started
    result = ranking(_asked(score(), test), test)
    viewers, films = parts.known.shape
    size = films * (films - 1) if isinstance(peer, Ease) else films
    if isinstance(peer, Als):
        size = peer.factors * (viewers + films)
    return {
        "hit_rate": result.hit_rate,
        "ndcg": result.ndcg,
        "cases": result.cases,
        "parameters": size,
        "fit_seconds": seconds,
        "chosen": peer_settings(peer),
    }


def real(cases: Cases) -> Any:
    """The candidates, with any film where there is none, (C, 1 + n)."""
    return np.where(cases.candidates == NOBODY, 0, cases.candidates)


def _asked(scores: Floats, cases: Cases) -> Floats:
    """Scores of all films for all viewers (U, I) -> those of the candidates (C, 1 + n)."""
    return np.asarray(scores[cases.viewers[:, None], real(cases)])
