"""Curves of removal: against a loop that really removes, and against what is known of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from relrec_core.movies.data.features import feature_space
from relrec_core.movies.data.split import split
from relrec_core.movies.evaluation import curves
from relrec_core.movies.evaluation.study import Study, Trained
from tests.movies import planted

pytestmark = pytest.mark.numerics


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted.folder(tmp_path_factory.mktemp("curves") / "planted")


@pytest.fixture
def quick(made: Path) -> Study:
    return Study(str(made), seeds=(0,), quick=True)


@pytest.mark.parametrize("hidden", [0, 5])
def test_changes_are_those_of_profiles_without_the_features(quick: Study, hidden: int) -> None:
    space = feature_space(quick.data)
    weights = planted.weights(space, quick.data.content_hash, hidden=hidden)
    parts = split(quick.data, 0)
    case = curves.cases(Trained(space, parts, weights, {}, 0.0))[7]
    assert case.item not in parts.known[7].indices
    n = len(case.bag)
    orders = np.stack([np.argsort(-case.shares), np.random.default_rng(0).permutation(n)])
    found = curves.changes(weights, case, orders, curves.MOST)
    before = weights.logits(case.bag)[case.item]
    for row, order in enumerate(orders):
        for k in range(1, n):
            left = np.delete(case.bag, order[:k])
            twin = weights.logits(left)[case.item] - before
            assert found[row, k - 1] == pytest.approx(twin, abs=1e-5)
    assert np.isnan(found[:, n - 1 :]).all()


@pytest.mark.slow
def test_reasons_matter_more_than_chance(quick: Study) -> None:
    table = curves.deletion_table(quick)
    for _, frame in table.frame.groupby("model"):
        assert list(frame["removed"]) == list(range(1, curves.MOST + 1))
        early = frame.head(5)
        assert (early["top_high"] < early["random_low"]).all()
        assert (early["top_low"] <= early["top_mean"]).all()
        assert frame["viewers"].is_monotonic_decreasing
    significance = curves.significance_table(quick).frame
    assert (significance["p"] < 1e-4).all()
    assert (significance["effect"] > 0.6).all()


def test_the_distribution_counts_every_viewer_once(quick: Study) -> None:
    frame = curves.distribution_table(quick).frame
    sums = frame.groupby("model")[["top", "random"]].sum()
    assert (sums == len(quick.data.users)).all().all()


@pytest.mark.slow
def test_lime_beside_the_exact_order(quick: Study) -> None:
    frame = curves.lime_table(quick).frame
    assert (frame["viewers"].iloc[0], len(frame)) == (curves.QUICK_SAMPLE, curves.MOST)
    assert frame["reconet_mean"].iloc[4] == pytest.approx(frame["lime_mean"].iloc[4], rel=0.1)
    agreement = curves.agreement_table(quick).frame.set_index("method")
    assert agreement.loc["LIME", "spearman"] > 0.95
    assert (agreement["ratio"] > 1).all()


def test_a_band_is_a_mean_with_its_confidence() -> None:
    values = np.array([[1.0, 2.0], [3.0, np.nan]])
    band = curves._band("x", values)
    assert band["x_mean"].tolist() == [2.0, 2.0]
    assert band["x_high"][0] == pytest.approx(2 + 1.96 * np.sqrt(2 / 2))
    assert np.isnan(band["x_low"][1])
