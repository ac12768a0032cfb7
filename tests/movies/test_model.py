"""The network and its stored form: one formula, centred outputs, nothing damaged accepted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from scipy import sparse
from scipy.special import softmax

from relrec_core.errors import CheckpointError
from relrec_core.movies.data.features import FeatureSpace, feature_space
from relrec_core.movies.data.interactions import MovieData
from relrec_core.movies.model.network import RecoNet
from relrec_core.movies.model.weights import Weights
from relrec_core.runs import tensors
from tests.movies import planted

pytestmark = pytest.mark.numerics

DIM = 6


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> MovieData:
    return planted.data(tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="module")
def space(data: MovieData) -> FeatureSpace:
    return feature_space(data)


def network(space: FeatureSpace, hidden: int) -> RecoNet:
    torch.manual_seed(3)
    net = RecoNet(space.n_features, space.n_items, DIM, hidden)
    with torch.no_grad():
        net.outputs += 0.7  # far from centred
        if net.layer is not None:
            net.layer.bias.uniform_(-0.1, 0.1)
    return net


def some_bags(space: FeatureSpace, rows: int = 7) -> np.ndarray:
    """(B, F) binary; the last is empty."""
    bags = np.random.default_rng(0).random((rows, space.n_features)) < 0.3
    bags[-1] = False
    return bags


def dense(net: RecoNet, bag: np.ndarray, drop: np.ndarray | None = None) -> np.ndarray:
    """The formula of section 4.1, one number at a time where it matters."""
    state = {name: value.double().numpy() for name, value in net.state_dict().items()}
    x = np.zeros(DIM)
    for k in np.flatnonzero(bag):
        x += state["embeddings"][k] / bag.sum()
    if drop is not None:
        x = x * drop
    if "layer.weight" in state:
        z = [w @ x + b for w, b in zip(state["layer.weight"], state["layer.bias"], strict=True)]
        x = np.array([max(0.0, v) for v in z])
    return np.array([w @ x for w in state["outputs"]])


@pytest.mark.parametrize("hidden", [0, 5])
def test_forward_is_the_formula(space: FeatureSpace, hidden: int) -> None:
    net, bags = network(space, hidden), some_bags(space)
    drop = np.random.default_rng(1).random((len(bags), DIM)).round() * 2
    averaging = torch.from_numpy(bags / np.maximum(bags.sum(axis=1, keepdims=True), 1)).float()
    plain = net(averaging).detach().numpy()
    dropped = net(averaging, torch.from_numpy(drop).float()).detach().numpy()
    for row, bag in enumerate(bags):
        np.testing.assert_allclose(plain[row], dense(net, bag), atol=1e-5)
        np.testing.assert_allclose(dropped[row], dense(net, bag, drop[row]), atol=1e-5)
    if hidden:
        assert not np.allclose(plain[-1], 0)  # an empty profile still has the bias
    else:
        assert (plain[-1] == 0).all()


@pytest.mark.parametrize("hidden", [0, 5])
def test_stored_outputs_are_centred_and_mean_the_same(space: FeatureSpace, hidden: int) -> None:
    net, bags = network(space, hidden), some_bags(space)
    weights = Weights.of(net, space, "h")
    np.testing.assert_allclose(weights.outputs.mean(axis=0), 0, atol=3e-6)  # 40 terms
    before = {name: value.clone() for name, value in net.state_dict().items()}
    for bag in bags:
        own = weights.logits(np.flatnonzero(bag))
        twin = dense(net, bag)
        np.testing.assert_allclose(softmax(own), softmax(twin), rtol=1e-4)
        np.testing.assert_allclose(own, twin - twin.mean(), atol=1e-5)
    weights.embeddings[:] = 0  # a copy: the network goes on training unharmed
    assert all(torch.equal(before[name], value) for name, value in net.state_dict().items())


@pytest.mark.parametrize("hidden", [0, 5])
def test_all_viewers_at_once_are_one_at_a_time(space: FeatureSpace, hidden: int) -> None:
    weights, bags = planted.weights(space, "h", hidden=hidden), some_bags(space)
    every = weights.logits_of_all(sparse.csr_matrix(bags.astype(np.float32)))
    assert every.dtype == np.float32
    for row, bag in enumerate(bags):
        np.testing.assert_allclose(every[row], weights.logits(np.flatnonzero(bag)), atol=1e-5)


def test_an_empty_profile_pools_to_zero(space: FeatureSpace) -> None:
    weights = planted.weights(space, "h")
    nothing = np.empty(0, dtype=np.int64)
    np.testing.assert_array_equal(weights.pool(nothing), np.zeros(DIM))
    np.testing.assert_array_equal(weights.logits(nothing), np.zeros(space.n_items))


@pytest.mark.parametrize("hidden", [0, 5])
def test_stored_and_read_again_bit_for_bit(
    tmp_path: Path, space: FeatureSpace, hidden: int
) -> None:
    weights = planted.weights(space, "a hash", hidden=hidden)
    named = {name: torch.from_numpy(a) for name, a in weights.arrays().items()}
    file = tmp_path / "checkpoint.safetensors"
    digest, _ = tensors.store(file, named, weights.metadata())
    again = Weights.from_arrays(*tensors.read_arrays(file, digest))
    assert again.metadata() == weights.metadata()
    assert (again.kinds, again.values) == (weights.kinds, weights.values)
    assert set(again.arrays()) == set(weights.arrays())
    for name, array in weights.arrays().items():
        np.testing.assert_array_equal(again.arrays()[name], array)


Parts = tuple[dict[str, Any], dict[str, Any]]


def _array(name: str, change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Parts], None]:
    def apply(parts: Parts) -> None:
        parts[0][name] = change(parts[0][name])

    return apply


def _nan(array: np.ndarray) -> np.ndarray:
    array = array.copy()
    array.flat[-1] = np.nan
    return array


DAMAGES: dict[str, tuple[Callable[[Parts], Any], str]] = {
    "another model": (lambda p: p[1].update(model="vgg16"), "holds a 'vgg16' model"),
    "no model": (lambda p: p[1].pop("model"), "'model' is wrong"),
    "no kinds": (lambda p: p[1].pop("kinds"), "'kinds' is wrong"),
    "kinds no JSON": (lambda p: p[1].update(kinds="film"), "not a RecoNet"),
    "kinds a number": (lambda p: p[1].update(kinds="3"), "not a RecoNet"),
    "kinds shuffled": (
        lambda p: p[1].update(kinds=p[1]["kinds"].replace('["film"', '["genre"')),
        "do not fit",
    ),
    "values too short": (lambda p: p[1].update(values='["1"]'), "do not fit"),
    "no hash": (lambda p: p[1].pop("dataset_hash"), "'dataset_hash' is wrong"),
    "no outputs": (lambda p: p[0].pop("outputs"), "'outputs' is wrong"),
    "no layer": (lambda p: p[0].pop("layer"), "do not fit"),
    "no bias": (lambda p: p[0].pop("layer_bias"), "do not fit"),
    "a feature less": (_array("embeddings", lambda a: a[:-1]), "do not fit"),
    "flat embeddings": (_array("embeddings", np.ravel), "do not fit"),
    "a film less": (_array("outputs", lambda a: a[:-1]), "do not fit"),
    "flat outputs": (_array("outputs", np.ravel), "do not fit"),
    "narrow outputs": (_array("outputs", lambda a: a[:, :-1]), "do not fit"),
    "narrow layer": (_array("layer", lambda a: a[:, :-1]), "do not fit"),
    "short layer": (_array("layer", lambda a: a[:-1]), "do not fit"),
    "short bias": (_array("layer_bias", lambda a: a[:-1]), "do not fit"),
    "NaN": (_array("embeddings", _nan), "not numbers"),
    "NaN in the bias": (_array("layer_bias", _nan), "not numbers"),
    "infinite": (_array("outputs", lambda a: a / np.float32(0)), "not numbers"),
    "whole numbers": (_array("outputs", lambda a: a.astype(np.int32)), "not numbers"),
}


@pytest.mark.filterwarnings("ignore:divide by zero:RuntimeWarning")
@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_weights_are_refused_in_a_sentence(space: FeatureSpace, damage: str) -> None:
    weights = planted.weights(space, "h", hidden=5)
    parts: Parts = (weights.arrays(), weights.metadata())
    Weights.from_arrays(*parts)  # whole, they are accepted
    change, said = DAMAGES[damage]
    change(parts)
    with pytest.raises(CheckpointError, match=said) as caught:
        Weights.from_arrays(*parts)
    assert str(caught.value).startswith("This checkpoint")


def test_weights_belong_to_one_data_set_and_vocabulary(
    data: MovieData, space: FeatureSpace
) -> None:
    weights = planted.weights(space, data.content_hash)
    weights.check_belongs_to(data, space)
    wrong = (
        (replace(weights, dataset_hash="0" * 64), space),
        (weights, feature_space(data, with_attributes=False)),
        (replace(weights, values=(*weights.values[:-1], "other")), space),
    )
    for other, vocabulary in wrong:
        with pytest.raises(CheckpointError, match=f"other data than '{data.title}'"):
            other.check_belongs_to(data, vocabulary)
