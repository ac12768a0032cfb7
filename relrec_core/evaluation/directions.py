"""What a table says of named reasons: does the answer move as they say, beside other methods?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import pandas as pd

from relrec_core.evaluation.claims import Outcome, Verdict, graded

LIME, GRADIENT, RANDOM = "LIME", "Gradient x input", "At random"
LEVEL = 0.05
"""Difference of two shares below which two methods count as level: what samples of some dozens to
some hundreds can tell apart."""

Frames = Sequence[pd.DataFrame]


def beside(status: Outcome, ours: float, others: Mapping[str, float]) -> str:
    """The verdict, and whether others do better or as well, as the head of its sentence.

    Args:
        status: of the claim.
        ours: share of reasons that are true.
        others: likewise, by the names of other methods.
    """
    ahead = [name for name, share in others.items() if share >= ours + LEVEL]
    level = [name for name, share in others.items() if abs(share - ours) < LEVEL]
    names, how = (ahead, "better") if ahead else (level, "as well")
    if not names:
        return status.capitalize()
    told = f"{names[0]} does" if len(names) == 1 else f"{len(names)} others do"
    return f"{status.capitalize()}, though {told} {how}"


def verdict(
    frame: pd.DataFrame,
    ours: str,
    reasons: str,
    answers: str,
    decides: Literal["each", "together"] = "each",
) -> Verdict:
    """Confirmed where at least 95 % of the named reasons are true, partly from 75 % on.

    Args:
        frame: one row a method, as `relrec_core.faithfulness.directions.agreement` makes them.
        ours: the row of what the page names.
        reasons, answers: what these are called, in the plural.
        decides: whether a reason is what is changed alone, or all that is named of an answer.
    """
    by = frame.set_index("method")
    row, lime, gradient, random = (by.loc[m].to_dict() for m in (ours, LIME, GRADIENT, RANDOM))
    share = float(row[decides])
    rivals = {LIME: float(lime[decides]), "gradient x input": float(gradient[decides])}
    status = graded(share, 0.95, 0.75)
    alone = (
        f"of {row['reasons']:.0f} {reasons} that the page names, {row['each']:.0%} move the answer "
        f"as named when one is changed ({row['weighted']:.0%} weighted by size); of as many by "
        f"LIME {lime['each']:.0%} ({lime['weighted']:.0%}), by gradient x input "
        f"{gradient['each']:.0%} ({gradient['weighted']:.0%}), at random {random['each']:.0%}"
    )
    together = (
        f"with all that is named changed at once, the answer moves as named for "
        f"{row['together']:.0%} of {row['answers']:.0f} {answers} (LIME {lime['together']:.0%}, "
        f"gradient x input {gradient['together']:.0%}, at random {random['together']:.0%}), on "
        f"average by {row['change']:.2f} (LIME {lime['change']:.2f}, gradient x input "
        f"{gradient['change']:.2f})"
    )
    said = (together, alone) if decides == "together" else (alone, together)
    return Verdict(status, f"{beside(status, share, rivals)}: {'; '.join(said)}.")


def rows(frames: Frames) -> pd.DataFrame:
    """The numbers that are shown beside the picture."""
    columns = {
        "method": "Method",
        "each": "Each reason",
        "weighted": "Weighted by size",
        "together": "All at once",
        "change": "Mean change",
    }
    return frames[0][list(columns)].rename(columns=columns)
