"""A self-contained HTML page of two cases, to print or to mail."""

from __future__ import annotations

import html
from collections.abc import Hashable, Mapping

import pandas as pd

from dashboard.figures.audit import judged
from dashboard.figures.differences import differences, differences_in_words
from dashboard.figures.palette import signed
from dashboard.figures.pinned import CAUTION, Case, Pair, Span
from dashboard.figures.report import (
    JOINED,
    ROWS,
    beside,
    document,
    footer,
    paragraph,
    section,
    table,
)
from dashboard.figures.still import still


def pair_report(pair: Pair[Case]) -> str:
    """What differs, both cases beside each other, and the joined contributions in one file."""
    summed, single = pair.first.NOUNS
    parts = [] if pair.alike else [paragraph(CAUTION)]
    parts.append(beside(*(_told(case, pair.span) for case in pair.cases)))
    parts.append(paragraph(pair.first.scale_in_words(pair.span)))
    parts.append(
        section(
            "What differs",
            still(differences(pair), differences_in_words(pair)),
            paragraph(pair.directions),
        )
    )
    for noun, frame in ((summed, pair.joined(single=False)), (single, pair.joined(single=True))):
        rows = frame[:ROWS].to_dict("records")
        title = f"By {noun.lower()}"
        if len(frame) > ROWS:
            title += f": the {ROWS} largest of {len(frame)} differences"
        heads = (noun, *pair.names, "Difference")
        parts.append(section(title, table(heads, [_row(pair, row) for row in rows], JOINED)))
    parts += [
        f"<footer>{html.escape(case.title)}. "
        f"{footer(case.explanation.provenance, case.link)}</footer>"
        for case in pair.cases
    ]
    return document(pair.sentence(), parts)


def _told(case: Case, span: Span) -> str:
    """One case: its sentence, its picture and its proof."""
    proof = [f"{title}: {judged(test, compared)[1]}." for title, test, compared in case.tests]
    if all(ledger.closes() for ledger in case.ledgers):
        proof.append("Sum matches the score.")
    else:
        proof.append("Sum does not match the score.")
    said = paragraph(case.explanation.sentence())
    named = f"<h2>{html.escape(case.title)}</h2>"
    return f"<section>{named}{said}{case.still(span)}{''.join(map(paragraph, proof))}</section>"


def _row(pair: Pair[Case], row: Mapping[Hashable, float]) -> list[str]:
    """A row of the joined table as texts."""
    values = [row[side] for side in ("first", "second")]
    if pair.first.SHARES:
        told = ["–" if pd.isna(v) else f"{100 * v:.1f}%" for v in values]
        return [str(row["name"]), *told, f"{signed(100 * row['difference'], 1)}%"]
    told = ["–" if pd.isna(v) else signed(v, 4) for v in values]
    return [str(row["name"]), *told, signed(row["difference"], 4)]
