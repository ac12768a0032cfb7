"""From the parts of a product to its picture, and to what every pixel of it shows."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFilter
from scipy.ndimage import gaussian_filter

from relrec_core.products.studio import emblems, patterns
from relrec_core.products.studio.colours import Colour, Colourway, mixed
from relrec_core.products.studio.parts import Paint, Part, Product, Shade
from relrec_core.products.studio.shapes import Coverage, covered

SQUARES, BLUR = 16, 1 / 10
"""Squares down and across that something is erased in, and the width of the blur that does it, as
a share of the side."""

Pixels = npt.NDArray[np.float32]


class Label(IntEnum):
    """What a pixel shows."""

    BACKGROUND = 0
    NEUTRAL = 1
    """A part of the product that no colourway changes."""
    TRIM = 2
    SURFACE = 3
    EMBLEM = 4


@dataclass(frozen=True)
class Look:
    """Everything about a product's surface; lengths in units of the picture's side."""

    colourway: Colourway
    pattern: str
    pitch: float
    degrees: float
    shift: float
    strength: float
    """How much of the second colour the pattern has, 0 to 1."""
    emblem: str | None
    """None: there is none."""
    emblem_colour: Colour
    emblem_x: float
    emblem_y: float
    emblem_radius: float
    emblem_degrees: float
    backdrop: Colour


@dataclass(frozen=True)
class Painted:
    """A picture and, of the same size, the `Label` of each pixel."""

    picture: Image.Image
    labels: npt.NDArray[np.uint8]


def without(painted: Painted, label: Label) -> Image.Image:
    """The picture with all squares that show the label blurred, as deletion tests erase them."""
    picture = np.asarray(painted.picture, dtype=np.float32)
    side = len(picture)
    place = np.arange(side) * SQUARES // side
    down, across = np.nonzero(painted.labels == label)
    squares = np.zeros((SQUARES, SQUARES), dtype=np.bool_)
    squares[place[down], place[across]] = True
    sigma = (side * BLUR, side * BLUR, 0)
    blurred = gaussian_filter(picture, sigma, mode="mirror", truncate=2)
    erased = np.where(squares[place][:, place, None], blurred, picture)
    return Image.fromarray(np.rint(erased).astype(np.uint8))


def paint(product: Product, look: Look, side: int) -> Painted:
    """Picture of a product, `side` pixels wide and high."""
    canvas = _backdrop(look.backdrop, side)
    labels = np.zeros((side, side), dtype=np.uint8)
    coverages = [covered(part.shapes, side) for part in product.parts]
    whole = np.maximum.reduce(coverages)
    canvas *= 1.0 - _shadow(whole, side, product.stands)[..., None]
    second = patterns.pattern(look.pattern, side, look.pitch, look.degrees, look.shift)
    spot = _emblem(look, side, grow=0.0)
    halo = _emblem(look, side, grow=0.008)
    base = next(k for k, each in enumerate(product.parts) if each.paint is Paint.SURFACE)
    for number, (each, coverage) in enumerate(zip(product.parts, coverages, strict=True)):
        colours = _colours(each, look, second, side)
        if number == base:
            surface = np.array(look.colourway.surface, dtype=np.float32)
            ink = np.array(look.emblem_colour, dtype=np.float32)
            colours += halo[..., None] * (surface - colours)
            colours += spot[..., None] * (ink - colours)
        lit = np.clip(colours * _light(coverage, each.shade)[..., None], 0, 255)
        canvas += coverage[..., None] * (lit - canvas)
        labels[coverage > 0.5] = _label(each)
        if number == base:
            labels[(coverage > 0.5) & (spot > 0.5)] = Label.EMBLEM
    picture = Image.fromarray(np.clip(canvas, 0, 255).round().astype(np.uint8))
    return Painted(picture, labels)


def _label(part: Part) -> Label:
    if part.paint is Paint.SURFACE:
        return Label.SURFACE
    return Label.TRIM if isinstance(part.paint, Paint) else Label.NEUTRAL


def _emblem(look: Look, side: int, grow: float) -> Coverage:
    if look.emblem is None:
        return np.zeros((side, side), dtype=np.float32)
    x, y, radius = look.emblem_x, look.emblem_y, look.emblem_radius
    shapes = emblems.emblem(look.emblem, x, y, radius, look.emblem_degrees)
    return covered(shapes, side, grow)


def _colours(part: Part, look: Look, second: Coverage, side: int) -> Pixels:
    """(side, side, 3) colour of the part's paint, before light falls on it."""
    way = look.colourway
    if part.paint is Paint.SURFACE:
        pattern = mixed(way.surface, way.pattern, look.strength)
        share = second[..., None]
        one, other = (np.array(colour, dtype=np.float32) for colour in (way.surface, pattern))
        return np.asarray(one + share * (other - one), dtype=np.float32)
    if part.paint is Paint.TRIM:
        colour = way.trim
    elif part.paint is Paint.INSIDE:
        colour = mixed(way.surface, way.trim, 0.55)
    else:
        assert not isinstance(part.paint, Paint)
        colour = part.paint
    filled = np.empty((side, side, 3), dtype=np.float32)
    filled[:] = colour
    return filled


