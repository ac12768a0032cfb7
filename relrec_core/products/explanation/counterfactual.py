"""Counterfactuals: the fewest cells without which a product would not be recommended.

The order of cells by relevance proposes, the network decides: every set is blurred as the deletion
test does it, and the whole catalogue is ranked again. Sets are combinatorial, so that what is
found is the smallest known one; of one cell, or of two where each was tried alone, it is proven.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch

from relrec_core.errors import ConfigError
from relrec_core.explanation import Provenance
from relrec_core.products.data.catalogue import ITEM, TITLE
from relrec_core.products.explanation.erasure import seen_of
from relrec_core.products.explanation.explain import Question
from relrec_core.products.explanation.result import GRID, Cell, PairMaps, pooled
from relrec_core.products.explanation.smallest_change import (
    LIMIT,
    PictureName,
    ProductShift,
    SmallestChange,
)
from relrec_core.products.model.ranking import Recommender

Bools = npt.NDArray[np.bool_]
Doubles = npt.NDArray[np.float64]
Order = npt.NDArray[np.intp]
Between = Callable[[], None]

SIZES = (1, 2, 3, 4, 6, 8, 11, 16, 23, 32, 45, 64, 90, LIMIT)
"""Numbers of cells that are tried first; then those between the last that fails and the first
that suffices."""


@dataclass(frozen=True)
class Displaced:
    """What is to happen: a recommendation leaves the first `n` of a list, by cells of a `picture`.

    Args:
        n: length of the list.
        category: only this one is recommended.
        picture: whose cells are blurred.
        alone: try every cell by itself, too, where the most relevant one alone does not suffice:
            256 more pictures, which prove a set of two.
    """

    n: int = 3
    category: str | None = None
    picture: PictureName = "query"
    alone: bool = True


def smallest_change(
    of: Recommender,
    question: Question,
    relevance: PairMaps,
    wanted: Displaced,
    between: Between = lambda: None,
) -> SmallestChange:
    """The fewest cells that were found to take a recommendation out of the list when blurred.

    Args:
        of: what recommends.
        question: that `relevance` answers.
        relevance: of the recommendation; proposes which cells to blur.
        wanted: what is to happen.
        between: called now and then; may raise to stop.

    Raises:
        ConfigError: the product is not among the first n, or no other n could take their places.
    """
    case = Case(of, question, relevance, wanted, between)
    before = case.distances(np.ones((1, GRID * GRID), dtype=np.bool_))[0]
    place = case.place(before)
    if not case.ranked[relevance.row] or place > wanted.n:
        raise ConfigError(f"The product is not among the first {wanted.n}.")
    if case.ranked.sum() <= wanted.n:
        raise ConfigError(f"Only {case.ranked.sum()} products are ranked, all are recommended.")
    cells, alone = _fewest(case, wanted.alone)
    found = cells is not None
    gone = case.by_relevance[:LIMIT] if cells is None else cells
    after = case.distances(without(gone))[0]
    items, row = of.catalogue.items, relevance.row
    at = None if question.query.row is None else str(items[ITEM].iloc[question.query.row])
    return SmallestChange(
        picture=wanted.picture,
        query=at or "",
        query_title=question.query.title,
        item=str(items[ITEM].iloc[row]),
        item_title=str(items[TITLE].iloc[row]),
        relation=question.relation,
        user=question.user,
        n=wanted.n,
        found=found,
        cells=tuple(case.cell(k) for k in gone) if found else (),
        alone=alone,
        tried=case.tried,
        place=place,
        place_after=case.place(after),
        probability=case.probability(before[row]),
        probability_after=case.probability(after[row]),
        shifts=case.shifts(before, after),
        provenance=_provenance(of, question, wanted),
    )


class Case:
    """One recommendation, and its place in the ranking for any kept cells of a picture."""

    def __init__(
        self,
        of: Recommender,
        question: Question,
        relevance: PairMaps,
        wanted: Displaced,
        between: Between,
    ) -> None:
        if wanted.picture == "recommended" and relevance.right is None:
            raise ConfigError("Only the query's picture is explained.")
        self.of, self.question, self.wanted = of, question, wanted
        self.row, self.between, self.tried = relevance.row, between, 0
        pixels = relevance.left if wanted.picture == "query" else relevance.right
        assert pixels is not None
        self.relevance = pooled(pixels, GRID).ravel()  # (GRID * GRID,)
        self.by_relevance: Order = np.argsort(-self.relevance, kind="stable")
        among = of.among(question.query, question.relation, wanted.category)
        self.ranked: Bools = np.full(len(of.features), among is None)
        if among is not None:
            self.ranked[among] = True
        if question.query.row is not None:
            self.ranked[question.query.row] = False
        self._number = of.relation(question.relation)
        self._weights = of.weights(question.relation, question.user).numpy()  # (D,)
        given = of.given(question.query, question.relation)
        self._given = np.zeros(len(of.features)) if given is None else given  # (N,)

    @cached_property
    def _left(self) -> Doubles:
        """(N,) likewise, from the query as it is."""
        with torch.inference_mode():
            y = self.of.distances.latents(self.question.query.features, self._number)[0].numpy()
        return self._from(y)

    def _from(self, y: npt.NDArray[np.float32]) -> Doubles:
        latents = self.of.latents(self.question.relation)
        return np.asarray(np.square(latents - y) @ self._weights - self._given, dtype=np.float64)

    def distances(self, kept: Bools) -> list[Doubles]:
        """(N,) distances of all products, less what their categories add to the logit, for each
        row of kept cells (R, GRID * GRID)."""
        of, query = self.of, self.question.query
        self.tried += int((~kept.all(1)).sum())
        if self.wanted.picture == "query":
            picture, features = query.picture, query.features
        else:
            picture, features = of.pictures.batch([self.row]), of.features[self.row : self.row + 1]
        seen = seen_of(of, picture, features, kept, self.between)
        with torch.inference_mode():
            latents = of.distances.latents(seen, self._number).numpy()  # (R, D)
        if self.wanted.picture == "query":
            return [self._from(y) for y in latents]
        with torch.inference_mode():
            x = of.distances.latents(query.features, self._number)[0].numpy()
        changed = []
        for y in latents:
            d = self._left.copy()
            d[self.row] = float(np.square(y - x) @ self._weights - self._given[self.row])
            changed.append(d)
        return changed

    def place(self, d: Doubles) -> int:
        """Of the recommendation, from 1; equal distances by row, as the ranking has them."""
        own, rows = d[self.row], np.arange(len(d))
        before = (d < own) | ((d == own) & (rows < self.row))
        return 1 + int((self.ranked & before).sum())

    def margins(self, kept: Bools) -> Doubles:
        """(R,) how much farther the recommendation is than the n-th other one; out above zero."""
        others = self.ranked.copy()
        others[self.row] = False
        found = []
        for d in self.distances(kept):
            nth = np.partition(d[others], self.wanted.n - 1)[self.wanted.n - 1]
            margin = float(d[self.row] - nth)
            out = self.place(d) > self.wanted.n
            found.append(max(margin, np.finfo(np.float64).tiny) if out else min(margin, 0.0))
        return np.array(found)

    def probability(self, distance: float) -> float:
        """Of a pair at this distance."""
        return float(1 / (1 + np.exp(distance - float(self.of.distances.bias[self._number]))))

    def cell(self, number: int) -> Cell:
        """One cell by its number."""
        row, column = divmod(int(number), GRID)
        value = float(self.relevance[number])
        return Cell(picture=self.wanted.picture, row=row, column=column, relevance=value)

    def shifts(self, before: Doubles, after: Doubles) -> tuple[ProductShift, ...]:
        """The products of both lists and the recommendation, in the new order."""
        n, items = self.wanted.n, self.of.catalogue.items
        orders = [self._order(d) for d in (before, after)]
        was, now = ({int(row): i + 1 for i, row in enumerate(order)} for order in orders)
        named = {*orders[0][:n].tolist(), *orders[1][:n].tolist(), self.row}
        return tuple(
            ProductShift(
                item=str(items[ITEM].iloc[row]),
                title=str(items[TITLE].iloc[row]),
                before=was[row],
                after=now[row],
                probability=self.probability(after[row]),
            )
            for row in sorted(named, key=now.__getitem__)
        )

    def _order(self, d: Doubles) -> Order:
        rows = np.flatnonzero(self.ranked)
        return rows[np.argsort(d[rows], kind="stable")]


def without(*sets: npt.NDArray[np.integer]) -> Bools:
    """(R, GRID * GRID) False at the cells of each set."""
    kept = np.ones((len(sets), GRID * GRID), dtype=np.bool_)
    for row, cells in enumerate(sets):
        kept[row, cells] = False
    return kept


def _fewest(case: Case, alone: bool) -> tuple[Order | None, bool]:
    """The smallest set that the orders propose, and whether each cell was tried alone.

    The orders are by relevance and, unless that finds a single cell, by what each does alone.
    """
    first = beginning(case, case.by_relevance)
    best = None if first is None else _pruned(case, first)
    if not alone or (best is not None and len(best) == 1):
        return best, False
    singles = case.margins(without(*np.arange(GRID * GRID)[:, None]))
    if singles.max() > 0:
        return np.array([singles.argmax()]), True
    first = beginning(case, np.argsort(-singles, kind="stable"))
    other = None if first is None else _pruned(case, first)
    return min((each for each in (best, other) if each is not None), key=len, default=None), True


def beginning(case: Case, order: Order) -> Order | None:
    """The shortest beginning of an order that suffices, among those that are tried."""
    enough = np.flatnonzero(case.margins(without(*(order[:size] for size in SIZES))) > 0)
    if not len(enough):
        return None
    last = SIZES[enough[0]]
    between = range(SIZES[enough[0] - 1] + 1 if enough[0] else 1, last)
    if len(between):
        found = np.flatnonzero(case.margins(without(*(order[:size] for size in between))) > 0)
        last = between[found[0]] if len(found) else last
    return order[:last]


def _pruned(case: Case, cells: Order) -> Order:
    """The set without the cells that can be put back, those first that are needed least."""
    kept = cells
    if len(kept) > 1:
        fewer = [np.delete(kept, k) for k in range(len(kept))]
        for cell in cells[np.argsort(-case.margins(without(*fewer)), kind="stable")]:
            less = kept[kept != cell]
            if len(less) and case.margins(without(less))[0] > 0:
                kept = less
    return kept


def _provenance(of: Recommender, question: Question, wanted: Displaced) -> Provenance:
    method = question.method
    parameters: dict[str, bool | int | float | str] = {
        "relation": question.relation,
        "user": question.user or "everybody",
        "reading": method.reading,
        "compared": method.compared,
        "preset": method.preset,
        "picture": wanted.picture,
        "n": wanted.n,
        "category": wanted.category or "any",
        "every cell alone": wanted.alone,
    }
    said = "fewest cells whose blurring takes a recommendation out of the list, greedy and pruned"
    return Provenance.of(of.catalogue, of.run, said, parameters, of.seed)
