"""Deletion test: remove the strongest features, compare with removing as many at random.

Samek et al. 2017; for recommendations Fusco et al. 2019, section 5.4.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from relrec_core.explanation import DeletionTest

Bools = npt.NDArray[np.bool_]
Rescore = Callable[[Bools], npt.NDArray[np.float64]]
Draw = Callable[[Bools, int, np.random.Generator], Bools]
"""Features removed (n,), a number R, what draws -> others removed instead (R, n), as many each."""
NAMED = 0.75
"""Share of the support that is named, and goes: with less, what is left often answers alike."""


def carrying(relevance: npt.NDArray[np.float64], share: float = NAMED) -> int:
    """How many of the strongest features carry this share of all support.

    At least one, and at most half of the features, so that as many others are left.

    Args:
        relevance: (n,) signed attribution; support is what is positive.
        share: of the sum of the support, in (0, 1].
    """
    support = np.cumsum(np.sort(np.clip(relevance, 0, None))[::-1])
    reached = int(np.searchsorted(support, share * support[-1])) + 1
    return max(1, min(reached, len(relevance) // 2))


def scattered(removed: Bools, repetitions: int, rng: np.random.Generator) -> Bools:
    """As many features (R, n), each as likely as any other."""
    n, count = len(removed), int(removed.sum())
    drawn = np.zeros((repetitions, n), dtype=np.bool_)
    chosen = np.argpartition(rng.random((repetitions, n)), count - 1, axis=1)[:, :count]
    drawn[np.arange(repetitions)[:, None], chosen] = True
    return drawn


def deletion_test(
    relevance: npt.NDArray[np.float64],
    rescore: Rescore,
    *,
    k: int | None = None,
    parts: Sequence[slice] = (slice(None),),
    draw: Draw = scattered,
    repetitions: int = 200,
    seed: int | Sequence[int] = 0,
) -> DeletionTest:
    """Measure what happens to one score when its strongest supports go.

    Args:
        relevance: (n,) signed attribution of each feature.
        rescore: kept (R, n) boolean -> (R,) score with only the kept features.
        k: features to remove of each part, at most half of them, at least one; None: as many as
            carry three quarters of the part's support.
        parts: of the features; features go from one part at a time, and scores are averaged over
            the parts. Where two parts answer each other (two pictures that show the same thing),
            taking it from both at once would leave them alike.
        draw: draws the features to compare with.
        repetitions: number of random removals of as many features.
        seed: of the random removals.

    Returns:
        The scores before and after, with a 95 % band of the random removals; `removed` counts the
        features of all parts.
    """
    rng, removed = np.random.default_rng(seed), 0
    scores = np.zeros(repetitions + 2)
    for part in parts:
        own = relevance[part]
        n = len(own)
        count = carrying(own) if k is None else max(1, min(k, n // 2))
        strongest = np.zeros(n, dtype=bool)
        strongest[np.argsort(-own, kind="stable")[:count]] = True
        kept = np.ones((repetitions + 2, len(relevance)), dtype=bool)
        kept[1, part] = ~strongest
        kept[2:, part] = ~draw(strongest, repetitions, rng)
        scores += rescore(kept) / len(parts)
        removed += count
    score, after_top, random = float(scores[0]), float(scores[1]), scores[2:]
    low, high = np.percentile(random, [2.5, 97.5])
    return DeletionTest(
        removed=removed,
        score=score,
        after_top=after_top,
        after_random=float(random.mean()),
        low=float(low),
        high=float(high),
        beaten=float((random > after_top).mean()),
        repetitions=repetitions,
    )
