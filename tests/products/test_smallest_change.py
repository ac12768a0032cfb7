"""The fewest cells that displace a recommendation: verified, and none of them is needless."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from relrec_core.errors import ConfigError
from relrec_core.explanation import Value
from relrec_core.products.data.perturbation import blurred, erased
from relrec_core.products.explanation.counterfactual import Displaced, smallest_change
from relrec_core.products.explanation.explain import Explainer, Question
from relrec_core.products.explanation.result import GRID
from relrec_core.products.explanation.smallest_change import SmallestChange
from relrec_core.products.model.ranking import Recommender

pytestmark = pytest.mark.numerics

ASKED, N = 3, 2


def displaced(of: Recommender, relation: str, **wanted: object) -> SmallestChange:
    question = Question(of.query_at(ASKED), relation)
    first = of.recommend(question.query, relation, n=1)[0].row
    (relevance,) = Explainer(of).relevance(question, [first])
    return smallest_change(of, question, relevance, Displaced(N, **wanted))  # type: ignore[arg-type]


def first_places(of: Recommender, told: SmallestChange, gone: set[tuple[int, int]]) -> list[str]:
    """Ids of the list with these cells blurred, ranked product by product."""
    kept = torch.ones(1, GRID, GRID, dtype=torch.bool)
    for cell in gone:
        kept[0][cell] = False
    items = of.catalogue.items["item_id"].tolist()
    changed = ASKED if told.picture == "query" else items.index(told.item)
    x = of.pictures.batch([changed])
    seen = of.features.clone()
    if gone:
        seen[changed] = of.seen(erased(x, kept, blurred(x)))[0]
    head, kinds = of.head(told.relation), of.catalogue.items["category"]
    crossing = of.crosses(told.relation)
    ranked = sorted(
        (float(head.distance(seen[ASKED : ASKED + 1], seen[row : row + 1])), row)
        for row in range(len(items))
        if row != ASKED and not (crossing and kinds[row] == kinds[ASKED])
    )
    return [items[row] for _, row in ranked[:N]]


@pytest.mark.parametrize("picture", ["query", "recommended"])
@pytest.mark.parametrize("relation", ["also_viewed", "bought_together"])
def test_the_set_displaces_it_and_no_cell_of_it_is_needless(
    recommender: Recommender, relation: str, picture: str
) -> None:
    told = displaced(recommender, relation, picture=picture)
    assert told.found and told.place == 1 and told.place_after > N
    gone = {(cell.row, cell.column) for cell in told.cells}
    assert told.item in first_places(recommender, told, set())
    after = first_places(recommender, told, gone)
    assert told.item not in after
    assert [s.item for s in told.shifts if s.after is not None and s.after <= N] == after
    for cell in gone:
        assert told.item in first_places(recommender, told, gone - {cell})
    if len(gone) > 1:  # then each was tried alone
        every = {(row, column) for row in range(GRID) for column in range(GRID)}
        assert told.alone and told.at_least == 2 and told.tried >= GRID * GRID
        some = sorted(every)[:: GRID + 1]
        assert all(told.item in first_places(recommender, told, {cell}) for cell in some)
    assert told.proven == (len(gone) <= 2)
    assert SmallestChange.from_json(told.to_json()) == told
    frame = told.to_frame()
    assert frame["row"].notna().sum() == len(gone) and told.item in set(frame["item"].dropna())
    assert f"not {told.place} (" in told.sentence() and f"top {N}" in told.sentence()


def test_relevance_alone_is_faster_and_claims_less(recommender: Recommender) -> None:
    whole, quick = (displaced(recommender, "also_viewed", alone=alone) for alone in (True, False))
    assert quick.tried <= whole.tried and len(quick.cells) >= len(whole.cells)
    assert quick.at_least == 1 and quick.proven == (len(quick.cells) == 1)


def test_what_cannot_be_displaced_says_so(recommender: Recommender) -> None:
    of, question = recommender, Question(recommender.query_at(ASKED), "also_viewed")
    ranking = of.recommend(question.query, "also_viewed", n=N + 1)
    (relevance,) = Explainer(of).relevance(question, [ranking[N].row])
    with pytest.raises(ConfigError, match=f"not among the first {N}"):
        smallest_change(of, question, relevance, Displaced(N))
    (relevance,) = Explainer(of).relevance(question, [ranking[0].row])
    with pytest.raises(ConfigError, match="products are ranked, all are recommended"):
        smallest_change(of, question, relevance, Displaced(len(of.features)))


def test_one_cell_is_proven_and_nothing_found_is_not(recommender: Recommender) -> None:
    told = displaced(recommender, "also_viewed", alone=False)
    cell = told.cells[0]
    one = told.model_copy(update={"cells": (cell,)})
    two = told.model_copy(update={"cells": (cell, cell.model_copy(update={"row": 15 - cell.row}))})
    assert one.proven and one.standing() == "Proven smallest"
    assert not two.proven and two.standing() == "Found: at most 2, at least 1"
    assert two.model_copy(update={"alone": True}).proven
    none: Value = told.model_copy(update={"found": False, "cells": ()})
    assert isinstance(none, SmallestChange) and not none.proven and none.kept.all()
    assert none.standing() == "None found" and none.sentence().startswith("No part of ‘")
    assert np.array_equal(np.argwhere(~one.kept), [[cell.row, cell.column]])
