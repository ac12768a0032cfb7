"""How good are the explanations of what is recommended, as the page shows them?"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from relrec_core.products.data.perturbation import blurred, erased
from relrec_core.products.evaluation.study import Study
from relrec_core.products.explanation.explain import Explainer, Question
from relrec_core.products.explanation.result import GRID, PairMaps, pooled, recommended
from relrec_core.products.model.ranking import Recommender

RECOMMENDATIONS, QUICK = 100, 4
"""How many are looked at."""
OPPOSING = 0.05
"""Share of a picture's cells that are erased as the most opposing ones."""
ALL = "all"

Wanted = tuple[int, int, str]
"""Rows of a query and of its first recommendation, and the relation."""


def recommendation_rows(study: Study) -> pd.DataFrame:
    """Do pixels carry the score, do the named cells matter, does signed opposition oppose?

    The first recommendation for products drawn at random, the relations in turn, by the map that
    the page shows. One row a relation, and one of all.
    """
    seed = study.seeds[0]
    network = study.mapped(seed)
    of = network.recommender
    explainer = Explainer(of)
    count = QUICK if study.quick else RECOMMENDATIONS
    wanted = first_recommendations(of, count, seed)
    cells, rows = study.cells("recommendations", __name__), []
    study.begin(len(wanted))
    for number, pair in enumerate(wanted):
        left, right, relation = pair
        about = {"left": left, "right": right, "relation": relation}
        key = study.map_key(network, seed, **about)
        rows.append(about | cells.get(key, partial(judged, explainer, pair)))
        study.step(f"Recommendation {number + 1}")
    found = pd.DataFrame(rows)
    groups = [(ALL, found), *found.groupby("relation", sort=False)]
    return pd.DataFrame([{"relation": name} | _summed(group) for name, group in groups])


def first_recommendations(of: Recommender, count: int, seed: int) -> list[Wanted]:
    """What is recommended first for `count` products drawn at random, the relations in turn."""
    chance = np.random.default_rng([seed, 77])
    wanted: list[Wanted] = []
    for row in chance.permutation(len(of.features)).tolist():
        relation = of.relations[len(wanted) % len(of.relations)]
        wanted += [(row, c.row, relation) for c in of.recommend(of.query_at(row), relation, n=1)]
        if len(wanted) == count:
            break
    return wanted


def judged(explainer: Explainer, pair: Wanted) -> dict[str, Any]:
    """The books and the deletion test of what the page shows, and what erasing opposition does."""
    left, right, relation = pair
    of = explainer.recommender
    shown = recommended(of.catalogue.rendered)
    question = Question(of.query_at(left), relation, None, shown)
    (found,) = explainer.relevance(question, [right])
    audit = explainer.explain(question, found).audit
    ledger, deletion = audit.ledger, audit.deletion
    signed = replace(question, method=shown.model_copy(update={"focused": False}))
    return {
        "explained": ledger.features / ledger.score,
        "absorbed": abs(ledger.bias + ledger.epsilon) / abs(ledger.score),
        "above_zero": ledger.features > 0,
        "confirmed": deletion.confirmed,
        "removed": deletion.removed,
        "opposition": _opposition(explainer, signed, *explainer.relevance(signed, [right])),
    }


def _opposition(explainer: Explainer, question: Question, found: PairMaps) -> list[float]:
    """What the score gains as the most opposing cells go, of each picture that shows any."""
    of, gains = explainer.recommender, []
    head, row = of.head(question.relation, question.user), found.row
    seen = [question.query.features, of.features[row : row + 1]]
    whole = head.logit(*seen)
    for place, (picture, pixels) in enumerate(
        ((question.query.picture, found.left), (of.pictures.batch([row]), found.right))
    ):
        if pixels is None or pixels.min() >= 0:
            continue
        kept = torch.from_numpy(_without_opposing(pooled(pixels, GRID)))[None]
        with torch.inference_mode():
            without = list(seen)
            without[place] = of.seen(erased(picture, kept, blurred(picture)))
            gains.append(float(head.logit(*without) - whole))
    return gains


def _without_opposing(cells: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """(GRID, GRID) True but for the cells that oppose most."""
    kept = np.ones(cells.size, dtype=np.bool_)
    kept[np.argsort(cells, axis=None, kind="stable")[: round(OPPOSING * cells.size)]] = False
    return kept.reshape(cells.shape)


def _summed(of: pd.DataFrame) -> dict[str, Any]:
    gains = np.array(of["opposition"].sum())  # of lists: joined
    return {
        "recommendations": len(of),
        "pixels_above_zero": float(of["above_zero"].mean()),
        "explained": float(of["explained"].median()),
        "absorbed": float(of["absorbed"].median()),
        "confirmed": float(of["confirmed"].mean()),
        "cells_removed": float(of["removed"].median()),
        "pictures_with_opposition": len(gains),
        "opposition_raises": float((gains > 0).mean()) if len(gains) else float("nan"),
    }
