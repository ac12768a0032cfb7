"""Products of the kitchen and the living room: each call draws another one."""

from __future__ import annotations

import numpy as np

from relrec_core.products.studio.parts import (
    DARK,
    METAL,
    STEEL,
    WHITE,
    WOOD,
    Paint,
    Product,
    Shade,
    Spot,
    between,
    one_of,
    part,
)
from relrec_core.products.studio.shapes import (
    Stroke,
    curve,
    ellipse,
    lathe,
    mirrored,
    outline,
    rounded,
)

Chance = np.random.Generator


def mug(chance: Chance) -> Product:
    """A mug with a handle."""
    top, foot = between(chance, 0.21, 0.25), between(chance, 0.16, 0.23)
    rim = between(chance, 0.30, 0.38)
    body = lathe([(top, rim), ((top + foot) / 2 + 0.008, 0.6), (foot, 0.81), (foot * 0.82, 0.855)])
    reach = between(chance, 0.13, 0.17)
    start = 0.5 + top - 0.03
    ear = (
        [
            (start, rim + 0.09),
            (start + reach, rim + 0.1),
            (start + reach, 0.68),
            (start - 0.02, 0.72),
        ],
        [(start, rim + 0.08), (start + reach * 1.1, rim + 0.17), (start - 0.02, 0.72)],
    )[one_of(chance, (0, 1))]
    width = between(chance, 0.035, 0.05)
    return Product(
        (
            part(Paint.TRIM, Stroke(curve(ear), width)),
            part(Paint.SURFACE, body, ellipse(0.5, rim, top, 0.05), shade=Shade.ROUND),
            part(Paint.TRIM, ellipse(0.5, rim, top, 0.05), shade=Shade.ROUND),
            part(Paint.INSIDE, ellipse(0.5, rim + 0.006, top - 0.018, 0.037)),
        ),
        Spot(0.48, 0.61, 0.07, 0.05, 0.115),
    )


def teapot(chance: Chance) -> Product:
    """A teapot with spout, handle and lid."""
    belly, rim = between(chance, 0.225, 0.26), between(chance, 0.42, 0.46)
    body = lathe(
        [(0.12, rim), (belly * 0.9, 0.53), (belly, 0.66), (belly * 0.8, 0.8), (0.13, 0.855)]
    )
    spout = np.vstack(
        [
            curve(
                [(0.5 + belly - 0.06, 0.74), (0.5 + belly + 0.08, 0.64), (0.5 + belly + 0.17, 0.44)]
            ),
            curve(
                [(0.5 + belly + 0.1, 0.43), (0.5 + belly + 0.03, 0.53), (0.5 + belly - 0.07, 0.58)]
            ),
        ]
    )
    handle = curve(
        [
            *((0.5 - belly + 0.06, 0.52), (0.5 - belly - 0.12, 0.5)),
            *((0.5 - belly - 0.13, 0.68), (0.5 - belly + 0.03, 0.74)),
        ]
    )
    knob = between(chance, 0.03, 0.042)
    return Product(
        (
            part(Paint.TRIM, Stroke(handle, between(chance, 0.036, 0.05))),
            part(Paint.INSIDE, spout),
            part(Paint.SURFACE, body, shade=Shade.BALL),
            part(Paint.TRIM, ellipse(0.5, rim - 0.055, knob, knob), shade=Shade.BALL),
            part(
                Paint.TRIM, lathe([(0.035, rim - 0.04), (0.11, rim - 0.012), (0.135, rim + 0.018)])
            ),
        ),
        Spot(0.5, 0.65, 0.05, 0.03, 0.125),
    )


def bowl(chance: Chance) -> Product:
    """A deep bowl on a foot."""
    wide, rim = between(chance, 0.31, 0.36), between(chance, 0.46, 0.52)
    body = lathe(
        [(wide, rim), (wide * 0.93, rim + 0.14), (wide * 0.62, 0.77), (0.12, 0.83), (0.12, 0.86)]
    )
    return Product(
        (
            part(Paint.SURFACE, body, ellipse(0.5, rim, wide, 0.07), shade=Shade.ROUND),
            part(Paint.TRIM, ellipse(0.5, rim, wide, 0.07), shade=Shade.ROUND),
            part(Paint.INSIDE, ellipse(0.5, rim + 0.008, wide - 0.022, 0.054)),
        ),
        Spot(0.5, 0.69, 0.12, 0.015, 0.1),
    )


