"""Sanity checks: randomised weights (Adebayo et al. 2018), small noise (Yeh et al. 2019)."""

from __future__ import annotations

import copy
from functools import cached_property, partial
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from relrec_core.faithfulness.sanity import max_sensitivity, rank_correlation
from relrec_core.products.data.perturbation import noise
from relrec_core.products.evaluation.recommendation_evaluation import Wanted, first_recommendations
from relrec_core.products.evaluation.study import CPU, Study
from relrec_core.products.explanation.attribution import CAPTUM, attribute
from relrec_core.products.explanation.explain import Explainer, Question
from relrec_core.products.explanation.result import FOCUSED, Method, recommended
from relrec_core.products.model.features import features
from relrec_core.products.model.ranking import Query, Recommender

PAIRS, QUICK = 40, 1
NOISE, DRAWS = 0.02, 6
"""Largest change of a pixel, as a share of the range from black to white, and how often."""
STAGES = (1 / 3, 2 / 3, 1.0)
"""Shares of the convolutions that are randomised, the last ones first."""


def sanity_rows(study: Study) -> pd.DataFrame:
    """Rank correlation of the query's map with that of a randomised network, and max-sensitivity.

    Means over first recommendations; one row a method, at the page's settings.
    """
    seed = study.seeds[0]
    found = study.mapped(seed)
    shown = recommended(study.rendered)
    signed = f"LRP, {shown.preset}"
    wanted = first_recommendations(found.recommender, QUICK if study.quick else PAIRS, seed)
    networks = _Networks(found.recommender, seed)
    cells, rows = study.cells("sanity", __name__), []
    methods = (FOCUSED, signed, *CAPTUM)
    study.begin(len(methods))
    for name in methods:
        key = study.map_key(found, seed, method=name, pairs=len(wanted))
        measure = partial(checked, networks, wanted, shown, name, seed)
        rows.append({"method": name} | cells.get(key, measure))
        study.step(name)
    return pd.DataFrame(rows)


class _Networks:
    """A trained network, and the same with more and more of its convolutions randomised."""

    def __init__(self, of: Recommender, seed: int) -> None:
        self.trained, self.seed = of, seed

    @cached_property
    def randomised(self) -> list[Recommender]:
        """One for each of `STAGES`, with features of their own."""
        return [randomised(self.trained, share, self.seed) for share in STAGES]


def randomised(of: Recommender, share: float, seed: int) -> Recommender:
    """A recommender whose last convolutions are drawn anew, as many as this share of all."""
    net = copy.deepcopy(of.trunk)
    layers = [m for m in net.modules() if isinstance(m, nn.Conv2d)]
    first = len(layers) - round(share * len(layers))
    generator = torch.Generator().manual_seed(seed)
    for layer in layers[first:]:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    seen = features(net, of.pictures, CPU)
    return Recommender(
        of.catalogue, net, copy.deepcopy(of.distances), seen, of.pictures, of.run, of.seed
    )


def checked(
    networks: _Networks, wanted: list[Wanted], method: Method, name: str, seed: int
) -> dict[str, Any]:
    """Both checks of one method's maps of the query, means over the pairs."""
    correlations, sensitivities = [], []
    for number, (left, right, relation) in enumerate(wanted):
        of = networks.trained
        query = of.query_at(left)
        found = _map(of, query, right, relation, method, name)
        others = [
            _map(one, one.query_at(left), right, relation, method, name)
            for one in networks.randomised
        ]
        correlations.append([rank_correlation(found, other) for other in others])
        generator = torch.Generator().manual_seed(seed * 100_003 + number)
        disturbed = [
            _map(of, _noisy(of, query, generator), right, relation, method, name)
            for _ in range(DRAWS)
        ]
        sensitivities.append(max_sensitivity(found, disturbed))
    means = np.mean(correlations, axis=0)
    return {
        **{f"randomised_{s:.0%}": float(v) for s, v in zip(STAGES, means, strict=True)},
        "max_sensitivity": float(np.mean(sensitivities)),
        "pairs": len(wanted),
    }


def _map(
    of: Recommender, query: Query, right: int, relation: str, method: Method, name: str
) -> np.ndarray[Any, np.dtype[np.float32]]:
    return attribute(Explainer(of), Question(query, relation, None, method), right, name)[0]


def _noisy(of: Recommender, query: Query, generator: torch.Generator) -> Query:
    """The query with every pixel a little lighter or darker, within black and white."""
    low, high = of.pictures.bounds()
    drawn = noise(query.picture, low, high, generator)
    x = query.picture + NOISE * (2 * drawn - low - high)
    x = torch.minimum(torch.maximum(x, low), high)
    return Query(query.row, query.title, query.category, x, of.seen(x))
