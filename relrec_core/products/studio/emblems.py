"""Emblems that a product can carry, drawn around the origin within a circle of radius 1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from relrec_core.products.studio.shapes import (
    Outline,
    Shape,
    Stroke,
    curve,
    ellipse,
    outline,
    placed,
)


def _star() -> list[Shape]:
    angle = np.radians(np.arange(10) * 36.0 - 90.0)
    radius = np.where(np.arange(10) % 2 == 0, 1.0, 0.45)
    return [np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])]


def _heart() -> list[Shape]:
    t = np.linspace(0, 2 * np.pi, 80, endpoint=False)
    x = 16 * np.sin(t) ** 3
    y = -(13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t))
    return [np.column_stack([x, y - 1.5]) / 16.5]


def _moon() -> list[Shape]:
    outer = ellipse(0, 0, 0.98, 0.98, 50, 310)
    inner = ellipse(0.42, 0, 0.785, 0.785, 286, 74)
    return [placed(np.vstack([outer, inner]), 0.12, 0.0, 1.0)]


def _leaf() -> list[Shape]:
    half = curve([(0.0, -1.0), (0.42, -0.5), (0.55, 0.0), (0.36, 0.42), (0.0, 0.68)])
    blade = np.vstack([half, half[::-1] * [-1.0, 1.0]])
    parts: list[Shape] = [blade, Stroke(outline((0.0, 0.5), (0.0, 0.98)), 0.13)]
    return [_turned(part, 35) for part in parts]


def _fish() -> list[Shape]:
    body = curve([(-0.95, 0.0), (-0.45, -0.42), (0.1, -0.44), (0.55, -0.08)])
    lower = (body * [1.0, -1.0])[::-1]
    tail = outline((0.4, 0.0), (1.0, -0.52), (0.82, 0.0), (1.0, 0.52))
    fin = outline((-0.3, -0.4), (0.2, -0.72), (0.25, -0.35))
    return [np.vstack([body, lower]), tail, fin]


def _bolt() -> list[Shape]:
    return [
        outline(
            *((0.3, -1.0), (-0.72, 0.16), (-0.12, 0.16)),
            *((-0.3, 1.0), (0.72, -0.28), (0.12, -0.28)),
        )
    ]


def _anchor() -> list[Shape]:
    ring = ellipse(0, -0.74, 0.19, 0.19)
    return [
        Stroke(np.vstack([ring, ring[:1]]), 0.15),
        Stroke(outline((0.0, -0.55), (0.0, 0.85)), 0.2),
        Stroke(outline((-0.42, -0.3), (0.42, -0.3)), 0.18),
        Stroke(ellipse(0, 0.08, 0.74, 0.8, 12, 168), 0.2),
        outline((0.98, 0.42), (0.72, -0.04), (0.46, 0.38)),
        outline((-0.98, 0.42), (-0.72, -0.04), (-0.46, 0.38)),
    ]


def _flower() -> list[Shape]:
    petals: list[Shape] = []
    for turn in range(5):
        angle = np.radians(72 * turn - 90)
        petals.append(ellipse(0.62 * np.cos(angle), 0.62 * np.sin(angle), 0.35, 0.35))
    return [*petals, ellipse(0, 0, 0.36, 0.36)]


def _cloud() -> list[Shape]:
    return [
        ellipse(-0.5, 0.2, 0.46, 0.42),
        ellipse(0.02, -0.14, 0.54, 0.54),
        ellipse(0.55, 0.2, 0.43, 0.4),
        outline((-0.5, 0.0), (0.55, 0.0), (0.55, 0.6), (-0.5, 0.62)),
    ]


def _crown() -> list[Shape]:
    return [
        outline(
            *((-0.78, 0.62), (-0.95, -0.42), (-0.42, 0.06), (0.0, -0.68)),
            *((0.42, 0.06), (0.95, -0.42), (0.78, 0.62)),
        ),
        *(ellipse(x, y, 0.13, 0.13) for x, y in ((-0.93, -0.5), (0.0, -0.76), (0.93, -0.5))),
    ]


EMBLEMS: dict[str, Callable[[], list[Shape]]] = {
    "star": _star,
    "heart": _heart,
    "moon": _moon,
    "leaf": _leaf,
    "fish": _fish,
    "bolt": _bolt,
    "anchor": _anchor,
    "flower": _flower,
    "cloud": _cloud,
    "crown": _crown,
}


def _turned(shape: Shape, degrees: float) -> Shape:
    return emblem_part(shape, 0.0, 0.0, 1.0, degrees)


def emblem_part(shape: Shape, x: float, y: float, size: float, degrees: float) -> Shape:
    """One part of an emblem, turned, scaled to radius `size` and moved to (x, y)."""
    if isinstance(shape, Stroke):
        return Stroke(placed(shape.line, x, y, size, degrees), shape.width * size)
    points: Outline = placed(shape, x, y, size, degrees)
    return points


def emblem(name: str, x: float, y: float, size: float, degrees: float) -> list[Shape]:
    """Shapes of the emblem `name` with radius `size` around (x, y), in the unit square."""
    return [emblem_part(shape, x, y, size, degrees) for shape in EMBLEMS[name]()]
