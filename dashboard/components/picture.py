"""A picture under its map, as the components of pictures take it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dashboard.figures.closeup import contours, strongest_region
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


def mapped(
    panel: Panel,
    scale: float,
    *,
    address: str = "",
    numbers: bool = False,
    coloured: bool = False,
) -> Data:
    """A picture under its map.

    Args:
        panel: picture and map.
        scale: relevance that gets the full colour.
        address: of the picture, if it is encoded already.
        numbers: write the strongest values on it, and outline the strongest region.
        coloured: leave the picture its colours; the map becomes lines.
    """
    region = strongest_region(panel) if numbers else None
    return {
        "src": address or data_url(panel.picture),
        "map": data_url(contours(panel, scale) if coloured else panel.overlay(scale)),
        "blocky": panel.blocky and not coloured,
        "coloured": coloured,
        "region": region and {"left": region.left, "top": region.top, "side": region.side},
        "alt": panel.in_words(),
        "lowers": panel.lowers,
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
