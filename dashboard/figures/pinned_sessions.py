"""Two tracks, of one session or of two, beside each other."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from dashboard.figures.pinned import ChartCase, Span, summed
from dashboard.figures.session_words import SWAPS, bars_in_words
from dashboard.figures.sessions import bars
from relrec_core.explanation import DeletionTest, Ledger
from relrec_core.sessions.explanation.result import (
    LANE_TITLES,
    SessionExplanation,
    expert_title,
)


@dataclass(frozen=True, eq=False)
class SessionCase(ChartCase):
    """Who decided about a track; shares are on one axis in all pictures."""

    explanation: SessionExplanation

    WING, OTHER, NOUNS = "sessions", "track or session", ("Inputs", "Expert")
    SHARES = True

    @property
    def names(self) -> tuple[str, ...]:
        """What was asked about."""
        return self.explanation.title, f"Track {self.explanation.focused.position}"

    def contributions(self, *, single: bool) -> dict[str, float]:
        """By name, summed up or every single one."""
        track = self.explanation.focused
        if single:
            return summed((expert_title(name), v) for name, v in track.attribution.items())
        return summed((LANE_TITLES[name], v) for name, v in self.explanation.lanes(track).items())

    @property
    def tests(self) -> list[tuple[str, DeletionTest, str]]:
        """Titles of the deletion tests, the tests, and what passing means."""
        top = expert_title(self.explanation.focused.top)
        return [(f"{top[:1].upper()}{top[1:]} swapped", self.explanation.audit.deletion, SWAPS)]

    @property
    def ledgers(self) -> list[Ledger]:
        """What has to sum up."""
        return [self.explanation.audit.ledger, self.explanation.audit.shares]

    @property
    def span(self) -> Span:
        """What the picture reaches over."""
        return 0.0, 1.0

    def figure(self, span: Span) -> go.Figure:
        """The picture on an axis over `span`."""
        return bars(self.explanation)

    @property
    def words(self) -> str:
        """The picture in words."""
        return bars_in_words(self.explanation)

    def scale_in_words(self, span: Span) -> str:
        """What both pictures have in common."""
        return (
            "Each bar is one decision, its parts are shares that add up to 100%. Framed: the "
            "track that is compared."
        )
