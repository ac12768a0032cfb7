"""A claim beside what was measured, as a slide."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pandas as pd

from dashboard.figures.evidence import PICTURES
from dashboard.figures.still import still
from dashboard.story.slide import COLUMNS, ROWS, Origin, Proof, Slide, Table
from relrec_core import VERSION
from relrec_core.evaluation.claims import Claim, Verdict
from relrec_core.evaluation.tables import StoredTable

PASSED = {"confirmed": True, "not confirmed": False}


def claim_slide(
    claim: Claim,
    verdict: Verdict,
    tables: Sequence[StoredTable],
    texts: pd.DataFrame,
    conditions: Sequence[str],
    view: str,
) -> Slide:
    """The question, the verdict, the picture and the numbers.

    Args:
        claim: of a paper.
        verdict: what the tables say of it.
        tables: that decide it.
        texts: the numbers beside the picture, as they are shown.
        conditions: under which each table was measured, in words.
        view: parameters of the address.
    """
    frames = [table.frame for table in tables]
    words = f"{claim.title} {verdict.sentence}"
    numbers = texts.iloc[:, :COLUMNS]
    whole = "".join(frame.to_csv(index=False) for frame in frames)
    passed = PASSED.get(verdict.status)
    return Slide(
        page="evidence",
        view=view,
        asked=claim.title,
        sentence=verdict.sentence,
        picture=still(PICTURES[claim.key](frames, claim.numbers(frames)), words),
        words=words,
        reading=f"{claim.paper}, {claim.place}: {claim.text}",
        table=Table(
            headings=[str(name) for name in numbers.columns],
            rows=[[str(cell) for cell in row] for row in numbers[:ROWS].itertuples(index=False)],
        ),
        proofs=(Proof(said=f"{verdict.head}. {claim.limits}".strip(), passed=passed),),
        origin=Origin(
            dataset="; ".join(dict.fromkeys(conditions)),
            dataset_hash=hashlib.sha256(whole.encode()).hexdigest(),
            licence="",
            run="",
            model="",
            method="; ".join(dict.fromkeys(source.command for source in claim.sources)),
            code_version=VERSION,
        ),
        value={
            name: frame.astype(object).where(frame.notna(), None).to_dict("list")
            for name, frame in zip((table.name for table in tables), frames, strict=True)
        },
    )
