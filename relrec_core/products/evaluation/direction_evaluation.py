"""Does the probability fall without the areas that are named, beside LIME and gradients?"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from captum import attr
from torch import Tensor

from relrec_core.evaluation.directions import GRADIENT, LIME, RANDOM
from relrec_core.faithfulness.deletion import carrying
from relrec_core.faithfulness.directions import Named, agreement, named
from relrec_core.faithfulness.lime import lime
from relrec_core.products.data.perturbation import blurred, erased
from relrec_core.products.evaluation.recommendation_evaluation import first_recommendations
from relrec_core.products.evaluation.study import Study
from relrec_core.products.explanation.attribution import OneSide
from relrec_core.products.explanation.erasure import CHUNK
from relrec_core.products.explanation.explain import Explainer, Question
from relrec_core.products.explanation.result import GRID, SHOWN, pooled, recommended
from relrec_core.products.model.ranking import Recommender

RECOMMENDATIONS, QUICK = 20, 2
LIME_SAMPLES, QUICK_SAMPLES = 500, 40
"""Of one picture, about two for each of its cells."""

Doubles = npt.NDArray[np.float64]


def direction_rows(study: Study) -> pd.DataFrame:
    """Does the score of a pair fall without what is named, of first recommendations?

    Named are the grid cells of each picture that carry three quarters of the support of the map
    that the page shows, those that its deletion test takes away, and as many by every other method,
    all blurred away from one picture at a time. A recommendation whose map sums to nothing above
    zero names no reason and is left out. One row a method, as of `agreement`; changes are of the
    logit of the probability, and an answer is one picture.
    """
    seed = study.seeds[0]
    network = study.mapped(seed)
    explainer = Explainer(network.recommender)
    count = QUICK if study.quick else RECOMMENDATIONS
    samples = QUICK_SAMPLES if study.quick else LIME_SAMPLES
    cells = study.cells("directions", __name__)
    found: dict[str, list[Named]] = defaultdict(list)
    wanted = first_recommendations(network.recommender, count, seed)
    study.begin(len(wanted))
    for number, (left, right, relation) in enumerate(wanted):
        about = {"left": left, "right": right, "relation": relation, "samples": samples}
        changed = partial(_changed, explainer, left, right, relation, samples)
        cell = cells.get(study.map_key(network, seed, **about), changed)
        for method, pictures in cell.items():
            found[method] += [Named(**one) for one in pictures]
        study.step(f"Recommendation {number + 1}")
    return pd.DataFrame([{"method": name} | agreement(of) for name, of in found.items()])


def _changed(
    explainer: Explainer, left: int, right: int, relation: str, samples: int
) -> dict[str, Any]:
    """What each method names of both pictures, and what blurring it does."""
    of = explainer.recommender
    question = Question(of.query_at(left), relation, None, recommended(of.catalogue.rendered))
    (shown,) = explainer.relevance(question, [right])
    if shown.right is None or shown.ledger.features <= 0:
        return {}
    told = defaultdict(list)
    for pixels, row, other in ((shown.left, left, right), (shown.right, right, left)):
        cells = pooled(pixels, GRID).ravel()
        picture, beside = of.pictures.batch([row]), of.features[other : other + 1]
        rescore = partial(_scored, of, relation, picture, beside)
        seed = of.seed + row
        maps = {
            SHOWN: cells,
            LIME: lime(rescore, len(cells), samples=samples, seed=seed),
            **_gradients(of, relation, picture, beside),
            RANDOM: np.random.default_rng([seed, 3]).random(len(cells)),
        }
        for method, found in maps.items():
            told[method].append(named(found, carrying(cells), rescore)._asdict())
    return told


@torch.inference_mode()
def _scored(
    of: Recommender, relation: str, picture: Tensor, beside: Tensor, kept: npt.NDArray[np.bool_]
) -> Doubles:
    """Logits (R,) of one picture with only the kept cells (R, n), with the other's features."""
    masks = torch.from_numpy(kept.reshape(len(kept), GRID, GRID))
    replacement = blurred(picture)
    seen = [of.seen(erased(picture, part, replacement)) for part in torch.split(masks, CHUNK)]
    logits = of.head(relation).logit(torch.cat(seen), beside.expand(len(masks), -1))
    return np.asarray(logits.double().numpy())


def _gradients(
    of: Recommender, relation: str, picture: Tensor, beside: Tensor
) -> dict[str, Doubles]:
    """What gradients of the logit give each cell (n,), the other picture held fixed."""
    side = OneSide(of.trunk, of.head(relation), None, beside.clone()).eval()
    maps = {GRADIENT: attr.InputXGradient(side), "Saliency": attr.Saliency(side)}
    found = {}
    for name, method in maps.items():
        pixels = method.attribute(picture.clone().requires_grad_(), target=0)  # (1, 3, S, S)
        found[name] = pooled(pixels.detach().sum(dim=1)[0].float().numpy(), GRID).ravel()
    return found
