"""What a product is put together from, before it has colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from relrec_core.products.studio.colours import Colour
from relrec_core.products.studio.shapes import Outline, Shape, Stroke


class Paint(Enum):
    """Which colour of the colourway a part has."""

    SURFACE = "surface"
    """The first colour, with the pattern in the second; the emblem lies on it."""
    TRIM = "trim"
    INSIDE = "inside"
    """The first colour in shade, without the pattern."""


class Shade(Enum):
    """How light falls on a part: on a lathed body, a ball, or something almost flat."""

    ROUND = "round"
    BALL = "ball"
    FLAT = "flat"


LYING = 1.08
"""How much larger than an upright product one is drawn that is wide and low."""
METAL: Colour = (196, 200, 206)
STEEL: Colour = (128, 133, 141)
WOOD: Colour = (201, 160, 116)
DARK: Colour = (52, 53, 60)
WHITE: Colour = (246, 244, 239)


@dataclass(frozen=True)
class Part:
    """Some shapes of one paint: a colour of the colourway, or a colour no colourway changes."""

    shapes: tuple[Shape, ...]
    paint: Paint | Colour
    shade: Shade = Shade.FLAT


@dataclass(frozen=True)
class Spot:
    """Where an emblem may be: its centre within half a width and height of (x, y)."""

    x: float
    y: float
    half_width: float
    half_height: float
    radius: float


@dataclass(frozen=True)
class Product:
    """Parts from the back to the front, and the place for the emblem, in the unit square."""

    parts: tuple[Part, ...]
    spot: Spot
    stands: bool = True
    """Whether it stands on the ground, or hangs before the wall."""


def part(paint: Paint | Colour, *shapes: Shape, shade: Shade = Shade.FLAT) -> Part:
    """A part from its shapes."""
    return Part(shapes, paint, shade)


def fitted(
    product: Product, size: float, stretch: float, centre: tuple[float, float], flip: bool
) -> Product:
    """The product scaled until its longer side is `size`, or more if it lies.

    Args:
        product: what to place.
        size: length of the longer side, in units of the picture's side.
        stretch: how much wider than drawn it becomes.
        centre: where its middle comes to lie.
        flip: whether left and right change places.
    """
    shapes = [shape for each in product.parts for shape in each.shapes]
    corners = np.vstack([each.line if isinstance(each, Stroke) else each for each in shapes])
    low, high = corners.min(axis=0), corners.max(axis=0)
    width, height = (high - low) * [stretch, 1.0]
    scale = size * (LYING if width > 1.3 * height else 1.0) / max(width, height)
    factor = np.array([-scale if flip else scale, scale]) * [stretch, 1.0]

    def points(old: Outline) -> Outline:
        new: Outline = (old - (low + high) / 2) * factor + centre
        return new

    def shape(old: Shape) -> Shape:
        if isinstance(old, Stroke):
            return Stroke(points(old.line), old.width * scale)
        return points(old)

    spot = product.spot
    x, y = points(np.array([[spot.x, spot.y]]))[0]
    wide = spot.half_width * scale * stretch
    place = Spot(float(x), float(y), wide, spot.half_height * scale, spot.radius * scale)
    parts = tuple(
        Part(tuple(shape(old) for old in each.shapes), each.paint, each.shade)
        for each in product.parts
    )
    return Product(parts, place, product.stands)


def between(chance: np.random.Generator, low: float, high: float) -> float:
    """A number drawn evenly."""
    return float(chance.uniform(low, high))


def one_of(chance: np.random.Generator, choices: Sequence[int]) -> int:
    """One of some whole numbers."""
    return choices[int(chance.integers(len(choices)))]
