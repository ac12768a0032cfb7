"""Measuring maps: what is asked of a catalogue, where maps point, what erasing does."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from relrec_core.products.evaluation.map_evaluation import STEPS, asked_of, located, perturbed
from relrec_core.products.evaluation.sanity_evaluation import randomised
from relrec_core.products.explanation.explain import Explainer
from relrec_core.products.explanation.result import Method, recommended
from relrec_core.products.model.ranking import Recommender
from relrec_core.products.studio import ground_truth

pytestmark = pytest.mark.numerics

PAIRS = np.array([(3, 40), (9, 41)])


def test_photos_are_asked_what_the_page_shows_and_no_title_stands_twice() -> None:
    drawn, photos = ([title for title, _, _ in asked_of(rendered)] for rendered in (True, False))
    assert len(set(drawn)) == len(drawn) and set(photos) < set(drawn)
    assert not any("(paper)" in title for title in photos)
    for rendered, asked in ((True, drawn), (False, photos)):
        assert f"LRP, {recommended(rendered).preset} ({Method().reading})" in asked


@pytest.mark.parametrize("name", ["LRP, reference", "Saliency", "Brightness"])
def test_maps_are_located(recommender: Recommender, name: str) -> None:
    planted = ground_truth.load(recommender.catalogue.folder)
    explainer, relation = Explainer(recommender), "bought_together"
    found = located(explainer, planted, relation, PAIRS, Method(), name)
    assert found["pictures"] == 4
    assert 0 <= found["pointing_inside"] <= found["pointing"] <= 1
    items = recommender.catalogue.items["item_id"]
    side = recommender.pictures.side
    least = min(planted.cause_mask(items[r], relation, side).mean() for r in PAIRS.ravel())
    assert 0 <= found["share_over_area"] <= 1 / least


@pytest.mark.parametrize("how", ["noise", "blur"])
def test_every_order_begins_whole_and_ends_erased(recommender: Recommender, how: str) -> None:
    explainer = Explainer(recommender)
    pairs = [(int(a), int(b), "also_viewed") for a, b in PAIRS]
    found = perturbed(explainer, pairs, Method(), "LRP, reference", how, 0)
    curves = found["curves"]
    logits = [
        float(recommender.head("also_viewed").logit(*(recommender.features[r : r + 1] for r in of)))
        for of in PAIRS
    ]
    for order in ("most", "least", "random"):
        assert len(curves[f"logit_{order}"]) == STEPS + 1
        assert curves[f"logit_{order}"][0] == pytest.approx(np.mean(logits), rel=1e-3, abs=1e-4)
        assert curves[f"logit_{order}"][-1] == pytest.approx(curves["logit_most"][-1], abs=1e-4)
    assert found["srg_low"] <= found["srg"] <= found["srg_high"] and found["pairs"] == 2


def test_randomised_weights_are_new_from_the_top_and_the_network_stays(
    recommender: Recommender,
) -> None:
    before = [p.clone() for p in recommender.trunk.parameters()]
    some, every = (randomised(recommender, share, 0) for share in (1 / 3, 1.0))
    layers = [
        [m.weight for m in of.trunk.modules() if isinstance(m, nn.Conv2d)]
        for of in (recommender, some, every)
    ]
    same = [torch.equal(one, other) for one, other in zip(layers[0], layers[1], strict=True)]
    assert same == sorted(same, reverse=True) and same.count(False) == round(len(same) / 3)
    assert not any(torch.equal(*pair) for pair in zip(layers[0], layers[2], strict=True))
    assert not torch.equal(every.features, recommender.features)
    after = recommender.trunk.parameters()
    assert all(torch.equal(one, other) for one, other in zip(before, after, strict=True))