def _backdrop(colour: Colour, side: int) -> Pixels:
    """A light wall that grows a little darker downward and to the edges."""
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side - 0.5
    light = 1.0 - 0.045 * (x * x + y * y) * 4 - 0.03 * (y + 0.5)
    return np.asarray(light[..., None] * np.array(colour, dtype=np.float32), dtype=np.float32)


def _shadow(whole: Coverage, side: int, stands: bool) -> Coverage:
    """How dark the product's shadow is: on the ground, or on the wall behind it."""
    if not stands:
        cast = np.roll(whole, (round(side * 0.03), round(side * 0.02)), axis=(0, 1))
        return 0.22 * _blurred(cast, side * 0.025)
    rows, columns = np.nonzero(whole > 0.5)
    foot, near = rows.max(), rows.max() - max(2, side // 16)
    low = columns[rows >= near]
    middle, half = (low.min() + low.max()) / 2, (low.max() - low.min()) / 2 + side * 0.02
    y, x = np.mgrid[0:side, 0:side].astype(np.float32)
    height = side * 0.028

    def pool(width: float, thick: float, aside: float) -> Coverage:
        distance = ((x - middle - aside) / width) ** 2 + ((y - foot + height * 0.3) / thick) ** 2
        return np.asarray(distance < 1.0, dtype=np.float32)

    wide = _blurred(pool(half * 1.12, height * 1.6, side * 0.02), side * 0.025)
    tight = _blurred(pool(half * 0.98, height * 0.6, 0.0), side * 0.008)
    return np.asarray(np.clip(0.3 * wide + 0.3 * tight, 0, 0.5), dtype=np.float32)


def _blurred(values: Coverage, radius: float) -> Coverage:
    picture = Image.fromarray((np.clip(values, 0, 1) * 255).astype(np.uint8))
    soft = picture.filter(ImageFilter.GaussianBlur(radius))
    return np.asarray(soft, dtype=np.float32) / np.float32(255.0)


def _light(coverage: Coverage, shade: Shade) -> Coverage:
    """Factor of brightness: light comes from the upper left."""
    side = coverage.shape[0]
    inside = coverage > 0.02
    if not inside.any():
        return np.ones_like(coverage)
    rows = np.flatnonzero(inside.any(axis=1))
    v = np.clip((np.arange(side) - rows[0]) / max(1, rows[-1] - rows[0]), 0, 1)[:, None]
    if shade is Shade.FLAT:
        columns = np.flatnonzero(inside.any(axis=0))
        u = np.clip((np.arange(side) - columns[0]) / max(1, columns[-1] - columns[0]), 0, 1)
        light = 1.05 - 0.06 * u[None, :] - 0.07 * v
        rim, radius = 0.16, side * 0.012
    else:
        left = inside.argmax(axis=1)[:, None]
        right = side - 1 - inside[:, ::-1].argmax(axis=1)[:, None]
        u = np.clip((np.arange(side)[None, :] - left) / np.maximum(1, right - left), 0, 1)
        light = (
            0.8 + 0.32 * np.exp(-(((u - 0.3) / 0.3) ** 2)) - 0.14 * np.clip(u - 0.72, 0, 1) / 0.28
        )
        light = light + 0.05 * np.clip(u - 0.9, 0, 1) / 0.1
        if shade is Shade.BALL:
            light = light + 0.1 - 0.24 * v**1.5
        rim, radius = 0.1, side * 0.012
    edge = 1.0 - _blurred(coverage, radius)
    return np.asarray(light - rim * edge * 1.2, dtype=np.float32)
