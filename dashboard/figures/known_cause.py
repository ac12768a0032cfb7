"""How well a map finds the pixels that are known to be the cause, in words and as a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from PIL import Image

from dashboard.figures.heatmap import Panel
from dashboard.figures.palette import ACCENT, plain, rgb
from relrec_core.faithfulness.localisation import Mask, misses_by, share_over_area


@dataclass(frozen=True)
class Found:
    """What share of a picture its cause takes, what share of the support it gets, how many times
    what chance would give that is, and whether the strongest spot lies on it."""

    title: str
    area: float
    support: float
    times: float
    pointed: bool

    @classmethod
    def of(cls, panel: Panel, mask: Mask) -> Self:
        """Of a map and its cause, both (S, S)."""
        positive = np.clip(panel.relevance, 0, None)
        total = float(positive.sum())
        smooth = Panel(panel.picture, panel.relevance, panel.title).drawn
        return cls(
            panel.title,
            float(mask.mean()),
            float(positive[mask].sum()) / total if total else 0.0,
            share_over_area(panel.relevance, mask) if total else 0.0,
            not misses_by(smooth, mask),
        )

    def sentence(self) -> str:
        """All of it in words."""
        return (
            f"In ‘{self.title}’ it takes {self.area:.0%} of the picture and gets "
            f"{self.support:.0%} of the support, {plain(self.times, 1)} times what chance would "
            f"give; the strongest spot {'lies' if self.pointed else 'does not lie'} on it."
        )

    @property
    def row(self) -> list[str]:
        """All of it but the spot, as the row of a table."""
        return [self.title, f"{self.area:.0%}", f"{self.support:.0%}", plain(self.times, 1)]


def tinted(mask: Mask) -> Image.Image:
    """The cause in one colour, the rest transparent."""
    pixels = np.zeros((*mask.shape, 4), dtype=np.uint8)
    pixels[mask] = (*rgb(ACCENT), 255)
    return Image.fromarray(pixels)
