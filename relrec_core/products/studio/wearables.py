"""Products to wear and to carry: each call draws another one."""

from __future__ import annotations

import numpy as np

from relrec_core.products.studio.parts import (
    METAL,
    WHITE,
    Paint,
    Product,
    Shade,
    Spot,
    between,
    one_of,
    part,
)
from relrec_core.products.studio.shapes import Stroke, curve, ellipse, mirrored, outline, rounded

Chance = np.random.Generator


def backpack(chance: Chance) -> Product:
    """A backpack with a front pocket."""
    half, top = between(chance, 0.22, 0.26), between(chance, 0.2, 0.25)
    pocket = between(chance, 0.67, 0.7)
    body = rounded(0.5 - half, top, 0.5 + half, 0.86, between(chance, 0.12, 0.2))
    straps = [
        rounded(0.5 + s * half - 0.035, 0.42, 0.5 + s * half + 0.035, 0.8, 0.03) for s in (-1, 1)
    ]
    zip_line = curve(
        [(0.5 - half + 0.035, top + 0.2), (0.5, top + 0.065), (0.5 + half - 0.035, top + 0.2)]
    )
    return Product(
        (
            part(Paint.TRIM, Stroke(ellipse(0.5, top, 0.06, 0.055, 180, 359), 0.026)),
            part(Paint.TRIM, *straps),
            part(Paint.SURFACE, body, shade=Shade.ROUND),
            part(Paint.TRIM, Stroke(zip_line, 0.014)),
            part(
                Paint.INSIDE,
                rounded(0.5 - half + 0.04, pocket, 0.46 + half, 0.835, 0.04),
                shade=Shade.ROUND,
            ),
            part(
                Paint.TRIM,
                Stroke(
                    outline((0.54 - half + 0.03, pocket + 0.035), (0.43 + half, pocket + 0.035)),
                    0.014,
                ),
            ),
            part(METAL, rounded(0.485, pocket + 0.03, 0.515, pocket + 0.075, 0.008)),
        ),
        Spot(0.5, (top + 0.1 + pocket) / 2 + 0.02, 0.07, 0.04, 0.108),
    )


def t_shirt(chance: Chance) -> Product:
    """A T-shirt with short or long sleeves."""
    waist, drop = between(chance, 0.195, 0.23), between(chance, 0.0, 0.03)
    sleeve = (
        [(0.83, 0.37), (0.76, 0.465)],
        [(0.86, 0.66), (0.76, 0.69)],
    )[one_of(chance, (0, 0, 1))]
    right = np.vstack(
        [
            [(0.5, 0.235)],
            curve([(0.575, 0.195), (0.66, 0.225), (0.74, 0.27)]),
            sleeve,
            [(0.685, 0.43)],
            curve([(0.5 + waist - 0.005, 0.62), (0.5 + waist, 0.74), (0.5 + waist + 0.012, 0.84)]),
            [(0.5, 0.855)],
        ]
    )
    (ax, ay), (bx, by) = sleeve
    cuffs = [
        Stroke(outline((0.5 + s * (ax - 0.5), ay), (0.5 + s * (bx - 0.5), by)), 0.022)
        for s in (-1, 1)
    ]
    depth = 0.06 + drop
    return Product(
        (
            part(Paint.INSIDE, ellipse(0.5, 0.21, 0.085, 0.035)),
            part(Paint.SURFACE, mirrored(right)),
            part(Paint.TRIM, *cuffs),
            part(WHITE, ellipse(0.5, 0.2, 0.082, depth, 0, 180)),
            part(Paint.INSIDE, ellipse(0.5, 0.2, 0.082, 0.022)),
            part(Paint.TRIM, Stroke(ellipse(0.5, 0.2, 0.082, depth, 0, 180), 0.02)),
        ),
        Spot(0.5, 0.52, 0.07, 0.09, 0.11),
        stands=False,
    )


def cap(chance: Chance) -> Product:
    """A cap with a peak."""
    height = between(chance, 0.27, 0.31)
    crown = ellipse(0.46, 0.66, 0.29, height, 180, 360)
    peak = curve(
        [(0.5, 0.645), (0.7, 0.63), (0.93, 0.7), (0.95, 0.735), (0.78, 0.735), (0.5, 0.715)],
        closed=True,
    )
    seam = curve([(0.46, 0.66 - height), (0.335, 0.5), (0.3, 0.66)])
    return Product(
        (
            part(Paint.TRIM, ellipse(0.46, 0.655 - height, 0.03, 0.02)),
            part(Paint.SURFACE, np.vstack([crown, [(0.75, 0.69), (0.17, 0.69)]]), shade=Shade.BALL),
            part(Paint.INSIDE, Stroke(seam, 0.007)),
            part(Paint.TRIM, peak, shade=Shade.BALL),
            part(Paint.TRIM, rounded(0.17, 0.665, 0.6, 0.7, 0.012)),
        ),
        Spot(0.48, 0.545, 0.05, 0.012, 0.108),
    )


