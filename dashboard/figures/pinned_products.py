"""Two recommended products beside each other."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from dashboard.figures.heatmap import Panel, shared_scale
from dashboard.figures.palette import plain
from dashboard.figures.pinned import Case, Span, remainder, summed
from dashboard.figures.product_sheet import pair_sheet
from dashboard.figures.product_words import CATEGORIES, PLACES, relation_title
from relrec_core.explanation import DeletionTest, Ledger
from relrec_core.products.explanation.result import GRID, Cell, ProductExplanation
from relrec_core.products.explanation.sentences import places

PICTURES = {"query": "you look at", "recommended": "recommended"}


@dataclass(frozen=True, eq=False)
class ProductCase(Case):
    """Why a product was recommended for another.

    `panels` are both pictures with their maps, `roles` what stands above them; `coloured`
    pictures keep their colours.
    """

    explanation: ProductExplanation
    panels: tuple[Panel, Panel]
    roles: tuple[str, str]
    coloured: bool

    WING, OTHER, NOUNS = "products", "product or relation", ("Area", "Grid cell")

    @property
    def names(self) -> tuple[str, ...]:
        """What was asked about."""
        told = self.explanation
        return (
            f"‘{told.item_title}’",
            f"beside ‘{told.query_title}’",
            relation_title(told.relation).lower(),
            f"user {told.user}" if told.user else "everybody",
        )

    def contributions(self, *, single: bool) -> dict[str, float]:
        """By name, summed up or every single one."""
        named = _cell if single else area
        told = self.explanation
        reference = told.provenance.parameters["preset"] == "reference"
        ledger = told.audit.ledger
        rest = remainder(ledger, "Blurred baseline" if reference else "Bias terms")
        if ledger.base:
            rest.insert(0, (CATEGORIES, ledger.base))
        return summed([*((named(cell), cell.relevance) for cell in told.cells), *rest])

    @property
    def tests(self) -> list[tuple[str, DeletionTest, str]]:
        """Titles of the deletion tests, the tests, and what passing means."""
        return [("Strongest areas blurred", self.explanation.audit.deletion, PLACES)]

    @property
    def ledgers(self) -> list[Ledger]:
        """What has to sum up."""
        return [self.explanation.audit.ledger]

    @property
    def span(self) -> Span:
        """What the picture reaches over."""
        return 0.0, shared_scale(self.panels)

    def still(self, span: Span) -> str:
        """The picture as SVG."""
        words = " ".join(panel.in_words() for panel in self.panels)
        return pair_sheet(self.panels, span[1], words, self.coloured)

    def scale_in_words(self, span: Span) -> str:
        """What both pictures have in common."""
        return (
            f"The same colours in all four pictures: darkest colour = {plain(span[1])} points per "
            "grid cell."
        )


def _cell(cell: Cell) -> str:
    return f"Row {cell.row + 1}, column {cell.column + 1} ({PICTURES[cell.picture]})"


def area(cell: Cell) -> str:
    """Which part of which picture a cell is in."""
    place = _place(cell.row, cell.column).removeprefix("the ").capitalize()
    return f"{place} ({PICTURES[cell.picture]})"


@cache
def _place(row: int, column: int) -> str:
    """Which part of a picture a cell is in, as sentences name it."""
    alone = np.zeros((GRID, GRID))
    alone[row, column] = 1.0
    return places(alone)
