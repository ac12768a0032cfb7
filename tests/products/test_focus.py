"""A focused map keeps its sum, has no negative part, and gathers where support meets support."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from relrec_core.products.explanation.focus import GRAIN, NEAR, focused


def test_the_sum_goes_where_support_meets_support() -> None:
    signed = np.zeros((32, 32), np.float32)
    signed[4:8, 4:8] = [[2, -1, 2, -1]] * 4  # a cause: signs cancel
    signed[24, 24] = 2  # a single pixel of the same strength
    made = focused(signed)
    assert made.min() == 0 and made.sum() == pytest.approx(signed.sum(), rel=1e-5)
    assert made[5, 4] > 2 * made[24, 24] > 0
    assert made[20, 4] < 1e-3 * made[5, 4]


def _around(side: int, sigma: float) -> npt.NDArray[np.float64]:
    """(side, side) weights of a row's neighbours, the picture mirrored at its borders."""
    reach, at = int(4 * sigma + 0.5), np.arange(side)
    mirrored = np.concatenate([at[::-1], at, at[::-1]])
    far = np.arange(-side, 2 * side)[None, :] - at[:, None]
    bell = np.where(np.abs(far) <= reach, np.exp(-0.5 * (far / sigma) ** 2), 0)
    bell /= bell.sum(axis=1, keepdims=True)
    weights = np.zeros((side, side))
    np.add.at(weights.T, mirrored, bell.T)
    return weights


def test_the_weights_are_support_times_the_square_of_the_support_around_it() -> None:
    signed = np.random.default_rng(0).normal(0.1, 1, (48, 48)).astype(np.float32)
    grain, near = _around(48, GRAIN * 48), _around(48, NEAR * 48)
    support = np.clip(grain @ signed.astype(float) @ grain.T, 0, None)
    weight = support * (near @ support @ near.T) ** 2
    np.testing.assert_allclose(focused(signed), weight * signed.sum() / weight.sum(), rtol=1e-4)


def test_what_does_not_support_is_spread_evenly() -> None:
    signed = np.array([[3, -4], [-4, 1]], np.float32)
    np.testing.assert_array_equal(focused(signed), np.full((2, 2), -1, np.float32))
