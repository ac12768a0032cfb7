"""Metrics and baselines against slow twins written from the formulas."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from relrec_core.errors import ConfigError
from relrec_core.sessions.model import baselines
from relrec_core.sessions.model.metrics import score
from tests.sessions import made

pytestmark = pytest.mark.numerics


def slow_average_accuracy(right: list[bool]) -> float:
    total = 0.0
    for j in range(1, len(right) + 1):
        if right[j - 1]:
            total += sum(right[:j]) / j
    return total / len(right)


@given(st.integers(0, 2**32 - 1), st.integers(1, 12))
def test_scores_equal_a_slow_twin(seed: int, sessions: int) -> None:
    draw = np.random.default_rng(seed)
    lengths = draw.integers(1, 11, sessions)
    mask = np.arange(10) < lengths[:, None]
    probability, skipped = draw.random((sessions, 10)), (draw.random((sessions, 10)) < 0.5) & mask
    found = score(probability, skipped, mask)
    right = [
        [bool((probability[i, j] >= 0.5) == skipped[i, j]) for j in range(lengths[i])]
        for i in range(sessions)
    ]
    flat = [r for session in right for r in session]
    assert found.accuracy == pytest.approx(sum(flat) / len(flat))
    assert found.first == pytest.approx(np.mean([session[0] for session in right]))
    assert found.maa == pytest.approx(np.mean([slow_average_accuracy(s) for s in right]))
    for j in range(10):
        reached = [session[j] for session in right if len(session) > j]
        expected = np.mean(reached) if reached else np.nan
        assert found.by_position[j] == pytest.approx(expected, nan_ok=True)
    assert (found.sessions, found.tracks) == (sessions, len(flat))


def test_a_hand_example_of_maa() -> None:
    mask = np.ones((1, 4), dtype=bool)
    skipped = np.array([[True, True, False, False]])
    found = score(np.array([[0.9, 0.1, 0.2, 0.3]]), skipped, mask)
    assert found.maa == pytest.approx((1 + 2 / 3 + 3 / 4) / 4)
    assert (found.accuracy, found.first) == (0.75, 1.0)


def test_nothing_to_score_is_refused() -> None:
    nothing = np.zeros((0, 10), dtype=bool)
    with pytest.raises(ConfigError, match="nothing to score"):
        score(np.zeros((0, 10)), nothing, nothing)
    with pytest.raises(ConfigError, match="nothing to score"):
        score(np.zeros((1, 10)), np.zeros((1, 10), dtype=bool), np.zeros((1, 10), dtype=bool))


def test_baselines_equal_the_logs() -> None:
    data = made.data()
    logs, _ = made.frames()
    last, mean = (f(data.sessions, data.columns) for f in (baselines.last, baselines.mean))
    for i, (_, session) in enumerate(logs.group_by("session_id", maintain_order=True)):
        first = session["skip_2"].to_list()[: len(session) // 2]
        assert (last[i] == first[-1]).all()
        assert mean[i] == pytest.approx(sum(first) / len(first))
