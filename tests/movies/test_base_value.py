"""Contributions beyond the average user: the formula number by number, and what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from relrec_core.movies.data.features import Indices
from relrec_core.movies.model.relevance import average_user, relevance, score_of_kept
from relrec_core.movies.model.weights import Weights
from tests.movies.made import SEEDS, made


def neurons(weights: Weights, x: list[float]) -> list[float]:
    """What the output layer reads, one neuron at a time; and x itself without a layer."""
    if weights.layer is None or weights.layer_bias is None:
        return x
    return [
        sum(float(a) * v for a, v in zip(row, x, strict=True)) + float(b)
        for row, b in zip(weights.layer, weights.layer_bias, strict=True)
    ]


def beyond(
    weights: Weights, bag: Indices, item: int, epsilon: float, average: list[float]
) -> tuple[float, list[float]]:
    """Base value and each feature's contribution beyond it, one number at a time."""
    q, w = weights.embeddings.astype(float), weights.outputs[item].astype(float)
    layered = weights.layer is not None
    there = neurons(weights, average)
    here = neurons(weights, [sum(q[k, i] for k in bag) / len(bag) for i in range(q.shape[1])])
    passed = [max(0.0, z) if layered else z for z in there]
    base = sum(w[j] * passed[j] for j in range(len(w)))
    slopes = []  # of the score along each neuron, from the average user to this one
    for j, (now, then) in enumerate(zip(here, there, strict=True)):
        step = now - then
        rise = max(0.0, now) - max(0.0, then)
        slopes.append(
            w[j] * (rise / (step + epsilon * (1 if step >= 0 else -1))) if layered else w[j]
        )
    found = []
    for k in bag:
        away = [q[k, i] - average[i] for i in range(q.shape[1])]
        if weights.layer is not None:
            away = [
                sum(float(r) * a for r, a in zip(row, away, strict=True)) for row in weights.layer
            ]
        found.append(sum(s * a for s, a in zip(slopes, away, strict=True)) / len(bag))
    return base, found


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=SEEDS, hidden=st.sampled_from([0, 1, 5]), epsilon=st.sampled_from([1e-6, 1e-2, 1.0]))
def test_beyond_the_average_user_is_the_formula_element_by_element(
    seed: int, hidden: int, epsilon: float
) -> None:
    weights, bag = made(seed, hidden)
    average = np.random.default_rng(seed).normal(size=4)
    found = relevance(weights, bag, [3, 8], epsilon, average)
    whole = np.ones((1, len(bag)), dtype=bool)
    for column, item in enumerate((3, 8)):
        base, shares = beyond(weights, bag, item, epsilon, average.tolist())
        assert found.base[column] == pytest.approx(base, rel=1e-9, abs=1e-9)
        np.testing.assert_allclose(found.features[:, column], shares, rtol=1e-6, atol=1e-8)
        assert found.bias[column] == 0.0
        total = found.base + found.features.sum(axis=0) + found.epsilon
        score = score_of_kept(weights, bag, whole, item)[0]
        assert total[column] == pytest.approx(score, rel=1e-9, abs=1e-9)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_beyond_the_average_user_the_order_of_reasons_stays(seed: int) -> None:
    weights, bag = made(seed, 0)
    average = np.random.default_rng(seed).normal(size=4)
    plain, found = (relevance(weights, bag, [5], average=a) for a in (None, average))
    difference = plain.features - found.features
    np.testing.assert_allclose(difference, found.base[0] / len(bag), rtol=1e-7, atol=1e-9)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=SEEDS, data=st.data())
def test_replacing_features_by_the_average_user_takes_their_contributions(
    seed: int, data: st.DataObject
) -> None:
    weights, bag = made(seed, 0)
    average = np.random.default_rng(seed).normal(size=4)
    kept = np.array([data.draw(st.lists(st.booleans(), min_size=len(bag), max_size=len(bag)))])
    shares = relevance(weights, bag, [2], average=average).features[:, 0]
    whole = score_of_kept(weights, bag, np.ones_like(kept), 2, average)[0]
    left = score_of_kept(weights, bag, kept, 2, average)[0]
    assert whole - left == pytest.approx(shares[~kept[0]].sum(), rel=1e-9, abs=1e-9)
    if not kept.any():
        base = relevance(weights, bag, [2], average=average).base[0]
        assert left == pytest.approx(base, rel=1e-9, abs=1e-9)


def test_the_average_user_is_the_mean_over_those_who_have_a_profile() -> None:
    weights, _ = made(1, 0)
    bags = np.zeros((4, 14), dtype=np.float32)
    bags[0, [1, 5]] = bags[2, [3]] = bags[3, [0, 2, 13]] = 1.0
    q = weights.embeddings.astype(float)
    expected = ((q[1] + q[5]) / 2 + q[3] + (q[0] + q[2] + q[13]) / 3) / 3
    found = average_user(weights, sparse.csr_matrix(bags))
    np.testing.assert_allclose(found, expected, rtol=1e-9)