def bottle(chance: Chance) -> Product:
    """A drinking bottle with a lid."""
    half, shoulder = between(chance, 0.125, 0.155), between(chance, 0.33, 0.4)
    body = lathe(
        [
            *((0.07, 0.24), (0.075, 0.27), (half, shoulder), (half, shoulder + 0.06), (half, 0.7)),
            *((half, 0.82), (half * 0.9, 0.86)),
        ]
    )
    lid = between(chance, 0.07, 0.1)
    parts = [
        part(Paint.SURFACE, body, shade=Shade.ROUND),
        part(METAL, rounded(0.425, 0.225, 0.575, 0.25, 0.01), shade=Shade.ROUND),
        part(Paint.TRIM, rounded(0.42, 0.225 - lid, 0.58, 0.225, 0.025), shade=Shade.ROUND),
    ]
    if one_of(chance, (0, 1)):
        loop = ellipse(0.5, 0.225 - lid, 0.055, 0.06, 180, 359)
        parts.insert(0, part(Paint.TRIM, Stroke(loop, 0.022)))
    return Product(tuple(parts), Spot(0.5, 0.6, 0.03, 0.12, 0.098))


def vase(chance: Chance) -> Product:
    """A vase of one of three figures, at times with twigs."""
    neck, belly = between(chance, 0.07, 0.1), between(chance, 0.2, 0.245)
    figure = (
        [(neck + 0.03, 0.28), (neck, 0.36), (belly, 0.58), (belly * 0.8, 0.76), (0.12, 0.86)],
        [(neck + 0.05, 0.3), (belly * 0.92, 0.46), (belly * 0.8, 0.66), (0.12, 0.86)],
        [(neck, 0.28), (neck, 0.38), (belly * 0.75, 0.5), (belly * 1.05, 0.7), (0.19, 0.86)],
    )[one_of(chance, (0, 1, 2))]
    width, rim = figure[0]
    parts = [
        part(Paint.SURFACE, lathe(figure), shade=Shade.BALL),
        part(Paint.TRIM, ellipse(0.5, rim, width, 0.024), shade=Shade.ROUND),
        part(DARK, ellipse(0.5, rim + 0.003, width - 0.016, 0.014)),
    ]
    if one_of(chance, (0, 1)):
        stems = [
            [(0.5, rim), (0.5 + d, 0.17), (0.5 + 1.7 * d, 0.07 + abs(d))] for d in (-0.07, 0, 0.08)
        ]
        leaves = [ellipse(0.5 + 1.7 * d, 0.08 + abs(d), 0.022, 0.04) for d in (-0.07, 0, 0.08)]
        parts.append(part(STEEL, *(Stroke(curve(stem), 0.01) for stem in stems)))
        parts.append(part(WOOD, *leaves, shade=Shade.BALL))
    return Product(tuple(parts), Spot(0.5, 0.61, 0.03, 0.05, 0.11))


def lamp(chance: Chance) -> Product:
    """A table lamp; the shade is its surface."""
    top, low = between(chance, 0.12, 0.2), between(chance, 0.27, 0.31)
    edge = between(chance, 0.5, 0.54)
    shade = outline((0.5 - top, 0.16), (0.5 + top, 0.16), (0.5 + low, edge), (0.5 - low, edge))
    base = (
        [
            part(
                Paint.TRIM,
                lathe([(0.04, edge), (0.11, 0.64), (0.1, 0.76), (0.05, 0.83)]),
                shade=Shade.BALL,
            )
        ],
        [part(WOOD, rounded(0.478, edge, 0.522, 0.85, 0.01), shade=Shade.ROUND)],
        [part(METAL, ellipse(0.5, y, 0.06, 0.055), shade=Shade.BALL) for y in (0.6, 0.69, 0.78)],
    )[one_of(chance, (0, 1, 2))]
    return Product(
        (
            *base,
            part(Paint.TRIM, rounded(0.36, 0.825, 0.64, 0.86, 0.017), shade=Shade.ROUND),
            part(Paint.SURFACE, shade, shade=Shade.ROUND),
            part(
                Paint.TRIM,
                outline(
                    *(
                        (0.5 + s * low, edge + d)
                        for s, d in ((-1, 0), (1, 0), (1, 0.018), (-1, 0.018))
                    )
                ),
            ),
        ),
        Spot(0.5, 0.36, 0.06, 0.05, 0.105),
    )


