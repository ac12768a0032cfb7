"""Relevance over a picture: warm supports, cool opposes, nothing is transparent."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy.ndimage import gaussian_filter

from dashboard.figures.palette import OPPOSITION, SUPPORT, rgb, signed
from relrec_core.products.explanation.result import GRID, pooled
from relrec_core.products.explanation.sentences import places

SMOOTHED, CELLS, PIXELS = "Smoothed", "Cells", "Pixels"
DETAILS = (SMOOTHED, CELLS, PIXELS)
BLUR = 1 / 42
"""Standard deviation of the smoothing, as a share of the picture's side."""
FULL = 99.5
"""Percentile of a map's absolute values that gets the full colour."""
WEAK = 0.05
"""Share of the score below which a picture's whole contribution is weak."""
FAINT = 0.6
"""How much is left of a picture under a map; the rest is white."""
WORTH_MARKING = 0.15
"""Opposition gets a number if its strongest cell has this share of the strongest support."""

Map = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class Panel:
    """A picture, the relevance of its pixels (S, S), what to write beside it, and the score that
    the relevance is of, where it is known."""

    picture: Image.Image
    relevance: Map
    title: str
    detail: str = SMOOTHED
    score: float = 0.0

    @cached_property
    def drawn(self) -> Map:
        """What is drawn, as relevance of one of the GRID x GRID cells."""
        if self.detail == CELLS:
            return pooled(self.relevance, GRID)
        density = self.relevance * (len(self.relevance) / GRID) ** 2
        if self.detail == PIXELS:
            return density
        return gaussian_filter(density, len(density) * BLUR, mode="reflect")

    @property
    def lowers(self) -> bool:
        """Whether any of the map is drawn as lowering the score."""
        return bool(self.drawn.min() < 0)

    @property
    def blocky(self) -> bool:
        """Whether the map's squares should keep their edges when enlarged."""
        return self.detail != SMOOTHED

    @cached_property
    def cells(self) -> npt.NDArray[np.float64]:
        """(GRID, GRID) exact sums."""
        return pooled(self.relevance, GRID)

    @property
    def total(self) -> float:
        """Sum of the contributions of its pixels, in units of the score."""
        return float(self.relevance.astype(np.float64).sum())

    @property
    def even(self) -> bool:
        """Whether no place differs from another."""
        return not np.ptp(self.relevance)

    @property
    def full(self) -> float:
        """The relevance that gets the full colour, if this is the only picture.

        A map that has less than `WEAK` of its score is painted as weakly as it is.
        """
        top = float(np.percentile(np.abs(self.drawn), FULL))
        top = top or float(np.abs(self.drawn).max()) or 1.0
        return top * max(1.0, WEAK * abs(self.score) / (abs(self.total) or 1.0))

    def overlay(self, scale: float) -> Image.Image:
        """The map alone, transparent where it is zero."""
        return overlay(self.drawn, scale)

    def in_words(self) -> str:
        """The picture in words, for those who do not see it."""
        text = f"{self.title}: contribution of this picture {signed(self.total)}; "
        if self.cells.max() > 0:
            text += f"raises the score most in {places(self.cells)}"
        else:
            text += "raises it nowhere"
        if self.cells.min() >= 0:
            return f"{text}, lowers it nowhere."
        against = "evenly" if self.even else f"most in {places(-self.cells)}"
        return f"{text}, lowers it {against}."


def shared_scale(panels: Sequence[Panel]) -> float:
    """The relevance that gets the full colour in all of these pictures."""
    return max((panel.full for panel in panels), default=1.0)


def overlay(drawn: Map, scale: float) -> Image.Image:
    """RGBA picture of a map: opacity in proportion, full from `scale` on."""
    strength = np.clip(np.abs(drawn) / scale, 0, 1)
    pixels = np.empty((*drawn.shape, 4), dtype=np.uint8)
    pixels[..., :3] = np.where(drawn[..., None] >= 0, rgb(SUPPORT), rgb(OPPOSITION))
    pixels[..., 3] = np.round(255 * strength)
    return Image.fromarray(pixels)


def faint(picture: Image.Image) -> Image.Image:
    """The picture in light greys, so that the map's colours are the only ones."""
    grey = np.asarray(picture.convert("L"), dtype=np.float64)
    light = 255 - FAINT * (255 - grey)
    return Image.fromarray(light.round().astype(np.uint8)).convert("RGB")


def over(panel: Panel, scale: float, side: int, opacity: float) -> Image.Image:
    """The map over the faint picture, a square of `side` pixels."""
    how = Image.Resampling.NEAREST if panel.blocky else Image.Resampling.BICUBIC
    return laid(panel.overlay(scale).resize((side, side), how), panel.picture, opacity)


def laid(layer: Image.Image, picture: Image.Image, opacity: float) -> Image.Image:
    """A layer with transparent parts over the faint picture, as large as the layer."""
    layer = layer.copy()
    alpha = np.asarray(layer.getchannel("A"), dtype=np.float64) * opacity
    layer.putalpha(Image.fromarray(alpha.round().astype(np.uint8)))
    base = faint(picture.resize(layer.size, Image.Resampling.LANCZOS)).convert("RGBA")
    return Image.alpha_composite(base, layer).convert("RGB")


@dataclass(frozen=True)
class Mark:
    """A number at a place of the picture, in shares of its width and height."""

    across: float
    down: float
    relevance: float


def marks(panel: Panel) -> list[Mark]:
    """The cell that supports most and, where it counts, the one that opposes most."""
    cells = panel.cells
    best, worst = float(cells.max()), float(cells.min())
    found = [(int(np.argmax(cells)), best)] if best > 0 else []
    against = int(np.argmin(cells))
    if (
        worst < 0
        and not panel.even
        and -worst >= WORTH_MARKING * best
        and not _touch(against, found)
    ):
        found.append((against, worst))
    return [
        Mark((place % GRID + 0.5) / GRID, (place // GRID + 0.5) / GRID, value)
        for place, value in found
    ]


def _touch(place: int, others: list[tuple[int, float]]) -> bool:
    """Whether the numbers of two cells would lie over one another."""
    row, column = divmod(place, GRID)
    return any(abs(row - o // GRID) < 2 and abs(column - o % GRID) < 4 for o, _ in others)


def data_url(picture: Image.Image) -> str:
    """The picture as an address that needs no server."""
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=88, method=0)  # 0: fastest
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()
