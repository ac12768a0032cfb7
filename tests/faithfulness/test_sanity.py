"""Sanity checks of maps, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from relrec_core.faithfulness.sanity import max_sensitivity, rank_correlation


def test_rank_correlation_sees_the_order_alone() -> None:
    chance = np.random.default_rng(0)
    one = chance.permutation(36).reshape(6, 6).astype(float)
    other = chance.permutation(36).reshape(6, 6).astype(float)
    assert rank_correlation(one, np.exp(one / 9)) == pytest.approx(1)
    assert rank_correlation(one, -one) == pytest.approx(-1)
    difference = one - other  # of ranks, none of which is tied
    by_hand = 1 - 6 * np.square(difference).sum() / (36 * (36**2 - 1))
    assert rank_correlation(one, other) == pytest.approx(by_hand)
    assert rank_correlation(one, np.ones((6, 6))) == 0


def test_max_sensitivity_is_the_largest_change_for_the_norm() -> None:
    found = np.array([[3.0, 0.0], [0.0, 4.0]])
    changed = [found, np.array([[3.0, 1.0], [0.0, 4.0]]), np.array([[3.0, 0.0], [-2.0, 4.0]])]
    assert max_sensitivity(found, changed) == pytest.approx(2 / 5)
    assert max_sensitivity(10 * found, [10 * each for each in changed]) == pytest.approx(2 / 5)
    assert max_sensitivity(found, [found]) == 0
