"""Groups of recommendations whose maps are alike: their panels, and a page of them by itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from dashboard.figures import svg
from dashboard.figures.audit import judged
from dashboard.figures.heatmap import CELLS, Panel, data_url, over, shared_scale
from dashboard.figures.report import JOINED, beside, page, paragraph, section, table
from relrec_core.products.explanation.result import GRID
from relrec_core.products.explanation.strategies_result import Grid, Strategies, Strategy

PIXELS = 6
"""Of a cell, as a map is drawn."""
SIDE, LISTED = 300, 8


def grid_panel(picture: Image.Image, grid: Grid, title: str) -> Panel:
    """A picture under a map that is known by cells."""
    cells = np.kron(np.array(grid), np.full((PIXELS, PIXELS), 1 / PIXELS**2))
    return Panel(picture, cells, title, CELLS)


def averaged(pictures: Sequence[Image.Image]) -> Image.Image:
    """The mean of pictures of one size."""
    stacked = np.stack([np.asarray(p.convert("RGB"), dtype=np.float64) for p in pictures])
    return Image.fromarray(stacked.mean(axis=0).round().astype(np.uint8))


def heading(number: int, strategy: Strategy) -> str:
    """'Strategy 1: 67 (42%) mark the upper middle'"""
    return f"Strategy {number}: {strategy.sentence()}"


def strategies_report(told: Strategies, means: Sequence[Image.Image], link: str) -> str:
    """Each group with its mean picture and map, its audit and its most typical members.

    Args:
        told: what was found.
        means: the mean picture of each group.
        link: address of the view.
    """
    parts = []
    for number, (strategy, mean) in enumerate(zip(told.strategies, means, strict=True), start=1):
        panel = grid_panel(mean, strategy.mean, heading(number, strategy))
        drawn = data_url(over(panel, shared_scale([panel]), SIDE, 0.8))
        image = svg.element("image", href=drawn, width=SIDE, height=SIDE)
        words = f"Mean picture and map: strongest in {strategy.where}"
        rows = [
            (m.query_title, m.item_title, f"{m.probability:.0%}") for m in strategy.members[:LISTED]
        ]
        parts.append(
            section(
                heading(number, strategy),
                beside(
                    svg.document(SIDE, SIDE, [image], words),
                    paragraph(f"{judged(strategy.audit)[1]}. {strategy.audited(told.n)}"),
                ),
                table(("Product", "Recommended", "Probability"), rows, JOINED),
            )
        )
    how = paragraph(
        f"Maps of {GRID} x {GRID} cells, grouped by spectral clustering; the number of groups is "
        "where the eigenvalues of the graph jump."
    )
    return page(told, [how, *parts], link)
