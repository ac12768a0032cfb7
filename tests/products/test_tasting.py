"""Other users of a studio are drawn, and their weights learned, exactly as its own were."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from relrec_core.products.config import Config
from relrec_core.products.data.catalogue import Catalogue
from relrec_core.products.evaluation.preference_recovery import learned, population, recovered
from relrec_core.products.model.ranking import Recommender
from relrec_core.products.studio import ground_truth
from relrec_core.runs.directory import Run

pytestmark = pytest.mark.numerics


def test_the_same_chance_draws_the_users_that_the_studio_has(catalogue: Catalogue) -> None:
    own = ground_truth.load(catalogue.folder).tastes
    again, planted = population(catalogue, len(own), np.random.default_rng([5, 3]))
    assert again.users == tuple(own.index) == tuple(planted.index)
    assert np.allclose(planted[own.columns], own.astype(float), atol=1e-12)
    columns = list(catalogue.purchases.columns)
    assert (again.purchases[columns].to_numpy() == catalogue.purchases.to_numpy()).all()
    others, _ = population(catalogue, len(own), np.random.default_rng([5, 4]))
    assert not others.purchases.equals(again.purchases)


def test_weights_learned_again_are_those_of_training(
    recommender: Recommender, small_run: Run, catalogue: Catalogue
) -> None:
    of = recommender.distances
    before = of.personal.detach().clone()
    again = learned(of, recommender.features, catalogue, small_run.settings(Config))
    torch.testing.assert_close(again.personal, before)
    torch.testing.assert_close(again.personal_bias, of.personal_bias)
    torch.testing.assert_close(of.personal, before, rtol=0, atol=0)
    assert (again.personal - again.personal.mean()).abs().max() > 0.01


def test_recovery_is_the_rank_of_the_learned_emphasis(
    recommender: Recommender, catalogue: Catalogue
) -> None:
    planted = ground_truth.load(catalogue.folder).tastes
    found = recovered(recommender.distances, recommender.features, planted)
    assert set(found) == {"colourway", "emblem", "pattern"}
    turned = recovered(recommender.distances, recommender.features, 1 - planted.astype(float))
    for cause, value in found.items():
        assert -1 <= value <= 1
        assert np.isclose(turned[cause], -value)
