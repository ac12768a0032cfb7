"""The audit of one prediction: other inputs for the expert that decided, or for someone else.

The columns that the deciding expert reads are replaced, on both halves, by those of other
sessions; then sets of as many columns that it does not read. If the expert did decide, the answer
given becomes less sure in the first case and hardly in the second (deletion test of Samek et al.
2017, by resampling instead of removal). Every set is judged by its mean over the same sessions:
one session may, by chance, bring a reason of its own for the same answer, or for the other.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from relrec_core.experts.attribution import Doubles
from relrec_core.explanation import DeletionTest
from relrec_core.sessions.data.encoding import Batch, Dense
from relrec_core.sessions.data.schema import EVERYWHERE
from relrec_core.sessions.model.metrics import THRESHOLD
from relrec_core.sessions.model.predictor import Predictor

SETS = 19
"""Sets of other columns: if the named ones matter more than all of them, chance is 1 in 20."""
CERTAIN = 1.645
"""Standard errors: one-sided, 95 %."""


def flip_test(
    predictor: Predictor,
    batch: Batch,
    place: int,
    groups: Collection[str],
    donors: Batch,
    seed: int = 0,
) -> DeletionTest:
    """Measure how sure the answer at one place stays when inputs are replaced.

    Args:
        predictor: of the answer.
        batch: the one session.
        place: which track of B, from 0.
        groups: what the deciding expert reads.
        donors: R sessions to take other inputs from.
        seed: of the random columns.

    Returns:
        `score` is the probability of the answer given, `after_top` its mean over the donors with
        the expert's columns replaced, `after_random` with as many others, in the mean over
        `SETS` sets of them; where fewer are left, all of them. `beaten` is the share of the sets
        that leave the answer surer. `removed` counts columns. An expert that reads everything has
        nothing to be compared with: there `repetitions` is 0, and `beaten` is 1 if the answer
        becomes less sure beyond chance (`CERTAIN` standard errors of the mean over the donors).
    """
    family = predictor.family
    read = set(groups) if family is None else set(family.groups)
    names = [d for d in predictor.encoding.columns_a if d.group in read - {EVERYWHERE}]
    named = {d.name for d in names if d.group in groups}
    others = [d.name for d in names if d.name not in named]
    rng = np.random.default_rng(seed)
    count = min(len(named), len(others))
    chosen = [set(rng.choice(others, count, replace=False)) for _ in range(SETS if others else 0)]
    score, sure = resampled(predictor, batch, place, donors, [named, *chosen])
    top, random = sure[0].mean(), sure[1:].mean(axis=1)  # (SETS,)
    low, high = np.percentile(random, [2.5, 97.5]) if others else (score, score)
    falls = top + CERTAIN * sure[0].std(ddof=1) / np.sqrt(len(donors)) < score
    return DeletionTest(
        removed=len(named),
        score=score,
        after_top=float(top),
        after_random=float(random.mean()) if others else score,
        low=float(low),
        high=float(high),
        beaten=float((random > top).mean()) if others else float(falls),
        repetitions=len(chosen),
    )


def resampled(
    predictor: Predictor, batch: Batch, place: int, donors: Batch, sets: list[set[str]]
) -> tuple[float, Doubles]:
    """Probability of the answer given, and (sets, R) with each set of columns from each donor.

    Arguments as of `flip_test`.
    """
    n, batch = len(donors), _without_padding(batch)
    replaced: list[set[str]] = [set(), *(names for names in sets for _ in range(n))]
    source = torch.cat([torch.zeros(1, dtype=torch.long), torch.arange(n).repeat(len(sets))])
    encoding = predictor.encoding
    flipped = replace(
        _repeated(batch, len(replaced)),
        a=_exchanged(batch.a, donors.a, donors.mask_a, source, encoding.columns_a, replaced),
        b=_exchanged(batch.b, donors.b, donors.mask_b, source, encoding.columns_b, replaced),
    )
    probability = predictor.predict(flipped).probability[:, place]
    sure = probability if probability[0] >= THRESHOLD else 1 - probability
    return float(sure[0]), sure[1:].reshape(len(sets), n)


def _exchanged(
    x: Tensor,
    other: Tensor,
    mask: Tensor,
    source: Tensor,
    columns: tuple[Dense, ...],
    replaced: list[set[str]],
) -> Tensor:
    """x (1, T, C) with the replaced columns of each row from its donor: (N, T, C).

    A donor that is shorter starts again from its first track.
    """
    lengths = mask.sum(1)  # (R,)
    at = torch.arange(x.shape[1]) % lengths[:, None]  # (R, T)
    wrapped = torch.take_along_dim(other, at[..., None], dim=1)[source]  # (N, T, C)
    table: npt.NDArray[np.bool_] = np.array(
        [[dense.name in names for dense in columns] for names in replaced]
    )
    return torch.where(torch.from_numpy(table)[:, None, :], wrapped, x)  # (N, T, C)


def _without_padding(batch: Batch) -> Batch:
    """One session, each half as long as it is."""
    a, b = slice(int(batch.mask_a.sum())), slice(int(batch.mask_b.sum()))
    return replace(
        batch,
        a=batch.a[:, a],
        b=batch.b[:, b],
        mask_a=batch.mask_a[:, a],
        mask_b=batch.mask_b[:, b],
    )


def _repeated(batch: Batch, n: int) -> Batch:
    """One session n times."""
    fields = {k: v.expand(n, *v.shape[1:]) for k, v in vars(batch).items()}
    return Batch(**fields)