def armchair(chance: Chance) -> Product:
    """An armchair on wooden legs."""
    top, arm = between(chance, 0.2, 0.28), between(chance, 0.085, 0.11)
    legs = [
        outline(
            (x - 0.02, 0.76), (x + 0.02, 0.76), (x + lean + 0.012, 0.87), (x + lean - 0.012, 0.87)
        )
        for x, lean in ((0.25, -0.025), (0.75, 0.025))
    ]
    back = rounded(0.23, top, 0.77, 0.72, between(chance, 0.08, 0.2))
    return Product(
        (
            part(WOOD, *legs),
            part(Paint.SURFACE, back),
            part(Paint.TRIM, rounded(0.22, 0.6, 0.78, 0.72, 0.045)),
            part(Paint.INSIDE, rounded(0.19, 0.69, 0.81, 0.79, 0.03)),
            part(Paint.SURFACE, rounded(0.15, 0.48, 0.15 + arm, 0.8, 0.05), shade=Shade.ROUND),
            part(Paint.SURFACE, rounded(0.85 - arm, 0.48, 0.85, 0.8, 0.05), shade=Shade.ROUND),
        ),
        Spot(0.5, 0.44, 0.08, 0.025, 0.11),
    )


def cushion(chance: Chance) -> Product:
    """A cushion with piping."""
    pinch, r = between(chance, 0.0, 0.03), between(chance, 0.28, 0.31)
    y = 0.56
    corner = [(-r, -r), (0.0, -r + pinch), (r, -r), (r - pinch, 0.0), (r, r), (0.0, r - pinch)]
    corner += [(-r, r), (-r + pinch, 0.0)]
    edge = curve([(0.5 + a * 1.08, y + b) for a, b in corner], closed=True, steps=16)
    parts = [
        part(Paint.TRIM, Stroke(np.vstack([edge, edge[:1]]), 0.02)),
        part(Paint.SURFACE, edge, shade=Shade.BALL),
    ]
    if one_of(chance, (0, 1)):
        tassels = [(0.5 + a * 1.08, y + b) for a, b in ((-r, -r), (r, -r), (r, r), (-r, r))]
        parts.insert(0, part(Paint.TRIM, *(ellipse(a, b, 0.035, 0.035) for a, b in tassels)))
    return Product(tuple(parts), Spot(0.5, y, 0.12, 0.11, 0.12))


def clock(chance: Chance) -> Product:
    """A wall clock; its face is the surface and its hands point away from the emblem."""
    r, y = between(chance, 0.3, 0.34), 0.5
    aside = np.radians(between(chance, 0, 360))
    hours, minutes = (aside + np.radians(between(chance, 70, 290)) for _ in range(2))
    square = one_of(chance, (0, 0, 1))
    frame, face = (
        (
            rounded(0.5 - r, y - r, 0.5 + r, y + r, 0.09),
            rounded(0.53 - r, y + 0.03 - r, 0.47 + r, y - 0.03 + r, 0.07),
        )
        if square
        else (ellipse(0.5, y, r, r), ellipse(0.5, y, r - 0.032, r - 0.032))
    )
    marks = [
        Stroke(
            outline(*((0.5 + d * r * np.sin(a), y - d * r * np.cos(a)) for d in (0.76, 0.83))),
            0.014,
        )
        for a in np.radians(np.arange(0, 360, 30))
    ]

    def hand(angle: float, length: float) -> Stroke:
        end = (0.5 + length * r * np.sin(angle), y - length * r * np.cos(angle))
        return Stroke(outline((0.5, y), end), 0.02)

    ink = (DARK, WHITE)[one_of(chance, (0, 1))]
    return Product(
        (
            part(Paint.TRIM, frame),
            part(Paint.SURFACE, face),
            part(ink, *marks),
            part(ink, hand(hours, 0.42), hand(minutes, 0.66), ellipse(0.5, y, 0.022, 0.022)),
        ),
        Spot(0.5 + 0.12 * float(np.sin(aside)), y - 0.12 * float(np.cos(aside)), 0.01, 0.01, 0.095),
        stands=False,
    )


def basket(chance: Chance) -> Product:
    """A storage basket with two handles."""
    top, low = between(chance, 0.27, 0.32), between(chance, 0.2, 0.27)
    rim = between(chance, 0.42, 0.5)
    side = outline((0.5 + top, rim), (0.5 + low, 0.83), (0.5 + low - 0.03, 0.86))
    handles = [
        Stroke(ellipse(0.5 + s * (top - 0.02), rim + 0.07, 0.07, 0.075), 0.024) for s in (-1, 1)
    ]
    return Product(
        (
            part(WOOD, *handles),
            part(Paint.SURFACE, mirrored(side), ellipse(0.5, rim, top, 0.055), shade=Shade.ROUND),
            part(Paint.TRIM, ellipse(0.5, rim, top, 0.055), shade=Shade.ROUND),
            part(Paint.INSIDE, ellipse(0.5, rim + 0.005, top - 0.02, 0.043)),
        ),
        Spot(0.5, 0.67, 0.1, 0.03, 0.11),
    )
