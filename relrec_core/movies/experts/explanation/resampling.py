"""The audit of one decision: somebody else's inputs for the expert that decided, or for others.

If an expert decided, the answer becomes less sure when what only this expert adds is exchanged,
and hardly when as much of something else is (deletion test of Samek et al. 2017, by resampling
instead of removal). Means over the same other pairs are compared: one pair may, by chance, bring a
reason of its own for the same answer, or for the other.
"""

from __future__ import annotations

from itertools import accumulate, combinations

import numpy as np
import torch
from torch import Tensor

from relrec_core.experts.subsets import Family
from relrec_core.explanation import DeletionTest
from relrec_core.movies.experts.explanation.result import YES
from relrec_core.movies.experts.model.predictor import Predictor

RESAMPLES = 200


def added(family: Family, expert: str) -> tuple[str, ...]:
    """The groups that an expert reads and that not all experts directly below it read.

    Content: all it reads. User and film: the one group they have more than content. Taste: what
    user and film do not share.
    """
    i = family.names.index(expert)
    below = [family.subsets[child] for child, parent in family.covers if parent == i]
    shared = frozenset.intersection(*below) if below else frozenset()
    return tuple(g for g in family.groups if g in family.subsets[i] - shared)


def others(family: Family, expert: str) -> tuple[str, ...]:
    """The groups to compare with: those it does not read or, if it reads all, the shared ones."""
    unread = tuple(g for g in family.groups if g not in family.experts[expert])
    mine = added(family, expert)
    return unread or tuple(g for g in family.groups if g not in mine)


def exchange_test(
    predictor: Predictor,
    family: Family,
    pair: tuple[int, int],
    expert: str,
    donors: Tensor,
    seed: int = 0,
) -> DeletionTest:
    """Measure how sure the answer stays when groups of inputs are another pair's.

    Args:
        predictor: of the answer.
        family: its experts.
        pair: rows of the viewer and the film.
        expert: that decided.
        donors: (R, C) what is read of other viewers with other films.
        seed: of the bootstrap over donors.

    Returns:
        `score` is the probability of the answer given, yes or no; `after_top` its mean over the
        donors with the groups `added` by the expert exchanged, `after_random` with as many of
        the `others`, all choices of these alike. `low` and `high` bound its mean over donors, and
        `beaten` is the share of `RESAMPLES` resamples of the donors in which the others leave the
        answer surer in the mean. `removed` counts groups.
    """
    mine, theirs = added(family, expert), others(family, expert)
    count = min(len(mine), len(theirs))
    named, compared = list(combinations(mine, count)), list(combinations(theirs, count))
    viewer, film = pair
    x = predictor.inputs([viewer], [film])  # (1, C)
    rows = [x, *(_exchanged(predictor, x, donors, set(some)) for some in named + compared)]
    probability = predictor.judge_inputs(torch.cat(rows)).probability  # (1 + sets * R,)
    sure = probability if probability[0] >= YES else 1 - probability
    each = sure[1:].reshape(-1, len(donors))  # (sets, R)
    top, rest = each[: len(named)].mean(axis=0), each[len(named) :].mean(axis=0)  # (R,) each
    drawn = np.random.default_rng(seed).integers(len(donors), size=(RESAMPLES, len(donors)))
    low, high = np.percentile(rest[drawn].mean(axis=1), [2.5, 97.5])
    return DeletionTest(
        removed=count,
        score=float(sure[0]),
        after_top=float(top.mean()),
        after_random=float(rest.mean()),
        low=float(low),
        high=float(high),
        beaten=float(((rest - top)[drawn].mean(axis=1) > 0).mean()),
        repetitions=RESAMPLES,
    )


def _exchanged(predictor: Predictor, x: Tensor, donors: Tensor, groups: set[str]) -> Tensor:
    """x (1, C) with some groups from each donor (R, C): (R, C)."""
    widths = predictor.net.inputs.widths
    taken = x.repeat(len(donors), 1)
    for group, end in zip(widths, accumulate(widths.values()), strict=True):
        if group in groups:
            columns = slice(end - widths[group], end)
            taken[:, columns] = donors[:, columns]
    return taken
