"""Surface patterns: which part of a surface has the second colour."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw

from relrec_core.products.studio.shapes import OVERSAMPLING, Coverage, lowered

Pen = ImageDraw.ImageDraw


def _plain(pen: Pen, fine: int, pitch: float) -> None:
    del pen, fine, pitch


def _stripes(pen: Pen, fine: int, pitch: float) -> None:
    for x in np.arange(-pitch, fine + pitch, pitch):
        pen.rectangle((x, 0, x + pitch * 0.42, fine), fill=255)


def _bands(pen: Pen, fine: int, pitch: float) -> None:
    for y in np.arange(-pitch, fine + pitch, pitch * 1.25):
        pen.rectangle((0, y, fine, y + pitch * 0.5), fill=255)


def _dots(pen: Pen, fine: int, pitch: float) -> None:
    r = pitch * 0.24
    for row, y in enumerate(np.arange(-pitch, fine + pitch, pitch * 0.78)):
        for x in np.arange(-pitch, fine + pitch, pitch):
            across = x + (row % 2) * pitch / 2
            pen.ellipse((across - r, y - r, across + r, y + r), fill=255)


def _checks(pen: Pen, fine: int, pitch: float) -> None:
    half = pitch * 0.62
    for row, y in enumerate(np.arange(-pitch, fine + pitch, half)):
        for x in np.arange(-pitch + (row % 2) * half, fine + pitch, 2 * half):
            pen.rectangle((x, y, x + half, y + half), fill=255)


def _waves(pen: Pen, fine: int, pitch: float) -> None:
    x = np.arange(-pitch, fine + pitch, OVERSAMPLING)
    for y in np.arange(-pitch, fine + 2 * pitch, pitch):
        points = np.column_stack([x, y + pitch * 0.3 * np.sin(2 * np.pi * x / (pitch * 1.7))])
        line = [(float(a), float(b)) for a, b in points]
        pen.line(line, fill=255, width=round(pitch * 0.36))


def _chevrons(pen: Pen, fine: int, pitch: float) -> None:
    x = np.arange(-pitch, fine + 2 * pitch, pitch * 0.75)
    rise = np.where(np.arange(len(x)) % 2 == 0, 0.0, pitch * 0.7)
    for y in np.arange(-2 * pitch, fine + pitch, pitch):
        line = [(float(a), float(b)) for a, b in zip(x, y + rise, strict=True)]
        pen.line(line, fill=255, width=round(pitch * 0.36), joint="curve")


PATTERNS: dict[str, Callable[[Pen, int, float], None]] = {
    "plain": _plain,
    "stripes": _stripes,
    "bands": _bands,
    "dots": _dots,
    "checks": _checks,
    "waves": _waves,
    "chevrons": _chevrons,
}


def pattern(name: str, side: int, pitch: float, degrees: float, shift: float) -> Coverage:
    """Where the second colour is.

    Args:
        name: one of `PATTERNS`.
        side: pixels of the square.
        pitch: distance between repeats, in units of the side.
        degrees: how far the pattern is turned.
        shift: offset of the pattern, in units of the pitch.
    """
    fine = side * OVERSAMPLING
    picture = Image.new("L", (fine, fine), 0)
    PATTERNS[name](ImageDraw.Draw(picture), fine, pitch * fine)
    aside = round(shift * pitch * fine)
    turned = picture.rotate(degrees, translate=(aside, aside // 2))
    return lowered(turned, side)
