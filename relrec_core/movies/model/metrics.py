"""Recall at k, per viewer first and the mean after (Fusco et al. 2019, section 5.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from relrec_core.movies.model.weights import Floats


@dataclass(frozen=True)
class Recall:
    """hits / |held-out films|: averaged over viewers (macro) or over all films (pooled)."""

    macro: float
    pooled: float
    viewers: int


def recall(
    scores: Floats, known: sparse.csr_matrix, held_out: sparse.csr_matrix, k: int = 50
) -> Recall:
    """Recall@k of scores (B, V), films in `known` left out, viewers without held-out films too."""
    ranked = scores.copy()
    rows = np.repeat(np.arange(known.shape[0]), np.diff(known.indptr))
    ranked[rows, known.indices] = -np.inf
    k = min(k, ranked.shape[1])
    top = np.argpartition(ranked, ranked.shape[1] - k, axis=1)[:, -k:]
    chosen = np.zeros(ranked.shape, dtype=bool)
    np.put_along_axis(chosen, top, True, axis=1)
    chosen[rows, known.indices] = False
    owners = np.repeat(np.arange(held_out.shape[0]), np.diff(held_out.indptr))
    found: npt.NDArray[np.bool_] = chosen[owners, held_out.indices]
    hits = np.bincount(owners, weights=found, minlength=held_out.shape[0])
    sizes = np.diff(held_out.indptr)
    counted = sizes > 0
    return Recall(
        macro=float((hits[counted] / sizes[counted]).mean()),
        pooled=float(hits.sum() / sizes.sum()),
        viewers=int(counted.sum()),
    )
