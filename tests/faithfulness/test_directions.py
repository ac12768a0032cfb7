"""Named reasons: true of a sum, false of its opposite, and counted as one counts by hand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relrec_core.faithfulness.directions import Named, agreement, named
from relrec_core.faithfulness.lime import lime

pytestmark = pytest.mark.numerics


def summed(shares: npt.NDArray[np.float64], kept: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """A linear model whose parts are the shares."""
    return kept @ shares


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**31 - 1), n=st.integers(1, 12), count=st.integers(1, 12))
def test_of_a_linear_model_exact_reasons_are_all_true(seed: int, n: int, count: int) -> None:
    shares = np.abs(np.random.default_rng(seed).normal(size=n)) + 0.01
    exact = named(shares, min(count, n), lambda kept: summed(shares, kept))
    strongest = sorted(shares, reverse=True)[:count]
    assert exact.contributions == pytest.approx(strongest)
    assert exact.each == pytest.approx([-s for s in strongest])
    assert exact.together == pytest.approx(-sum(strongest))
    told = agreement([exact, exact])
    assert (told["each"], told["weighted"], told["together"]) == (1, pytest.approx(1), 1)
    assert told["change"] == pytest.approx(sum(strongest))
    assert (told["reasons"], told["answers"]) == (2 * min(count, n), 2)
    opposite = named(shares, min(count, n), lambda kept: summed(-shares, kept))
    told = agreement([opposite])
    assert told["each"] == told["weighted"] == told["together"] == 0
    assert told["change"] == pytest.approx(-sum(strongest))


def test_reasons_are_counted_by_sign_and_by_size() -> None:
    one = Named([3.0, -1.0], [-0.5, -0.5], -1.0)  # the second should have raised the answer
    two = Named([1.0, 1.0, 2.0], [0.1, -0.1, 0.0], 0.2)  # one of three is true, by a quarter
    told = agreement([one, two])
    assert told["each"] == pytest.approx(2 / 5)
    assert told["weighted"] == pytest.approx((3 / 4 + 1 / 4) / 2)
    assert told["together"] == pytest.approx(1 / 2)
    assert told["change"] == pytest.approx((1.0 - 0.2) / 2)


def test_lime_finds_the_parts_of_a_sum() -> None:
    shares = np.array([2.0, -1.0, 0.5, 0.0])
    found = lime(lambda kept: summed(shares, kept), 4, samples=400, seed=1)
    np.testing.assert_allclose(found, shares, atol=0.05)
    again = lime(lambda kept: summed(shares, kept), 4, samples=400, seed=1)
    np.testing.assert_array_equal(found, again)
