"""The relevance of each feature against the paper's equations, written out neuron by neuron."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relrec_core.explanation import Ledger
from relrec_core.movies.data.features import Indices
from relrec_core.movies.model.relevance import relevance, score_of_kept
from relrec_core.movies.model.weights import Weights
from tests.movies.made import SEEDS, made

pytestmark = pytest.mark.numerics


def steps(weights: Weights, bag: Indices, item: int, epsilon: float) -> npt.NDArray[np.float64]:
    """Section 4.3, steps 1 to 3, a neuron at a time: share of each feature of the profile."""
    q = weights.embeddings.astype(float)
    dims = range(q.shape[1])
    x = [sum(q[p, i] for p in bag) / len(bag) for i in dims]
    w = weights.outputs[item].astype(float)
    if weights.layer is None or weights.layer_bias is None:
        pooled = [w[i] * x[i] for i in dims]  # step 1, one linear layer: R_i = w_ji x_i
    else:
        a, b = weights.layer.astype(float), weights.layer_bias.astype(float)
        pooled = [0.0 for _ in dims]
        for j in range(len(a)):
            z = [a[j, i] * x[i] for i in dims]
            total = sum(z) + b[j]
            upper = w[j] * max(0.0, total)  # relevance of hidden neuron j
            sign = 1.0 if total >= 0 else -1.0
            for i in dims:
                pooled[i] += z[i] / (total + epsilon * sign) * upper  # step 1, epsilon-LRP
    shares = []
    for k in bag:
        parts = [q[k, i] / sum(q[p, i] for p in bag) * pooled[i] for i in dims]  # step 2
        shares.append(sum(parts))  # step 3
    return np.array(shares)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_the_closed_form_is_the_papers_steps(seed: int) -> None:
    weights, bag = made(seed, hidden=0)
    found = relevance(weights, bag, [3, 8])
    for column, item in enumerate((3, 8)):
        np.testing.assert_allclose(
            found.features[:, column], steps(weights, bag, item, 0.0), rtol=1e-6, atol=1e-9
        )
        for row, k in enumerate(bag):
            share = sum(
                float(weights.outputs[item, i]) * float(weights.embeddings[k, i]) for i in range(4)
            )
            assert found.features[row, column] == pytest.approx(share / len(bag), abs=1e-12)
    assert not found.bias.any()
    assert not found.epsilon.any()


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("epsilon", [0.0, 1e-9, 1e-6, 1e-2, 1.0, 100.0])
def test_the_layer_is_epsilon_lrp_neuron_by_neuron(epsilon: float, bias: bool) -> None:
    for seed in range(25):
        weights, bag = made(seed, hidden=5, bias=bias)
        found = relevance(weights, bag, [0, 7], epsilon)
        for column, item in enumerate((0, 7)):
            twin = steps(weights, bag, item, epsilon)
            np.testing.assert_allclose(found.features[:, column], twin, rtol=1e-6, atol=1e-8)
        if not bias:
            assert not found.bias.any()
        if epsilon == 0:
            assert not found.epsilon.any()


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    seed=SEEDS,
    hidden=st.sampled_from([0, 1, 5]),
    epsilon=st.sampled_from([1e-9, 1e-6, 1e-2, 10.0]),
    scale=st.floats(0.05, 5.0),
)
def test_shares_bias_and_stabiliser_add_up_to_the_logit(
    seed: int, hidden: int, epsilon: float, scale: float
) -> None:
    weights, bag = made(seed, hidden, scale)
    found = relevance(weights, bag, np.arange(9), epsilon)
    whole = np.ones((1, len(bag)), dtype=bool)
    for item in range(9):
        ledger = Ledger(
            score=score_of_kept(weights, bag, whole, item)[0],
            features=found.features[:, item].sum(),
            bias=found.bias[item],
            epsilon=found.epsilon[item],
        )
        assert ledger.closes(1e-5)
        assert ledger.score == pytest.approx(weights.logits(bag)[item], rel=1e-4, abs=1e-4 * scale)


def test_a_ledger_that_does_not_close_says_so() -> None:
    assert Ledger(score=2.0, features=-0.5, base=2.5).closes(0.0)
    assert Ledger.from_json('{"score": 2.0, "features": 2.0}').base == 0.0
    assert Ledger(score=2.0, features=1.5, bias=0.25, epsilon=0.25).closes(0.0)
    assert not Ledger(score=2.0, features=1.9999).closes()
    assert not Ledger(score=float("nan"), features=1.0).closes()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=SEEDS, hidden=st.sampled_from([0, 5]))
def test_the_order_of_a_profile_does_not_matter(seed: int, hidden: int) -> None:
    weights, bag = made(seed, hidden)
    order = np.random.default_rng(seed).permutation(len(bag))
    plain, permuted = relevance(weights, bag, [2]), relevance(weights, bag[order], [2])
    np.testing.assert_allclose(permuted.features, plain.features[order], rtol=1e-9, atol=1e-12)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=SEEDS, hidden=st.sampled_from([0, 5]))
def test_keeping_some_features_is_running_the_model_on_them(seed: int, hidden: int) -> None:
    weights, bag = made(seed, hidden)
    kept = np.random.default_rng(seed).random((6, len(bag))) < 0.5
    kept[0] = False
    found = score_of_kept(weights, bag, kept, 4)
    for row, mask in enumerate(kept):
        assert found[row] == pytest.approx(weights.logits(bag[mask])[4], rel=1e-4, abs=1e-4)
