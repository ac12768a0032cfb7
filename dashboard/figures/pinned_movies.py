"""Two movies, or one movie for two users, beside each other."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from dashboard.figures.movie_words import REASON_TESTS
from dashboard.figures.palette import plain
from dashboard.figures.pinned import ChartCase, Span, remainder, summed
from dashboard.figures.waterfall import reach, steps, waterfall, waterfall_in_words
from relrec_core.explanation import DeletionTest, Ledger
from relrec_core.movies.explanation.result import MovieExplanation

BASE = "Base value"


@dataclass(frozen=True, eq=False)
class MovieCase(ChartCase):
    """Why a movie was recommended to a user; drawn step by step, on one axis for both cases."""

    explanation: MovieExplanation

    WING, OTHER, NOUNS = "movies", "movie or user", ("Theme", "Reason")

    @property
    def names(self) -> tuple[str, ...]:
        """What was asked about."""
        return self.explanation.title, self.explanation.viewer

    def contributions(self, *, single: bool) -> dict[str, float]:
        """By name, summed up or every single one."""
        told = self.explanation
        named = (
            [(f.label, f.relevance) for f in told.features]
            if single
            else [(t.name, t.total) for t in told.themes]
        )
        base = [(BASE, told.base)] if told.reference == "average" else []
        return summed([*base, *named, *remainder(told.audit.ledger)])

    @property
    def tests(self) -> list[tuple[str, DeletionTest, str]]:
        """Titles of the deletion tests, the tests, and what passing means."""
        audit = self.explanation.audit
        found = {"Replaced": audit.replacement, "Removed": audit.deletion}
        return [
            (title, test, REASON_TESTS[title].compared)
            for title, test in found.items()
            if test is not None
        ]

    @property
    def ledgers(self) -> list[Ledger]:
        """What has to sum up."""
        return [self.explanation.audit.ledger]

    @property
    def span(self) -> Span:
        """What the picture reaches over."""
        return reach(steps(self.explanation))

    def figure(self, span: Span) -> go.Figure:
        """The picture on an axis over `span`."""
        return waterfall(self.explanation, span=span)

    @property
    def words(self) -> str:
        """The picture in words."""
        return waterfall_in_words(self.explanation)

    def scale_in_words(self, span: Span) -> str:
        """What both pictures have in common."""
        low, high = span
        return (
            f"Both on one axis, from {plain(low)} to {plain(high)} points: base value, strongest "
            "contributions, the others together, score."
        )
