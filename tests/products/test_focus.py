"""A focused map keeps its sum, has no negative part, and gathers where support meets support."""

from __future__ import annotations

import numpy as np
import pytest

from relrec_core.products.explanation.focus import focused


def test_the_sum_goes_where_support_meets_support() -> None:
    signed = np.zeros((32, 32), np.float32)
    signed[4:8, 4:8] = [[2, -1, 2, -1]] * 4  # a cause: signs cancel
    signed[24, 24] = 2  # a single pixel of the same strength
    made = focused(signed)
    assert made.min() == 0 and made.sum() == pytest.approx(signed.sum(), rel=1e-5)
    assert made[5, 4] > 2 * made[24, 24] > 0
    assert not made[signed <= 0].any()


def test_the_weights_are_support_times_the_gaussian_around_it() -> None:
    signed = np.random.default_rng(0).normal(0.1, 1, (16, 16)).astype(np.float32)
    support, at = np.clip(signed.astype(float), 0, None), np.arange(16)
    mirrored = np.concatenate([at[::-1], at, at[::-1]])  # sigma is one pixel
    kernel = np.exp(-0.5 * (np.arange(-16, 32)[None, :] - at[:, None]) ** 2.0)
    kernel[np.abs(np.arange(-16, 32)[None, :] - at[:, None]) > 4] = 0
    kernel /= kernel.sum(axis=1, keepdims=True)
    around = kernel @ support[np.ix_(mirrored, mirrored)] @ kernel.T
    weight = support * around
    np.testing.assert_allclose(focused(signed), weight * signed.sum() / weight.sum(), rtol=1e-4)


def test_what_does_not_support_is_spread_evenly() -> None:
    signed = np.array([[3, -4], [-4, 1]], np.float32)
    np.testing.assert_array_equal(focused(signed), np.full((2, 2), -1, np.float32))
