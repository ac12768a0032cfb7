"""Why these two products: relevance of the pixels of both pictures, with its proof."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from relrec_core.errors import ConfigError
from relrec_core.explanation import Audit, Ledger, Parameter, Provenance
from relrec_core.faithfulness.deletion import NAMED, deletion_test
from relrec_core.faithfulness.elsewhere import elsewhere
from relrec_core.lrp import Reading, correspondence, evidence, explain_pair, paper
from relrec_core.lrp.engine import Trace
from relrec_core.lrp.pairs import Correspondence
from relrec_core.lrp.similarity import contrast
from relrec_core.products.data.catalogue import CATEGORY, ITEM, TITLE
from relrec_core.products.explanation.erasure import seen_of
from relrec_core.products.explanation.focus import focused
from relrec_core.products.explanation.result import (
    GRID,
    Cell,
    Map,
    Method,
    PairMaps,
    ProductExplanation,
    pooled,
)
from relrec_core.products.explanation.tracing import origin, traced
from relrec_core.products.model.ranking import Query, Recommender

REPETITIONS = 19
"""Random erasures: if the named one hurts more than all of them, chance would be 1 in 20."""


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked: which relation of which product, for whom, explained how."""

    query: Query
    relation: str
    user: str | None = None
    method: Method = field(default_factory=Method)


