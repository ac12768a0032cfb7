"""Colourways and the colours of emblems."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np

Colour = tuple[int, int, int]
"""Red, green, blue, each 0 to 255."""


def _hex(text: str) -> Colour:
    return int(text[0:2], 16), int(text[2:4], 16), int(text[4:6], 16)


@dataclass(frozen=True)
class Colourway:
    """Colours that go together: the surface, its pattern, and rims, handles and straps."""

    surface: Colour
    pattern: Colour
    trim: Colour


COLOURWAYS: dict[str, Colourway] = {
    name: Colourway(_hex(surface), _hex(pattern), _hex(trim))
    for name, surface, pattern, trim in (
        ("coral", "f2836b", "f9c9b4", "c4513d"),
        ("honey", "f0b94a", "fbe3a6", "b97a1c"),
        ("sage", "a9bf96", "d9e4c8", "6d8a5c"),
        ("forest", "3f7357", "86b08f", "234a37"),
        ("lagoon", "3fa7a8", "9fd8d2", "20696e"),
        ("sky", "8fbfe6", "d3e7f7", "4a7fb0"),
        ("indigo", "44529b", "8f9ad6", "272f63"),
        ("plum", "8a5490", "c6a0cc", "55305c"),
        ("rose", "e9a3b6", "f8dbe2", "b5607c"),
        ("brick", "a8473a", "dd9583", "6d2a22"),
        ("cocoa", "8c6a52", "c8ab92", "553d2d"),
        ("slate", "6f7b87", "b3bdc7", "3f4852"),
    )
}

INKS = ("fffaf0", "25262b", "f6d365", "d8413f", "2f6fb5", "2f8f5b", "f4a3b5", "6a3f8f")
"""Colours of emblems that owe nothing to the product."""


def toned(colour: Colour, brightness: float, saturation: float = 1.0) -> Colour:
    """The same hue, its brightness and saturation multiplied."""
    h, lightness, s = colorsys.rgb_to_hls(*(channel / 255.0 for channel in colour))
    r, g, b = colorsys.hls_to_rgb(h, min(0.97, lightness * brightness), min(1.0, s * saturation))
    return round(r * 255), round(g * 255), round(b * 255)


def mixed(one: Colour, other: Colour, share: float) -> Colour:
    """`share` of the other colour in the one."""
    r, g, b = (round(a + (c - a) * share) for a, c in zip(one, other, strict=True))
    return r, g, b


def distance(one: Colour, other: Colour) -> float:
    """How far apart two colours look (a weighted distance, 0 to about 765)."""
    red = (one[0] + other[0]) / 2.0
    weights = (2.0 + red / 256.0, 4.0, 2.0 + (255.0 - red) / 256.0)
    return float(np.sqrt(np.dot(weights, np.subtract(one, other) ** 2)))


def emblem_colour(colourway: Colourway, chance: np.random.Generator) -> Colour:
    """A colour visible on the surface: at times a shade of it, at times one of its own.

    Contrast is drawn evenly from faint to strong, lighter and darker, so that neither brightness
    nor edges tell where the emblem is.
    """
    inks = [_hex(ink) for ink in INKS]
    shades = [toned(colourway.surface, factor) for factor in (0.42, 0.55, 0.68, 1.3, 1.45, 1.6)]
    candidates = [
        colour
        for colour in (*inks, *shades, *shades)
        if distance(colour, colourway.surface) > 110 and distance(colour, colourway.pattern) > 90
    ]
    return candidates[int(chance.integers(len(candidates)))]
