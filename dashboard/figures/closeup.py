"""Where a map is strongest, as an outline and a crop, and maps as lines over a coloured picture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image
from scipy.ndimage import binary_dilation

from dashboard.figures.heatmap import CELLS, Map, Panel
from dashboard.figures.palette import OPPOSITION, SUPPORT, rgb
from relrec_core.products.explanation.result import GRID

CELLS_WIDE = 4
"""Side of the region that is outlined, in grid cells."""
LEVELS = 4
"""Lines are drawn at each of these parts of the full colour, the last left out."""
SHARP = 6
"""Pixels of the lines' picture for each of a smoothed map."""


@dataclass(frozen=True)
class Region:
    """A square of a picture, in shares of its side, and the sum of its cells."""

    left: float
    top: float
    side: float
    relevance: float

    def crop(self, picture: Image.Image) -> Image.Image:
        """This part of the picture."""
        box = (self.left, self.top, self.left + self.side, self.top + self.side)
        size = (*picture.size, *picture.size)
        return picture.crop(
            tuple(round(b * s) for b, s in zip(box, size, strict=True))  # type: ignore[arg-type]
        )


def strongest_region(panel: Panel) -> Region | None:
    """The square of `CELLS_WIDE` cells that raises the score most; None if none does."""
    windows = sliding_window_view(panel.cells, (CELLS_WIDE, CELLS_WIDE)).sum(axis=(2, 3))
    row, column = np.unravel_index(int(windows.argmax()), windows.shape)
    most = float(windows[row, column])
    if most <= 0:
        return None
    return Region(column / GRID, row / GRID, CELLS_WIDE / GRID, most)


def contours(panel: Panel, scale: float) -> Image.Image:
    """RGBA lines where the map crosses parts of the full colour, `scale`; white beside them.

    They leave the picture its own colours, which may be the very cause.
    """
    how = Image.Resampling.NEAREST if panel.detail == CELLS else Image.Resampling.BICUBIC
    side = SHARP * len(panel.relevance)
    drawn: Map = np.asarray(
        Image.fromarray(panel.drawn.astype(np.float32)).resize((side, side), how)
    )
    steps = np.minimum(np.floor(np.abs(drawn) / scale * LEVELS), LEVELS - 1)
    line = np.zeros(drawn.shape, dtype=np.bool_)
    for axis in (0, 1):
        changes = np.diff(steps * np.sign(drawn), axis=axis) != 0
        inside = [slice(0, -1) if i == axis else slice(None) for i in (0, 1)]
        line[tuple(inside)] |= changes
    line = binary_dilation(line, iterations=2)
    pixels = np.zeros((*drawn.shape, 4), dtype=np.uint8)
    pixels[binary_dilation(line, iterations=4)] = (255, 255, 255, 190)
    for raises, colour in ((True, SUPPORT), (False, OPPOSITION)):
        pixels[line & ((drawn > 0) == raises)] = (*rgb(colour), 255)
    return Image.fromarray(pixels)
