"""The fewest cells of a picture without which a recommendation leaves the first places."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from relrec_core.explanation import Provenance, Value
from relrec_core.products.explanation.result import GRID, Cell
from relrec_core.products.explanation.sentences import places

LIMIT = GRID * GRID // 2
"""Most cells that are blurred: what needs more than half of a picture is no part of it."""

PictureName = Literal["query", "recommended"]


class ProductShift(Value):
    """Where a product stands before a change and after it; None where it is not in the list.

    `probability` is the one after it.
    """

    item: str
    title: str
    before: int | None
    after: int | None
    probability: float


class SmallestChange(Value):
    """The smallest known set of cells of one picture whose blurring displaces a recommendation.

    `place` and `place_after` are those of the recommendation, likewise `probability`; where
    nothing was found, the latter are those without the `LIMIT` most relevant cells. `alone` says
    whether every cell was tried by itself, `tried` how many pictures the network was asked about.
    `shifts` are the products of both lists of the first n, in the new order.
    """

    picture: PictureName
    query: str
    query_title: str
    item: str
    item_title: str
    relation: str
    user: str | None
    n: int
    found: bool
    cells: tuple[Cell, ...]
    alone: bool
    tried: int
    place: int
    place_after: int
    probability: float
    probability_after: float
    shifts: tuple[ProductShift, ...]
    provenance: Provenance

    @property
    def at_least(self) -> int:
        """Fewer cells than this are known not to suffice."""
        return 2 if self.alone and not (self.found and len(self.cells) == 1) else 1

    @property
    def proven(self) -> bool:
        """Whether fewer cells are known not to suffice."""
        return self.found and len(self.cells) <= self.at_least

    @property
    def kept(self) -> npt.NDArray[np.bool_]:
        """(GRID, GRID) False at the cells that are blurred."""
        kept = np.ones((GRID, GRID), dtype=np.bool_)
        for cell in self.cells:
            kept[cell.row, cell.column] = False
        return kept

    def sentence(self) -> str:
        """'Without 3 of the 256 grid cells of ‘Mug’, in the middle, ‘Cup’ would leave ...'"""
        title = self.query_title if self.picture == "query" else self.item_title
        if not self.found:
            return (
                f"No part of ‘{title}’ was found that takes ‘{self.item_title}’ out of the top "
                f"{self.n}: without the {LIMIT} most relevant of {GRID * GRID} grid cells it "
                f"stands at place {self.place_after:,}."
            )
        cells = f"{len(self.cells)} of the {GRID * GRID} grid cells"
        return (
            f"Without {cells} of ‘{title}’{self._where()}, ‘{self.item_title}’ would leave the "
            f"top {self.n}: place {self.place_after:,} ({self.probability_after:.0%}), not "
            f"{self.place:,} ({self.probability:.0%})."
        )

    def _where(self) -> str:
        support = np.zeros((GRID, GRID))
        for cell in self.cells:
            support[cell.row, cell.column] = max(cell.relevance, 0.0)
        return f", mostly in {places(support)}" if support.any() else ""

    def standing(self) -> str:
        """'Proven smallest', 'At most 4, at least 2' or 'None found'."""
        if not self.found:
            return "None found"
        if self.proven:
            return "Proven smallest"
        return f"Found: at most {len(self.cells)}, at least {self.at_least}"

    def means(self) -> str:
        """How it was found, in words."""
        ways = "the most relevant cells first"
        if self.alone:
            ways += ", and those that each lower the recommendation most by themselves"
        said = (
            f"Cells are blurred until no detail is left, as in the deletion test: {ways}; then "
            "each one that is not needed is put back. The network saw every picture of the "
            f"{self.tried:,} that were tried."
        )
        if self.proven:
            why = "Fewer than one is none" if len(self.cells) == 1 else "No single cell suffices"
            return f"{said} {why}, so none smaller exists."
        return f"{said} Another set of fewer cells may exist: not all sets were tried."

    def to_frame(self) -> pd.DataFrame:
        """One row a cell, row and column from 1, then the products of both lists."""
        cells = [
            {"picture": c.picture, "row": c.row + 1, "column": c.column + 1} for c in self.cells
        ]
        moved = [
            {"item": s.item, "label": s.title, "before": s.before, "after": s.after}
            for s in self.shifts
        ]
        columns = ["picture", "row", "column", "item", "label", "before", "after"]
        frame = pd.DataFrame([*cells, *moved], columns=columns)
        return frame.astype(dict.fromkeys(("row", "column", "before", "after"), "Int64"))
