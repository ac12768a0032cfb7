"""A self-contained HTML page of one session's explanation, to print or to mail."""

from __future__ import annotations

import plotly.graph_objects as go

from dashboard.figures.audit import deletion_figure, judged
from dashboard.figures.report import HALF, beside, page, paragraph, section, table
from dashboard.figures.session_words import (
    SWAPS,
    bars_in_words,
    flip_in_words,
    flip_words,
    hasse_in_words,
    timeline_in_words,
)
from dashboard.figures.sessions import timeline
from dashboard.figures.shares import experts_in_rows, shares_in_words
from dashboard.figures.still import still
from relrec_core.sessions.explanation.result import SessionExplanation, expert_title

TREE = 560
"""Width of the experts' diagram, in pixels."""


def session_report(
    explanation: SessionExplanation, bars: go.Figure, tree: go.Figure, link: str
) -> str:
    """The sentence, the pictures, the proof and the table in one file."""
    test = explanation.audit.deletion
    title = expert_title(explanation.focused.top)
    rows = experts_in_rows(explanation, expert_title)
    experts = still(tree, hasse_in_words(explanation), TREE)
    tested = f"{judged(test, SWAPS)[1]}. {flip_in_words(test, title)}"
    proof = deletion_figure(test, flip_words(test, title), "confidence")
    changed = [one for one in (explanation.flip, explanation.elsewhere) if one is not None]
    turned = [paragraph(f"{one.sentence()} {one.proof()}") for one in changed]
    parts = (
        paragraph(f"{explanation.title}."),
        *turned,
        still(timeline(explanation), timeline_in_words(explanation)),
        section("Who decided, track by track", still(bars, bars_in_words(explanation))),
        section(
            f"Every expert, track {explanation.focused.position}",
            beside(experts, table(("Expert", "Alone: skip", "Share"), rows), wide=True),
        ),
        section(
            "Do the contributions equal the score?", paragraph(shares_in_words(explanation.audit))
        ),
        section(
            f"Does the answer depend on {title}?",
            beside(still(proof, flip_in_words(test, title), HALF), paragraph(tested)),
        ),
    )
    return page(explanation, parts, link)
