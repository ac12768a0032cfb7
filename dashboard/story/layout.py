"""How a slide is divided, alike on screen, in PowerPoint and in PDF."""

from __future__ import annotations

from dashboard.story.drawing import size_of
from dashboard.story.slide import Slide

GOOD, WARN = "#2f7d4f", "#a8500f"
"""Colours of what is confirmed and of what is not."""
NARROWEST, WIDEST = 0.36, 0.66
"""Of the slide, for the picture; the table and the proof have the rest."""
HIGH = 0.4
"""Height of the room for the picture, for the width of the slide."""


def picture_share(slide: Slide) -> float:
    """What part of a slide's width the picture gets: as much as it can fill."""
    width, height = size_of(slide.picture)
    wide = WIDEST if len(slide.table.headings) <= 3 else 0.56
    return min(max(HIGH * width / height, NARROWEST), wide)
