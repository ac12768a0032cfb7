"""Localisation and perturbation against values worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relrec_core.faithfulness.localisation import TOLERANCE, misses_by, share_over_area
from relrec_core.faithfulness.perturbation import area, curve, relevance_gain, steps

pytestmark = pytest.mark.numerics

MASK = np.zeros((4, 5), dtype=np.bool_)
MASK[1, 1:3] = True


def test_an_even_map_gets_one_and_a_perfect_one_the_most() -> None:
    assert share_over_area(np.ones((4, 5)), MASK) == pytest.approx(1)
    assert share_over_area(MASK - 0.5, MASK) == pytest.approx(10)
    assert share_over_area(-MASK.astype(float) + 0.5, MASK) == pytest.approx(0)
    assert np.isnan(share_over_area(-np.ones((4, 5)), MASK))


def test_pointing_is_about_the_greatest_value() -> None:
    relevance = np.zeros((4, 5))
    relevance[1, 2], relevance[3, 3] = 2, -9
    assert misses_by(relevance, MASK) == 0
    relevance[0, 0] = 3
    assert misses_by(relevance, MASK) > 0


def test_pointing_forgives_as_much_as_the_paper_does() -> None:
    """15 pixels on a photo of 500: 3 on one of 100, which is less than the fourth pixel away."""
    mask = np.zeros((100, 60), dtype=np.bool_)
    mask[:, :20] = True
    for column, away in ((19, 0.0), (22, 0.03), (23, 0.04)):
        relevance = np.zeros(mask.shape)
        relevance[50, column] = 1
        assert misses_by(relevance, mask) == pytest.approx(away)
        assert (misses_by(relevance, mask) <= TOLERANCE) == (column < 23)


@given(st.permutations(range(8)))
def test_a_curve_of_an_additive_score_is_its_partial_sums(order: list[int]) -> None:
    values = np.arange(8.0) - 3
    got = curve(np.array(order), lambda kept: kept @ values, 4)
    expected = [values[order[count:]].sum() for count in steps(8, 4)]
    np.testing.assert_allclose(got, expected)


def test_the_gain_of_the_true_order_is_positive_and_of_its_reverse_negative() -> None:
    values = np.array([5.0, 1.0, -2.0, 0.0])

    def rescore(kept: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        return kept @ values

    most = np.argsort(-values)
    high, low = (curve(way, rescore, 4) for way in (most[::-1], most))
    assert relevance_gain(low, high) == pytest.approx(area(high) - area(low))
    assert relevance_gain(low, high) > 0 > relevance_gain(high, low)
    assert area(np.array([2.0, 2.0, 2.0])) == pytest.approx(2)