def sneaker(chance: Chance) -> Product:
    """A sneaker seen from the side; low or high."""
    ankle = between(chance, 0.32, 0.42)
    upper = np.vstack(
        [
            curve(
                [(0.13, ankle + 0.02), (0.2, ankle + 0.045), (0.33, ankle + 0.03), (0.42, ankle)]
            ),
            curve([(0.5, ankle + 0.11), (0.6, 0.575), (0.78, 0.63), (0.885, 0.7), (0.9, 0.78)]),
            curve([(0.12, 0.78), (0.1, 0.68), (0.13, 0.55)]),
        ]
    )
    sole = curve(
        [
            (0.09, 0.77),
            (0.5, 0.775),
            (0.91, 0.765),
            (0.925, 0.82),
            (0.88, 0.855),
            (0.12, 0.855),
            (0.075, 0.82),
        ],
        closed=True,
    )
    toe = np.vstack(
        [
            curve([(0.74, 0.78), (0.76, 0.69), (0.82, 0.655)]),
            curve([(0.87, 0.69), (0.9, 0.73), (0.905, 0.78)]),
        ]
    )
    front = curve([(0.42, ankle), (0.5, ankle + 0.11), (0.6, 0.575), (0.78, 0.63)])
    laces = [
        Stroke(outline((x - 0.075, y + 0.045), (x + 0.004, y + 0.012)), 0.018)
        for x, y in front[[4, 11, 17, 23]]
    ]
    return Product(
        (
            part(Paint.INSIDE, ellipse(0.275, ankle + 0.03, 0.14, 0.03)),
            part(Paint.SURFACE, upper),
            part(
                Paint.TRIM,
                curve(
                    [
                        (0.115, 0.78),
                        (0.1, 0.68),
                        (0.125, ankle + 0.06),
                        (0.19, ankle + 0.07),
                        (0.19, 0.78),
                    ]
                ),
            ),
            part(Paint.TRIM, toe),
            part(WHITE, *laces),
            part(WHITE, sole),
            part(Paint.TRIM, Stroke(outline((0.1, 0.825), (0.9, 0.825)), 0.01)),
        ),
        Spot(0.37, 0.635, 0.045, 0.02, 0.112),
    )


def notebook(chance: Chance) -> Product:
    """A notebook with an elastic band or a spiral."""
    half, top = between(chance, 0.23, 0.27), between(chance, 0.17, 0.22)
    left, right = 0.5 - half, 0.5 + half
    parts = [
        part(WHITE, rounded(left + 0.02, top + 0.015, right + 0.018, 0.868, 0.01)),
        part(Paint.SURFACE, rounded(left, top, right, 0.855, 0.022)),
        part(Paint.TRIM, rounded(left, top, left + 0.06, 0.855, 0.015)),
    ]
    if one_of(chance, (0, 1)):
        band = between(chance, 0.05, 0.07)
        parts.append(
            part(Paint.TRIM, rounded(right - band, top, right - band + 0.02, 0.856, 0.001))
        )
    else:
        rings = np.arange(top + 0.05, 0.83, 0.055)
        parts.append(
            part(
                METAL, *(Stroke(outline((left - 0.025, y), (left + 0.03, y)), 0.016) for y in rings)
            )
        )
    return Product(tuple(parts), Spot(0.51, 0.51, 0.07, 0.16, 0.112))


def tote_bag(chance: Chance) -> Product:
    """A cloth bag with long handles."""
    top, low = between(chance, 0.21, 0.25), between(chance, 0.25, 0.29)
    rim = between(chance, 0.42, 0.46)
    side = np.vstack(
        [[(0.5 + top, rim)], curve([(0.5 + low, 0.7), (0.5 + low, 0.83), (0.47 + low, 0.86)])]
    )
    reach = rim - between(chance, 0.2, 0.27)

    def handle(lift: float) -> Stroke:
        x = top * 0.55
        points = [(0.5 - x, rim + 0.02), (0.5 - x * 0.8, reach + 0.05), (0.5, reach + lift)]
        points += [(0.5 + x * 0.8, reach + 0.05), (0.5 + x, rim + 0.02)]
        return Stroke(curve(points), 0.026)

    return Product(
        (
            part(Paint.INSIDE, handle(-0.04)),
            part(Paint.SURFACE, mirrored(side)),
            part(Paint.TRIM, rounded(0.5 - top, rim, 0.5 + top, rim + 0.03, 0.004)),
            part(Paint.TRIM, handle(0.0)),
        ),
        Spot(0.5, 0.66, 0.09, 0.06, 0.115),
    )
