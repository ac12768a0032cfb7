"""Strategies of a model: groups of recommendations whose maps mark the same place."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from relrec_core.explanation import DeletionTest, Provenance, Value
from relrec_core.products.explanation.sentences import centre, places

Grid = tuple[tuple[float, ...], ...]


class Member(Value):
    """One recommendation: the product that was asked about, and the one recommended first.

    `likeness` is the cosine of its map with the mean map of its group.
    """

    query: str
    query_title: str
    item: str
    item_title: str
    probability: float
    likeness: float


class Strategy(Value):
    """A group of recommendations whose maps are alike.

    `mean` is the mean of the query's maps, each with sum 1, by cells (16, 16); `members` are
    most typical ones first, and `typical` are the maps of the first of them. `audit` blurs the
    cells that carry three quarters of the mean map in the query's picture of these: their mean
    score with and without, beside as many random cells. `displaced` is the share of them whose
    recommendation leaves the list by it, `displaced_at_random` likewise of the random cells.
    """

    mean: Grid
    members: tuple[Member, ...]
    typical: tuple[Grid, ...]
    share: float
    audit: DeletionTest
    displaced: float
    displaced_at_random: float

    @property
    def grid(self) -> npt.NDArray[np.float64]:
        """(16, 16) the mean map."""
        return np.array(self.mean)

    @property
    def where(self) -> str:
        """'the upper left': where its mean map is strongest."""
        return places(self.grid)

    @property
    def spot(self) -> str:
        """'31% from the left, 24% from the top': the same in numbers."""
        found = centre(self.grid)
        return "" if found is None else "{:.0%} from the left, {:.0%} from the top".format(*found)

    def sentence(self) -> str:
        """'19 (32%) mark the upper left'"""
        verb = "marks" if len(self.members) == 1 else "mark"
        return f"{len(self.members)} ({self.share:.0%}) {verb} {self.where}"

    def audited(self, n: int) -> str:
        """What blurring its place does, in words; `n` is the length of the list."""
        told = (
            f"With these {self.audit.removed} cells blurred in the {len(self.typical)} most "
            f"typical ones, the score falls from {self.audit.score:.2f} to "
            f"{self.audit.after_top:.2f}, with as many random cells to "
            f"{self.audit.after_random:.2f} on average; {self.displaced:.0%} leave the top {n}, "
            f"{self.displaced_at_random:.0%} with random cells."
        )
        return told.replace("-", "−")


class Strategies(Value):
    """The strategies behind the first recommendations of one relation, the most frequent first.

    `eigenvalues` are the smallest of the graph's Laplacian: the number of strategies is where they
    jump. `category` is that of the products asked about, None for all. `left_out` counts those
    whose maps sum to nothing above zero, so that they mark no place.
    """

    relation: str
    category: str | None
    n: int
    left_out: int
    strategies: tuple[Strategy, ...]
    eigenvalues: tuple[float, ...]
    provenance: Provenance

    @property
    def recommendations(self) -> int:
        """How many were looked at."""
        return sum(len(s.members) for s in self.strategies)

    def sentence(self) -> str:
        """How many strategies there are, and what each marks, exactly where words are the same."""
        relation = self.relation.replace("_", " ")
        of = f"{self.recommendations} recommendations of ‘{relation}’"
        if self.category is not None:
            of += f" for products of the kind ‘{self.category}’"
        if len(self.strategies) == 1:
            return f"The maps of {of} form one group: no strategies stand apart."
        words = [s.where for s in self.strategies]
        told = "; ".join(
            f"strategy {number}, {s.sentence()}"
            + (f" ({s.spot})" if words.count(s.where) > 1 and s.spot else "")
            for number, s in enumerate(self.strategies, start=1)
        )
        return f"The maps of {of} form {len(self.strategies)} groups: {told}."

    def to_frame(self) -> pd.DataFrame:
        """One row a recommendation, with the number of its strategy from 1."""
        rows = [
            {"strategy": number, "share": strategy.share} | member.model_dump()
            for number, strategy in enumerate(self.strategies, start=1)
            for member in strategy.members
        ]
        return pd.DataFrame(rows)
