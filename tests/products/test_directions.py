"""Named areas: blurred one by one and together, and every method asked for as many."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from relrec_core.evaluation.directions import GRADIENT, LIME, RANDOM
from relrec_core.faithfulness.deletion import carrying
from relrec_core.products.data.perturbation import blurred
from relrec_core.products.evaluation import direction_evaluation as directions
from relrec_core.products.explanation.explain import Explainer, Question
from relrec_core.products.explanation.result import GRID, SHOWN, pooled, recommended
from relrec_core.products.model.ranking import Recommender

pytestmark = pytest.mark.numerics

RELATION = "also_viewed"


def test_what_is_named_is_what_is_blurred(recommender: Recommender) -> None:
    explainer = Explainer(recommender)
    for left in range(40):  # the first whose map names anything
        (best,) = recommender.recommend(recommender.query_at(left), RELATION, n=1)
        question = Question(recommender.query_at(left), RELATION, None, recommended(True))
        (shown,) = explainer.relevance(question, [best.row])
        if shown.ledger.features > 0:
            break
        assert directions._changed(explainer, left, best.row, RELATION, 30) == {}
    told = directions._changed(explainer, left, best.row, RELATION, 30)
    assert set(told) == {SHOWN, LIME, GRADIENT, "Saliency", RANDOM}
    assert shown.right is not None
    whole = _logit(recommender, recommender.pictures.batch([left]), best.row)
    for side, (pixels, row, other) in enumerate(
        ((shown.left, left, best.row), (shown.right, best.row, left))
    ):
        cells = pooled(pixels, GRID).ravel()
        count = carrying(cells)
        assert all(len(of[side]["contributions"]) == count for of in told.values())
        order = np.argsort(-cells, kind="stable")[:count]
        found = told[SHOWN][side]
        assert found["contributions"] == pytest.approx(cells[order])
        by_hand = _without(recommender, row, other, order) - whole
        assert found["together"] == pytest.approx(by_hand, abs=1e-3)
        first = _without(recommender, row, other, order[:1]) - whole
        assert found["each"][0] == pytest.approx(first, abs=1e-3)


def _logit(of: Recommender, picture: torch.Tensor, other: int) -> float:
    with torch.inference_mode():
        beside = of.features[other : other + 1]
        return float(of.head(RELATION).logit(of.seen(picture), beside))


def _without(of: Recommender, row: int, other: int, cells: np.ndarray) -> float:
    """The score with these cells taken from the blurred picture, pixel by pixel."""
    picture = of.pictures.batch([row])
    changed, pale, side = picture.clone(), blurred(picture), picture.shape[-1]
    for y in range(side):
        for x in range(side):
            if y * GRID // side * GRID + x * GRID // side in cells:
                changed[:, :, y, x] = pale[:, :, y, x]
    return _logit(of, changed, other)
