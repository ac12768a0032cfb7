"""What an explanation of two products holds: maps, cells, the ledger and the proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from relrec_core.explanation import EPSILON, Explanation, Ledger, Value
from relrec_core.products.explanation.sentences import because, rather

GRID = 16
"""Cells down and across a picture: what is counted, named and erased."""
RENDERED, PHOTOS = "reference", "epsilon-gamma"
"""The recommended presets. On photos the baseline of `reference` would take half of the score."""
SHOWN = "This dashboard’s method"
"""What the map that the products page shows first is called in tables."""
FOCUSED = "LRP, focused"
"""The method that the page shows first, as `attribution` names it."""
CHOSEN = f"{FOCUSED} (evidence)"
"""Likewise with its reading, as stored tables name it."""

ReadingName = Literal["evidence", "paper"]
Map = npt.NDArray[np.float32]


class Method(Value):
    """How to explain.

    Args:
        reading: `evidence` (H2), what pulls the two together compared with an average product;
            `paper` (H1), the whole logit as in Bharadhwaj 2018.
        compared: for evidence: with the average product of the product's own category, so that
            what all mugs and all caps share is no reason, or of the whole catalogue.
        preset: of rules, by name; `reference` explains what pictures give beyond a baseline.
        epsilon: the stabiliser.
        ignore_bias: whether biases are left out of the denominators.
        focused: whether evidence is placed where support meets support (`focus.focused`), rather
            than left signed as the rules give it.
    """

    reading: ReadingName = "evidence"
    compared: Literal["category", "catalogue"] = "category"
    preset: str = RENDERED
    epsilon: float = EPSILON
    ignore_bias: bool = False
    focused: bool = True

    @property
    def named(self) -> str:
        """What it is called where explanations say where they come from."""
        read = "whole score"
        if self.reading == "evidence":
            read = f"beyond the average of the {self.compared}"
        baseline = "relative to a blurred baseline"
        rules = baseline if self.preset == RENDERED else f"{self.preset} rules"
        return f"layer-wise relevance propagation ({read}, {rules})"

    @property
    def one_sided(self) -> bool:
        """Whether maps of pairs only support."""
        return self.focused and self.reading == "evidence"


def recommended(rendered: bool) -> Method:
    """How a catalogue of rendered pictures, or of photos, is explained at first.

    Photos of one category have so much in common that little is left beyond its average, and bias
    terms and the stabiliser take most of that; beyond the catalogue's average the pixels have it.
    """
    if rendered:
        return Method(preset=RENDERED, compared="category")
    return Method(preset=PHOTOS, compared="catalogue")


class Cell(Value):
    """One cell of a picture: `query` or `recommended`, row and column from the upper left."""

    picture: Literal["query", "recommended"]
    row: int
    column: int
    relevance: float


class ProductExplanation(Explanation):
    """Why one product was recommended for another, cell by cell, in units of the score.

    `score` is what the reading explains, and what the two categories add where they count, which
    is the ledger's base; `logit` and `probability` are of the recommendation.
    """

    query: str
    query_title: str
    item: str
    item_title: str
    relation: str
    user: str | None
    reading: Literal["evidence", "paper", "contrast"]
    other_title: str | None = None
    logit: float
    probability: float
    cells: tuple[Cell, ...]

    def to_frame(self) -> pd.DataFrame:
        """picture, row and column from 1, relevance; strongest support first."""
        frame = pd.DataFrame([cell.model_dump() for cell in self.cells])
        frame[["row", "column"]] += 1
        return frame.sort_values("relevance", ascending=False, kind="stable", ignore_index=True)

    def grid(self, picture: str) -> npt.NDArray[np.float64]:
        """(rows, columns) relevance of one picture's cells; no cells for one not explained."""
        own = [cell for cell in self.cells if cell.picture == picture]
        if not own:
            return np.zeros((0, 0))
        shape = (max(c.row for c in own) + 1, max(c.column for c in own) + 1)
        values = np.zeros(shape)
        for cell in own:
            values[cell.row, cell.column] = cell.relevance
        return values

    def sentence(self) -> str:
        """Which regions speak for the recommendation, and what the proof says of that, in words."""
        ours, proof = self.grid("query"), (self.audit.ledger, self.audit.deletion)
        if self.other_title is not None:
            return rather(self.item_title, self.other_title, self.query_title, ours, *proof)
        theirs = self.grid("recommended")
        return because(self.item_title, self.probability, self.query_title, ours, theirs, *proof)


@dataclass(frozen=True, eq=False)
class PairMaps:
    """One explained pair before its proof: the maps at full resolution, and the books.

    Args:
        row: of the recommended product.
        left: (S, S) relevance of the query's pixels.
        right: (S, S) of the recommended product's; None where only the query is explained.
        ledger: base + pixels + biases + epsilon = score; the base is what categories add.
        logit: g of the recommendation.
    """

    row: int
    left: Map
    right: Map | None
    ledger: Ledger
    logit: float


def pooled(pixels: npt.NDArray[np.floating], cells: int) -> npt.NDArray[np.float64]:
    """Sums by cell, (S, S) -> (cells, cells); every pixel counts in exactly one."""
    rows, columns = (
        np.eye(cells)[np.arange(side) * cells // side] for side in pixels.shape
    )  # (S, cells)
    return rows.T @ pixels.astype(np.float64) @ columns  # type: ignore[no-any-return]
