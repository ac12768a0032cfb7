"""The fewest cells that displace a recommendation: before and after, as pictures and as a page."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from dashboard.figures import svg
from dashboard.figures.heatmap import data_url
from dashboard.figures.palette import ACCENT, rgb
from dashboard.figures.report import JOINED, page, paragraph, section, source, table
from relrec_core.products.explanation.smallest_change import ProductShift, SmallestChange

SIDE, GAP, EDGE = 440, 40, 40
LETTERS = 50
"""Of the sentence in one line."""

Bools = npt.NDArray[np.bool_]


def outlined(picture: Image.Image, kept: Bools) -> Image.Image:
    """The picture with lines around the cells that are not kept, (rows, columns) of a grid."""
    side = max(picture.size)
    rows, columns = (np.arange(side) * cells // side for cells in kept.shape)
    gone = ~kept[rows][:, columns]
    edge = np.zeros_like(gone)
    reach = max(1, side // 110)
    for axis in (0, 1):
        for step in (-reach, reach):
            edge |= gone & ~np.roll(gone, step, axis)
    pixels = np.array(picture.convert("RGB").resize((side, side)))
    pixels[edge] = rgb(ACCENT)
    return Image.fromarray(pixels)


def before_and_after(shifts: Sequence[ProductShift]) -> list[list[str]]:
    """One row a product of either list: title, place before, place after."""
    return [
        [s.title, *("" if place is None else f"{place:,}" for place in (s.before, s.after))]
        for s in shifts
    ]


def change_sheet(told: SmallestChange, before: Image.Image, after: Image.Image) -> str:
    """The sentence and both pictures as one SVG without links.

    Args:
        told: what was found.
        before: the picture with the cells outlined.
        after: with the cells blurred.
    """
    lines = textwrap.wrap(told.sentence(), LETTERS)
    foot = [told.standing(), *textwrap.wrap(source(told.provenance), 130)]
    width, top = 2 * EDGE + 2 * SIDE + GAP, EDGE + 32 * len(lines) + 40
    height = top + SIDE + 44 + 18 * len(foot)
    parts = [svg.element("rect", width=width, height=height, fill=svg.PAPER)]
    parts += [
        svg.text(EDGE, EDGE + 24 + 32 * i, line, 24, weight=600) for i, line in enumerate(lines)
    ]
    titles = ("Before: what will be blurred", "After")
    for i, (title, picture) in enumerate(zip(titles, (before, after), strict=True)):
        left = EDGE + i * (SIDE + GAP)
        at: dict[str, Any] = {"x": left, "y": top, "width": SIDE, "height": SIDE}
        parts += [
            svg.text(left, top - 14, title, 16),
            svg.element("image", href=data_url(picture), **at),
            svg.element("rect", fill="none", stroke=svg.LINE, **at),
        ]
    for i, line in enumerate(foot):
        parts.append(svg.text(EDGE, top + SIDE + 30 + 18 * i, line, 13, svg.QUIET))
    return svg.document(width, height, parts, told.sentence())


def change_report(told: SmallestChange, sheet: str, link: str) -> str:
    """The pictures, what is proven, and both rankings in one file.

    Args:
        told: what was found.
        sheet: made by `change_sheet`.
        link: address of the view.
    """
    cells = [f"row {cell.row + 1}, column {cell.column + 1}" for cell in told.cells]
    parts = (
        sheet,
        section("How it was found", paragraph(f"{told.standing()}. {told.means()}")),
        section(
            "The ranking before and after",
            table(("Product", "Before", "After"), before_and_after(told.shifts), JOINED),
        ),
        section(
            "The cells",
            paragraph("; ".join(cells) or "none"),
            paragraph("Rows and columns count from the upper left, 16 each."),
        ),
    )
    return page(told, parts, link)