class Explainer:
    """Explains a recommender's answers. Holds no state but what it was given."""

    def __init__(self, recommender: Recommender) -> None:
        self.recommender = recommender

    def relevance(self, question: Question, rows: Sequence[int]) -> list[PairMaps]:
        """Maps of the query with each of several products: one forward pass for each picture."""
        of = self.recommender
        head = of.head(question.relation, question.user)
        left = self._trace(question.query.picture, question.method)
        right = self._trace(of.pictures.batch(list(rows)), question.method)
        read: partial[Reading]
        if question.method.reading == "evidence":
            ours, theirs = self.centres(question, rows)
            ours, theirs = ours - origin(head, left), theirs - origin(head, right)
            read = partial(evidence, head, centre=ours, right_centre=theirs)
        elif left.reference is not None and right.reference is not None:
            read = partial(paper, head, apart=left.reference - right.reference)
        else:
            read = partial(paper, head)
        with torch.inference_mode():
            found = explain_pair(read, left, right)
            g = head.logit(left.whole.expand(len(rows), -1), right.whole)
        given = of.points(question.query, question.relation, rows)
        if found.right is None:
            raise ConfigError(f"The reading '{question.method.reading}' explains one picture.")
        books = found.left.ledger, found.right.ledger
        made = _focused if question.method.one_sided else _map
        return [
            PairMaps(
                row=int(row),
                left=made(found.left.relevance[i]),
                right=made(found.right.relevance[i]),
                ledger=Ledger(
                    score=float(found.reading.score[i]) + given[i],
                    features=float(sum(b.inputs[i] for b in books)),
                    base=given[i],
                    bias=float(found.reading.bias[i] + sum(b.bias[i] for b in books)),
                    epsilon=float(sum(b.epsilon[i] for b in books)),
                ),
                logit=float(g[i]) + given[i],
            )
            for i, row in enumerate(rows)
        ]

    def contrast(self, question: Question, row: int, other: int) -> PairMaps:
        """H3: which pixels of the query speak for the one product rather than the other."""
        of = self.recommender
        head = of.head(question.relation, question.user)
        left = self._trace(question.query.picture, question.method)
        one, two = of.features[row : row + 1], of.features[other : other + 1]
        if left.reference is not None:
            one, two = one - left.reference, two - left.reference
        with torch.inference_mode():
            reading = contrast(head, left.output, one, two)
            found = left.propagate(reading.left)
            g = head.logit(left.output, one)
        books = found.ledger
        given, others = of.points(question.query, question.relation, [row, other])
        return PairMaps(
            row=row,
            left=_map(found.relevance[0]),
            right=None,
            ledger=Ledger(
                score=float(reading.score[0]) + given - others,
                features=float(books.inputs[0]),
                base=given - others,
                bias=float(reading.bias[0] + books.bias[0]),
                epsilon=float(books.epsilon[0]),
            ),
            logit=float(g[0]) + given,
        )

    def correspondence(
        self,
        question: Question,
        row: int,
        cells: int = 8,
        between: Callable[[], None] = lambda: None,
    ) -> Correspondence:
        """Which region of the query speaks to which of the product (second order of H2).

        `between` is called now and then and may raise to stop.
        """
        of = self.recommender
        head = of.head(question.relation, question.user)
        left = self._trace(question.query.picture, question.method)
        right = self._trace(of.pictures.batch([row]), question.method)
        ours, theirs = self.centres(question, [row])
        ours, theirs = ours - origin(head, left), theirs - origin(head, right)
        with torch.inference_mode():
            grid = (cells, cells)
            return correspondence(head, left, right, (ours[0], theirs[0]), grid, between=between)

    def centres(self, question: Question, rows: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Latents of the average product beside the query (D,) and beside each other one (n, D)."""
        of = self.recommender
        everything = of.centre(question.relation)
        if question.method.compared == "catalogue":
            return everything, everything.expand(len(rows), -1)
        names = of.catalogue.items[CATEGORY]
        theirs = of.centre(question.relation, [str(names.iloc[row]) for row in rows])
        if not question.query.category:
            return everything, theirs
        return of.centre(question.relation, [question.query.category])[0], theirs

    def explain(
        self,
        question: Question,
        relevance: PairMaps,
        *,
        other: int | None = None,
        repetitions: int = REPETITIONS,
        between: Callable[[], None] = lambda: None,
    ) -> ProductExplanation:
        """The explanation with its proof; erasing takes two passes of the trunk for each.

        Args:
            question: that `relevance` answers.
            relevance: of one pair.
            other: row of the product that was not recommended, for a contrast.
            repetitions: random erasures to compare with.
            between: called now and then; may raise to stop.
        """
        of, items = self.recommender, self.recommender.catalogue.items
        row, query = relevance.row, question.query
        cells = _cells(relevance)
        deletion = deletion_test(
            np.array([cell.relevance for cell in cells]),
            partial(self._rescore, question, relevance, other, between),
            parts=[slice(at, at + GRID * GRID) for at in range(0, len(cells), GRID * GRID)],
            draw=_elsewhere,
            repetitions=repetitions,
            seed=[of.seed, row, *([] if query.row is None else [query.row])],
        )
        item = items.iloc[row]
        return ProductExplanation(
            score=relevance.ledger.score,
            audit=Audit(ledger=relevance.ledger, deletion=deletion),
            provenance=self._provenance(question, pair=other is None),
            query="" if query.row is None else str(items[ITEM].iloc[query.row]),
            query_title=query.title,
            item=str(item[ITEM]),
            item_title=str(item[TITLE]),
            relation=question.relation,
            user=question.user,
            reading=question.method.reading if other is None else "contrast",
            other_title=None if other is None else str(items[TITLE].iloc[other]),
            logit=relevance.logit,
            probability=float(1 / (1 + np.exp(-relevance.logit))),
            cells=cells,
        )

    @torch.inference_mode()
    def _rescore(
        self,
        question: Question,
        relevance: PairMaps,
        other: int | None,
        between: Callable[[], None],
        kept: npt.NDArray[np.bool_],
    ) -> npt.NDArray[np.float64]:
        """Scores (R,) of the pair with only the kept cells (R, n) of the pictures; what categories
        add stays."""
        of = self.recommender
        whole = [(question.query.picture, question.query.features)]
        if relevance.right is not None:
            picture = of.pictures.batch([relevance.row])
            whole.append((picture, of.features[relevance.row : relevance.row + 1]))
        seen = [
            seen_of(of, picture, features, cells, between, soft=True)
            for (picture, features), cells in zip(
                whole, np.split(kept, len(whole), axis=1), strict=True
            )
        ]
        head = of.head(question.relation, question.user)
        left = seen[0]
        if other is not None:
            one, two = (of.features[r : r + 1].expand_as(left) for r in (relevance.row, other))
            score = head.distance(left, two) - head.distance(left, one)
        elif question.method.reading == "evidence":
            ours, theirs = self.centres(question, [relevance.row])
            score = evidence(head, left, seen[1], ours, theirs).score
        else:
            score = head.logit(left, seen[1])
        return score.double().numpy() + relevance.ledger.base

    def _trace(self, pictures: Tensor, method: Method) -> Trace:
        of = self.recommender
        return traced(of, pictures, method.preset, method.epsilon, method.ignore_bias)

    def _provenance(self, question: Question, *, pair: bool) -> Provenance:
        of, method = self.recommender, question.method
        parameters: dict[str, Parameter] = {
            "relation": question.relation,
            "user": question.user or "everybody",
            "reading": method.reading,
            "compared": method.compared,
            "preset": method.preset,
            "epsilon": method.epsilon,
            "ignore_bias": method.ignore_bias,
            "focused": method.one_sided and pair,
            "erased": f"{NAMED:.0%} of each picture's support, one picture at a time, soft edges",
            "compared_with": "the same shape elsewhere",
        }
        return Provenance.of(of.catalogue, of.run, method.named, parameters, of.seed)


def _map(pixels: Tensor) -> Map:
    """(3, S, S) -> (S, S), channels summed."""
    return pixels.sum(dim=0).float().numpy()


def _focused(pixels: Tensor) -> Map:
    return focused(_map(pixels))


def _elsewhere(
    marked: npt.NDArray[np.bool_], repetitions: int, rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    """The marked cells (GRID * GRID,) at other places of the picture, (R, GRID * GRID)."""
    return elsewhere(marked.reshape(GRID, GRID), repetitions, rng).reshape(-1, marked.size)


def _cells(relevance: PairMaps) -> tuple[Cell, ...]:
    """Both pictures' cells, each the exact sum of its pixels."""
    cells = []
    for name, pixels in (("query", relevance.left), ("recommended", relevance.right)):
        if pixels is not None:
            sums = pooled(pixels, GRID)
            cells += [
                Cell(picture=name, row=r, column=c, relevance=float(sums[r, c]))
                for r in range(GRID)
                for c in range(GRID)
            ]
    return tuple(cells)
