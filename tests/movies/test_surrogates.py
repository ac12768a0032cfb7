"""Surrogates find what is known, repeat by seed, leave global state alone, and can be stopped."""

from __future__ import annotations

import threading
from functools import partial

import numpy as np
import pytest
import torch

from relrec_core.errors import ProfileError
from relrec_core.movies.data.features import feature_space
from relrec_core.movies.explanation import surrogates
from relrec_core.movies.explanation.surrogates import ComparisonCancelled, Surrogate
from relrec_core.movies.model.relevance import relevance, score_of_kept
from relrec_core.movies.model.weights import Weights
from tests.movies import planted
from tests.waiting import LONG

pytestmark = pytest.mark.numerics

BAG = np.arange(0, 40, 2)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Weights:
    data = planted.data(tmp_path_factory.mktemp("planted"))
    return planted.weights(feature_space(data), data.content_hash)


@pytest.fixture
def linear(monkeypatch: pytest.MonkeyPatch, weights: Weights) -> np.ndarray:
    """A black box that adds instead of averaging, so that the shares are the whole truth."""
    shares = relevance(weights, BAG, [1]).features[:, 0]
    monkeypatch.setattr(
        surrogates, "score_of_kept", lambda w, b, kept, item, average=None: kept @ shares
    )
    return shares


def test_lime_finds_the_order_of_a_sum(weights: Weights, linear: np.ndarray) -> None:
    found = surrogates.lime(weights, BAG, 1, samples=1000)
    agreement = surrogates.compare(linear, 1e-5, found)
    assert agreement.spearman > 0.99
    assert agreement.overlap == 1.0
    np.testing.assert_allclose(found.features, linear, atol=0.02 * np.abs(linear).max())


def test_kernel_shap_finds_the_shares_of_a_sum(weights: Weights, linear: np.ndarray) -> None:
    found = surrogates.kernel_shap(weights, BAG, 1, samples=200)
    np.testing.assert_allclose(found.features, linear, atol=1e-3)


@pytest.mark.parametrize("method", [surrogates.lime, surrogates.kernel_shap])
def test_the_seed_decides_and_no_global_state_moves(method, weights: Weights) -> None:
    np.random.seed(7)  # noqa: NPY002
    torch.manual_seed(7)
    expected = np.random.RandomState(7).random(), torch.rand(1).item()
    torch.manual_seed(7)
    first = method(weights, BAG, 1, samples=100, seed=3)
    assert (np.random.random(), torch.rand(1).item()) == expected  # noqa: NPY002
    np.testing.assert_array_equal(
        first.features, method(weights, BAG, 1, samples=100, seed=3).features
    )
    other = method(weights, BAG, 1, samples=100, seed=4)
    assert not np.array_equal(first.features, other.features)
    assert first.features.shape == BAG.shape
    assert first.samples == 100 and first.seconds > 0


def test_lime_runs_in_a_thread_and_stops_when_told(weights: Weights) -> None:
    stop, asked, ended = threading.Event(), threading.Event(), []

    def cancelled() -> bool:
        asked.set()
        return stop.wait(10)

    def work() -> None:
        rescored = partial(score_of_kept, weights, BAG, item=1)
        try:
            surrogates.lime_of(rescored, len(BAG), samples=100_000, cancelled=cancelled)
        except ComparisonCancelled as error:
            ended.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    assert asked.wait(LONG)
    stop.set()
    thread.join(LONG)
    assert ended == [str(ComparisonCancelled())]


@pytest.mark.parametrize("method", [surrogates.lime, surrogates.kernel_shap])
@pytest.mark.parametrize("size", [0, 1])
def test_a_profile_too_small_is_refused_in_a_sentence(method, size: int, weights: Weights) -> None:
    with pytest.raises(ProfileError, match=f"has {size} features"):
        method(weights, BAG[:size], 1)


def test_two_features_are_enough(weights: Weights) -> None:
    for method in (surrogates.lime, surrogates.kernel_shap):
        assert np.isfinite(method(weights, BAG[:2], 1, samples=50).features).all()


def test_agreement_of_known_orders() -> None:
    exact = np.array([5.0, 4.0, 3.0, 2.0, 1.0, 0.0, -1.0, -2.0])
    same = surrogates.compare(exact, 0.5, Surrogate("LIME", exact * 3, 10, 2.0))
    assert (same.spearman, same.overlap, same.ratio) == (pytest.approx(1), 1.0, 4.0)
    reverse = surrogates.compare(exact, 0.5, Surrogate("LIME", -exact, 10, 2.0))
    assert (reverse.spearman, reverse.overlap) == (pytest.approx(-1), 0.4)
