"""The deletion test against a slow loop, and fair by seed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relrec_core.faithfulness.deletion import carrying, deletion_test

pytestmark = pytest.mark.numerics

SEEDS = st.integers(0, 2**31 - 1)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=SEEDS, n=st.integers(1, 12), k=st.integers(1, 9))
def test_deletion_is_what_a_slow_loop_finds(seed: int, n: int, k: int) -> None:
    shares = np.random.default_rng(seed).normal(size=n).round(1)  # with ties
    asked: list[npt.NDArray[np.bool_]] = []

    def rescore(kept: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        asked.append(kept.copy())
        return np.array(
            [sum(s for s, keep in zip(shares, row, strict=True) if keep) for row in kept]
        )

    found = deletion_test(shares, rescore, k=k, repetitions=41, seed=seed)
    capped = max(1, min(k, n // 2))
    (kept,) = asked
    assert (found.removed, found.repetitions, len(kept)) == (capped, 41, 43)
    strongest = sorted(shares, reverse=True)[:capped]
    assert found.score == pytest.approx(shares.sum())
    assert found.score - found.after_top == pytest.approx(sum(strongest))
    assert ((~kept[2:]).sum(axis=1) == capped).all()
    scores = sorted(rescore(kept[2:]))
    assert found.after_random == pytest.approx(sum(scores) / 41)
    assert (found.low, found.high) == (pytest.approx(scores[1]), pytest.approx(scores[39]))
    beaten = sum(score > found.after_top for score in scores) / 41
    assert found.beaten == pytest.approx(beaten, abs=1e-12)
    assert deletion_test(shares, rescore, k=k, repetitions=41, seed=seed) == found


def test_random_deletions_are_fair_and_by_seed() -> None:
    drawn: list[npt.NDArray[np.bool_]] = []

    def rescore(kept: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        drawn.append(~kept[2:])
        return kept.sum(axis=1).astype(float)

    for seed in (0, 1):
        deletion_test(np.arange(10.0), rescore, k=3, repetitions=20_000, seed=seed)
    assert not np.array_equal(drawn[0], drawn[1])
    deviation = np.sqrt(0.3 * 0.7 / 20_000)
    np.testing.assert_allclose(drawn[0].mean(axis=0), 0.3, atol=4.5 * deviation)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=SEEDS, n=st.integers(2, 30), share=st.floats(0.05, 1))
def test_the_fewest_features_that_carry_a_share_of_the_support(
    seed: int, n: int, share: float
) -> None:
    relevance = np.random.default_rng(seed).normal(size=n)
    support = sorted((v for v in relevance if v > 0), reverse=True)
    sums = [sum(support[: k + 1]) for k in range(len(support))]
    fewest = next((k + 1 for k, s in enumerate(sums) if s >= share * sum(support)), 1)
    found = carrying(relevance, share)
    assert 1 <= found <= n // 2
    assert abs(found - min(fewest, n // 2)) <= 1  # where a sum meets the share, rounding decides


def test_parts_lose_features_one_at_a_time_and_scores_are_averaged() -> None:
    relevance = np.array([10.0, 1, 1, 1, 4, 4, 0, -3])
    parts = (slice(0, 4), slice(4, 8))
    asked: list[npt.NDArray[np.bool_]] = []

    def rescore(kept: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        asked.append(kept.copy())
        return kept @ relevance

    found = deletion_test(relevance, rescore, parts=parts, repetitions=7, seed=3)
    assert [kept[:, part].all() for kept, part in zip(asked, parts[::-1], strict=True)] == [
        True,
        True,
    ]
    assert [(~kept[1]).nonzero()[0].tolist() for kept in asked] == [[0], [4, 5]]
    assert found.removed == 3 and found.score == relevance.sum()
    assert found.after_top == relevance.sum() - (10 + 8) / 2
