"""Two recommenders beside each other: in words, and as a page to print or to mail."""

from __future__ import annotations

import plotly.graph_objects as go

from dashboard.figures.movie_words import ledger_in_words
from dashboard.figures.palette import plain, signed
from dashboard.figures.report import JOINED, page, paragraph, section, table
from dashboard.figures.still import still
from relrec_core.movies.explanation.comparison import Comparison


def contributions_in_words(found: Comparison, shown: int) -> str:
    """The strongest reasons by both, in the points of either."""
    first, second = found.names
    told = (
        f"{row[0]}: {first} {_signed(row[2])}, {second} {_signed(row[3])}"
        for row in found.contributions().head(shown).itertuples(index=False, name=None)
    )
    return f"What contributes to {found.reasons[0].title}: {'; '.join(told)}."


def compared_report(found: Comparison, figure: go.Figure, words: str, link: str) -> str:
    """The sentence, both lists, the contributions of both and their sums in one file."""
    lists = [
        (
            m.title,
            "–" if m.first is None else str(m.first),
            "–" if m.second is None else str(m.second),
        )
        for m in found.movies
    ]
    sums = [
        paragraph(f"{name}: {told.sentence()} {ledger_in_words(told, 4)}")
        for name, told in zip(found.names, found.reasons, strict=True)
    ]
    parts = (
        section(f"The first {found.n} of both", table(("Movie", *found.names), lists, JOINED)),
        section(f"Why {found.reasons[0].title}", still(figure, words), *sums),
    )
    return page(found, parts, link)


def scores_in_words(found: Comparison) -> list[str]:
    """'EASE: place 3, score 0.62', of the movie that is asked about."""
    return [
        f"{name}: place {told.rank}, score {plain(told.score)}"
        for name, told in zip(found.names, found.reasons, strict=True)
    ]


def _signed(value: float) -> str:
    return "does not read it" if value != value else signed(value)
