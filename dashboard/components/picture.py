"""A picture under its map, as the components of pictures take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dashboard.figures.heatmap import FAINT, Panel, data_url, marks
from dashboard.figures.palette import OPPOSITION, SUPPORT, signed

ROOT = '<div class="root"></div>'
Data = dict[str, Any]


@dataclass(frozen=True)
class Look:
    """How maps lie over pictures.

    Args:
        scale: relevance that gets the full colour.
        strength: opacity of the map, 0 to 1.
        originals: show the pictures without their maps.
    """

    scale: float
    strength: float = 0.8
    originals: bool = False

    @property
    def data(self) -> Data:
        """For `look` in picture.js; `style` becomes variables of the style sheet."""
        style = {
            "strength": self.strength,
            "faint": FAINT,
            "support": SUPPORT,
            "opposition": OPPOSITION,
        }
        return {"originals": self.originals, "style": style}


def plain_picture(address: str, alt: str) -> Data:
    """A picture without a map."""
    return {"src": address, "alt": alt}


def mapped(panel: Panel, scale: float, *, address: str = "", numbers: bool = False) -> Data:
    """A picture under its map; `address` spares encoding a picture that is encoded already."""
    return {
        "src": address or data_url(panel.picture),
        "map": data_url(panel.overlay(scale)),
        "blocky": panel.blocky,
        "alt": panel.in_words(),
        "lowers": bool(panel.drawn.min() < 0),
        "marks": [
            {
                "across": m.across,
                "down": m.down,
                "text": signed(m.relevance),
                "colour": SUPPORT if m.relevance > 0 else OPPOSITION,
            }
            for m in (marks(panel) if numbers else ())
        ],
    }
