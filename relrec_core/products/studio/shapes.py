"""Outlines in the unit square (x right, y down), and how much of each pixel they cover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

OVERSAMPLING = 4
_REACH = 3
"""Pixels that one pixel of the finer drawing reaches when it is brought down."""
Outline = npt.NDArray[np.float64]
"""(N, 2) corners of a closed polygon, or of an open line where a stroke is meant."""
Coverage = npt.NDArray[np.float32]
"""(side, side), 0 outside to 1 inside."""


@dataclass(frozen=True)
class Stroke:
    """A line of some width, in units of the picture's side, with round ends."""

    line: Outline
    width: float


Shape = Outline | Stroke


def outline(*points: tuple[float, float]) -> Outline:
    """Polygon with these corners."""
    return np.array(points, dtype=np.float64)


def curve(points: Sequence[tuple[float, float]], closed: bool = False, steps: int = 12) -> Outline:
    """Smooth line through all points (Catmull-Rom)."""
    knots = np.array(points, dtype=np.float64)
    if closed:
        knots = np.vstack([knots[-1], knots, knots[:2]])
    else:
        knots = np.vstack([2 * knots[0] - knots[1], knots, 2 * knots[-1] - knots[-2]])
    t = np.linspace(0.0, 1.0, steps, endpoint=False)[:, None]
    parts = []
    for a, b, c, d in zip(knots, knots[1:], knots[2:], knots[3:], strict=False):
        cubic = (3 * b - a - 3 * c + d) * t**3 + (2 * a - 5 * b + 4 * c - d) * t**2
        parts.append(0.5 * (cubic + (c - a) * t + 2 * b))
    if not closed:
        parts.append(knots[-2:-1])
    return np.vstack(parts)


def lathe(profile: Sequence[tuple[float, float]], centre: float = 0.5) -> Outline:
    """Symmetric silhouette: smooth through (half width, y) from top to bottom, and mirrored."""
    right = curve(profile)
    left = right[::-1] * [-1.0, 1.0]
    return placed(np.vstack([right, left]), centre, 0.0, 1.0)


def ellipse(
    x: float, y: float, rx: float, ry: float, start: float = 0, end: float = 360
) -> Outline:
    """Ellipse around (x, y), or its arc between two angles in degrees, clockwise from the right."""
    angle = np.radians(np.linspace(start, end, 72, endpoint=end - start < 360))
    return np.column_stack([x + rx * np.cos(angle), y + ry * np.sin(angle)])


def rounded(x0: float, y0: float, x1: float, y1: float, radius: float) -> Outline:
    """Rectangle with round corners."""
    r = min(radius, (x1 - x0) / 2, (y1 - y0) / 2)
    return np.vstack(
        [
            ellipse(x1 - r, y0 + r, r, r, 270, 359),
            ellipse(x1 - r, y1 - r, r, r, 0, 89),
            ellipse(x0 + r, y1 - r, r, r, 90, 179),
            ellipse(x0 + r, y0 + r, r, r, 180, 269),
        ]
    )


def mirrored(half: Outline, centre: float = 0.5) -> Outline:
    """Polygon made of an open line from top to bottom and its mirror image about x = centre."""
    return np.vstack([half, (half * [-1.0, 1.0] + [2 * centre, 0.0])[::-1]])


def placed(points: Outline, x: float, y: float, size: float, degrees: float = 0.0) -> Outline:
    """Outline drawn around the origin, turned, scaled and moved to (x, y)."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    turned: Outline = points @ turn * size + [x, y]
    return turned


def covered(shapes: Sequence[Shape], side: int, grow: float = 0.0) -> Coverage:
    """Coverage of the union of some shapes.

    Args:
        shapes: polygons and strokes in the unit square.
        side: pixels of the result; it is drawn `OVERSAMPLING` times finer and brought down.
        grow: how far to grow the shapes outward, in units of the picture's side.
    """
    fine = side * OVERSAMPLING
    picture = Image.new("L", (fine, fine), 0)
    draw = ImageDraw.Draw(picture)
    for shape in shapes:
        if isinstance(shape, Stroke):
            _line(draw, shape.line, shape.width + 2 * grow, fine)
        else:
            draw.polygon([(x * fine, y * fine) for x, y in shape], fill=255)
            if grow:
                _line(draw, np.vstack([shape, shape[:1]]), 2 * grow, fine)
    return lowered(picture, side)


def lowered(picture: Image.Image, side: int) -> Coverage:
    """An oversampled "L" picture brought down to `side` pixels."""
    result = np.zeros((side, side), dtype=np.float32)
    drawn = picture.getbbox()
    if drawn is None:
        return result
    left, top = (max(0, low // OVERSAMPLING - _REACH) for low in drawn[:2])
    right, bottom = (min(side, -(-high // OVERSAMPLING) + _REACH) for high in drawn[2:])
    fine = (left * OVERSAMPLING, top * OVERSAMPLING, right * OVERSAMPLING, bottom * OVERSAMPLING)
    small = picture.resize((right - left, bottom - top), Image.Resampling.LANCZOS, box=fine)
    result[top:bottom, left:right] = np.asarray(small, dtype=np.float32) / 255.0
    return result


def _line(draw: ImageDraw.ImageDraw, line: Outline, width: float, fine: int) -> None:
    pixels = max(1, round(width * fine))
    points = [(x * fine, y * fine) for x, y in line]
    draw.line(points, fill=255, width=pixels, joint="curve")
    r = pixels / 2
    for x, y in (points[0], points[-1]):
        draw.ellipse((x - r, y - r, x + r, y + r), fill=255)
