"""The audit of one prediction: other inputs for the expert that decided, or for someone else.

The columns that the deciding expert reads are replaced, on both halves, by those of other
sessions; then as many columns that it does not read. If the expert did decide, the answer given
becomes less sure in the first case and hardly in the second (deletion test of Samek et al. 2017).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from relrec_core.experts.judgement import Doubles
from relrec_core.explanation import DeletionTest
from relrec_core.sessions.encoding import Batch, Dense
from relrec_core.sessions.metrics import THRESHOLD
from relrec_core.sessions.predictor import Predictor
from relrec_core.sessions.schema import EVERYWHERE


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
        the expert's columns replaced, `after_random` with as many others; where fewer are left,
        all of them, and for an expert that reads everything half of all columns. `removed`
        counts columns.
    """
    repetitions = len(donors)
    family = predictor.family
    read = set(groups) if family is None else set(family.groups)
    names = [d for d in predictor.encoding.columns_a if d.group in read - {EVERYWHERE}]
    named = {d.name for d in names if d.group in groups}
    others = [d.name for d in names if d.name not in named]
    count = min(len(named), len(others))
    if not others:
        others, count = [d.name for d in names], len(names) // 2
    draw = np.random.default_rng(seed)
    chosen = [set(draw.choice(others, count, replace=False)) for _ in range(repetitions)]
    replaced: list[set[str]] = [set(), *([named] * repetitions), *chosen]
    batch = _without_padding(batch)
    source = torch.arange(repetitions)
    source = torch.cat([source[:1], source, source])  # (2R + 1,)
    flipped = replace(
        _repeated(batch, len(replaced)),
        a=_exchanged(
            batch.a, donors.a, donors.mask_a, source, predictor.encoding.columns_a, replaced
        ),
        b=_exchanged(
            batch.b, donors.b, donors.mask_b, source, predictor.encoding.columns_b, replaced
        ),
    )
    probability = predictor.predict(flipped).probability[:, place]  # (2R + 1,)
    sure = probability if probability[0] >= THRESHOLD else 1 - probability
    score, top, random = float(sure[0]), sure[1 : repetitions + 1], sure[repetitions + 1 :]
    low, high = np.percentile(random, [2.5, 97.5])
    return DeletionTest(
        removed=len(named),
        score=score,
        after_top=float(top.mean()),
        after_random=float(random.mean()),
        low=float(low),
        high=float(high),
        beaten=_beaten(top, random),
        repetitions=repetitions,
    )


def _beaten(top: Doubles, random: Doubles) -> float:
    """Share of random replacements that left the answer surer than the expert's do on average."""
    return float((random > top.mean()).mean())


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
