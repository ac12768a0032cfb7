"""Which product to show first, before anybody has asked about one."""

from __future__ import annotations

import numpy as np
import torch

from relrec_core.lrp.similarity import evidence
from relrec_core.products.data.catalogue import CATEGORY, TITLE
from relrec_core.products.explanation.explain import Explainer, Question
from relrec_core.products.explanation.result import recommended
from relrec_core.products.model.ranking import Query

LOOKED_AT = 101
"""Products, spread over the catalogue."""


@torch.inference_mode()
def clear_case(explainer: Explainer) -> int:
    """Row of a product whose best recommendation has much in common with it, beyond the average.

    Recommendations that the catalogue knows come before others.
    """
    of, seen = explainer.recommender, explainer.recommender.features
    relation = of.relations[0]
    head, cases = of.head(relation), [(False, -np.inf, 0)]
    items, method = of.catalogue.items, recommended(of.catalogue.rendered)
    rows = np.linspace(0, len(items) - 1, min(len(items), LOOKED_AT)).astype(int)
    for row in rows.tolist():
        about = items.iloc[row]
        one = seen[row : row + 1]  # (1, F)
        query = Query(row, about[TITLE], about[CATEGORY], one[:0], one)
        for found in of.recommend(query, relation, n=1):
            ours, theirs = explainer.centres(Question(query, relation, None, method), [found.row])
            shared = evidence(head, one, seen[found.row : found.row + 1], ours, theirs).score
            cases.append((of.known(query, relation, found.row), float(shared), row))
    return max(cases)[2]
