"""Does an answer move as the named reasons say? Each is changed, and the answer asked again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from relrec_core.faithfulness.deletion import Rescore

Doubles = npt.NDArray[np.float64]


class Named(NamedTuple):
    """What one method names of one answer, and what the answer does without it.

    `contributions` (k,) are signed; `each` (k,) are the changes of the answer where one of them is
    changed alone, `together` is that where all are.
    """

    contributions: Sequence[float]
    each: Sequence[float]
    together: float


def named(attribution: Doubles, count: int, rescore: Rescore) -> Named:
    """Change the strongest supports, alone and together.

    Args:
        attribution: (n,) signed contribution of each feature.
        count: how many are named.
        rescore: kept (R, n) boolean -> (R,) score with the others changed.
    """
    strongest = np.argsort(-attribution, kind="stable")[:count]
    kept = np.ones((count + 2, len(attribution)), dtype=bool)
    kept[1, strongest] = False
    kept[np.arange(2, count + 2), strongest] = False
    scores = rescore(kept)
    moves = scores[1:] - scores[0]
    return Named(attribution[strongest].tolist(), moves[1:].tolist(), float(moves[0]))


def as_named(contributions: Doubles, changes: Doubles) -> npt.NDArray[np.bool_]:
    """(k,) True where the answer falls without what raises it, or rises without what lowers it."""
    return np.asarray(contributions * changes < 0)


def parts(contributions: Doubles) -> Doubles:
    """(k,) size of each contribution as a part of the sum of all sizes; zeros where all are."""
    sizes = np.abs(contributions)
    return np.asarray(sizes / max(sizes.sum(), np.finfo(np.float64).tiny))


def agreement(found: Sequence[Named]) -> dict[str, float]:
    """How often one method is right, over many answers.

    `each` is the share of all named reasons whose change moves the answer as named, `weighted` the
    mean over answers of the parts of what is named that such reasons have, `together` the share of
    answers that move as named where all reasons of one are changed, `change` by how much at the
    mean; `reasons` and `answers` are counts.
    """
    arrays = [(np.array(n.contributions), np.array(n.each)) for n in found]
    right = [as_named(*pair) for pair in arrays]
    shares = [float(parts(c) @ r) for (c, _), r in zip(arrays, right, strict=True)]
    together = np.array([-np.sign(np.sum(n.contributions)) * n.together for n in found])
    return {
        "each": float(np.concatenate(right).mean()),
        "weighted": float(np.mean(shares)),
        "together": float((together > 0).mean()),
        "change": float(together.mean()),
        "reasons": sum(map(len, right)),
        "answers": len(found),
    }
