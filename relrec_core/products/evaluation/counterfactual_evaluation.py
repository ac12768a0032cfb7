"""How little of a picture has to be missing for a product not to be recommended?"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from relrec_core.products.evaluation.recommendation_evaluation import (
    ALL,
    QUICK,
    RECOMMENDATIONS,
    Wanted,
    first_recommendations,
)
from relrec_core.products.evaluation.study import Study
from relrec_core.products.explanation.counterfactual import (
    Case,
    Displaced,
    beginning,
    smallest_change,
)
from relrec_core.products.explanation.explain import Explainer, Question
from relrec_core.products.explanation.result import GRID, recommended
from relrec_core.products.explanation.smallest_change import LIMIT

LISTED = 3
"""Length of the list that the page shows at first."""


def counterfactual_rows(study: Study) -> pd.DataFrame:
    """The smallest sets of the query's cells that displace first recommendations, by relation.

    Beside them as many cells as it takes in order of relevance, none of them put back, and in a
    random order. Every cell is tried alone on rendered products only, where a pass is short.
    """
    seed = study.seeds[0]
    network = study.mapped(seed)
    explainer = Explainer(network.recommender)
    count = QUICK if study.quick else RECOMMENDATIONS
    wanted = first_recommendations(network.recommender, count, seed)
    cells, rows = study.cells("counterfactuals", __name__), []
    study.begin(len(wanted))
    for number, pair in enumerate(wanted):
        about = {"left": pair[0], "right": pair[1], "relation": pair[2]}
        key = study.map_key(network, seed, **about)
        compute = partial(_displaced, explainer, pair, study.rendered, seed)
        rows.append(about | cells.get(key, compute))
        study.step(f"Recommendation {number + 1}")
    found = pd.DataFrame(rows)
    groups = [(ALL, found), *found.groupby("relation", sort=False)]
    return pd.DataFrame([{"relation": name} | _summed(group) for name, group in groups])


def _displaced(explainer: Explainer, pair: Wanted, alone: bool, seed: int) -> dict[str, Any]:
    left, right, relation = pair
    of, aim = explainer.recommender, Displaced(LISTED, alone=alone)
    question = Question(of.query_at(left), relation, None, recommended(of.catalogue.rendered))
    (relevance,) = explainer.relevance(question, [right])
    told = smallest_change(of, question, relevance, aim)
    case = Case(of, question, relevance, aim, lambda: None)
    by_relevance = beginning(case, case.by_relevance)
    random = np.random.default_rng([seed, left]).permutation(GRID * GRID)
    at_random = beginning(case, random)
    return {
        "cells": len(told.cells) if told.found else None,
        "proven": told.proven,
        "by_relevance": None if by_relevance is None else len(by_relevance),
        "at_random": None if at_random is None else len(at_random),
    }


def _summed(of: pd.DataFrame) -> dict[str, Any]:
    """Means count a set that was not found as one more cell than the most that are tried."""
    sizes = {
        name: of[name].astype(float).fillna(LIMIT + 1)
        for name in ("cells", "by_relevance", "at_random")
    }
    return {
        "recommendations": len(of),
        "one": float((sizes["cells"] == 1).mean()),
        "up_to_four": float((sizes["cells"] <= 4).mean()),
        "none": float(of["cells"].isna().mean()),
        "proven": float(of["proven"].mean()),
        "median": float(sizes["cells"].median()),
        "mean": float(sizes["cells"].mean()),
        "mean_by_relevance": float(sizes["by_relevance"].mean()),
        "mean_at_random": float(sizes["at_random"].mean()),
    }
