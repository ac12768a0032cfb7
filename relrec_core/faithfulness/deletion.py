"""Deletion test: remove the top k features, compare with removing k at random.

Samek et al. 2017; for recommendations Fusco et al. 2019, section 5.4.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from relrec_core.explanation import DeletionTest

Rescore = Callable[[npt.NDArray[np.bool_]], npt.NDArray[np.float64]]


def deletion_test(
    relevance: npt.NDArray[np.float64],
    rescore: Rescore,
    *,
    k: int = 5,
    repetitions: int = 200,
    seed: int = 0,
) -> DeletionTest:
    """Measure what happens to one score when its strongest supports go.

    Args:
        relevance: (n,) signed attribution of each feature.
        rescore: kept (R, n) boolean -> (R,) score with only the kept features.
        k: features to remove; at most half of them, at least one.
        repetitions: number of random removals of as many features.
        seed: of the random removals.

    Returns:
        The scores before and after, with a 95 % band of the random removals.
    """
    n = len(relevance)
    k = max(1, min(k, n // 2))
    kept = np.ones((repetitions + 2, n), dtype=bool)
    kept[1, np.argsort(-relevance, kind="stable")[:k]] = False
    keys = np.random.default_rng(seed).random((repetitions, n))
    at_random = np.argpartition(keys, k - 1, axis=1)[:, :k]
    kept[np.arange(2, repetitions + 2)[:, None], at_random] = False
    scores = rescore(kept)
    score, after_top, random = float(scores[0]), float(scores[1]), scores[2:]
    low, high = np.percentile(random, [2.5, 97.5])
    return DeletionTest(
        removed=k,
        score=score,
        after_top=after_top,
        after_random=float(random.mean()),
        low=float(low),
        high=float(high),
        beaten=float((random > after_top).mean()),
        repetitions=repetitions,
    )
