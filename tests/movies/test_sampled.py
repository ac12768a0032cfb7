"""The sampled loss beside dense twins: examples by the same law, Z in expectation, all movies."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch
from scipy import sparse

from relrec_core.movies.config import FULL_UP_TO, Config
from relrec_core.movies.data.features import FeatureSpace, feature_space
from relrec_core.movies.model.network import RecoNet
from relrec_core.movies.training.examples import Masking
from relrec_core.movies.training.objectives import MOST_STEPS, Full, Sampled, objective
from relrec_core.movies.training.sampled import (
    Held,
    Negatives,
    Ragged,
    SampledSoftmax,
    SparseBatch,
    SparseMasking,
)
from relrec_core.runs.distributed import Group
from tests.movies.made import movie_data

pytestmark = pytest.mark.numerics

FILMS, VIEWERS = 12, 9
LAW = {"rates": (0.2, 0.6), "seen": 0.5, "short": 0.3, "weight_power": 0.7}


@pytest.fixture(scope="module")
def space() -> FeatureSpace:
    genres = [f"pair {i // 2}|own {i}|any" for i in range(FILMS)]
    return feature_space(movie_data({"genres": genres}, {"gender": ["M", "F", ""] * 3}))


@pytest.fixture(scope="module")
def liked() -> sparse.csr_matrix:
    """Viewer u likes films 0 to u; the first, with one film, has nothing to learn from."""
    return sparse.csr_matrix(np.tril(np.ones((VIEWERS, FILMS), dtype=np.float32)))


def drawn(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def dense(of: Ragged, width: int) -> torch.Tensor:
    table = torch.zeros(len(of.starts) - 1, width)
    table[of.owners, of.columns] = of.values
    return table


def test_a_bag_holds_what_is_left_of_the_films_and_what_they_bring(
    space: FeatureSpace, liked: sparse.csr_matrix
) -> None:
    """With nothing dropped the films of a bag decide all of it, as in the dense generator."""
    examples = SparseMasking(Held.whole(liked), space, attribute_dropout=0.0, **LAW)
    assert len(examples) == VIEWERS - 1
    rows = np.arange(len(examples)).repeat(50)
    batch = examples.draw(rows, drawn(0))
    bags, labels = dense(batch.bags, space.n_features), dense(batch.labels, FILMS)
    for row, user in enumerate(rows + 1):
        films = np.flatnonzero(bags[row, :FILMS])
        assert set(films) <= set(liked[user].indices)
        expected = space.bag(films, space.user_attributes[user].indices)
        np.testing.assert_array_equal(np.flatnonzero(bags[row]), expected)
        np.testing.assert_allclose(bags[row, expected], 1 / max(len(expected), 1))
        weights = np.where(np.isin(np.arange(FILMS), films), 0.5, 1.0)
        weights[[i for i in range(FILMS) if i not in liked[user].indices]] = 0
        np.testing.assert_allclose(labels[row], weights / weights.sum(), rtol=1e-6)
        assert batch.weight[row] == pytest.approx((user + 1) ** 0.7)


@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_features_stay_as_often_as_in_the_dense_generator(
    space: FeatureSpace, liked: sparse.csr_matrix, dropout: float
) -> None:
    """Both are means of n Bernoulli draws a feature, so their difference has a known spread."""
    n = 4_000
    rows = np.arange(VIEWERS - 1).repeat(n)
    kept = []
    for kind, of, seed in ((SparseMasking, Held.whole(liked), 1), (Masking, liked, 2)):
        batch = kind(of, space, attribute_dropout=dropout, **LAW).draw(rows, drawn(seed))
        bags = batch.bags
        table = dense(bags, space.n_features) if isinstance(batch, SparseBatch) else bags
        kept.append((table > 0).float().reshape(VIEWERS - 1, n, -1).mean(dim=1))
    deviation = torch.sqrt(2 * kept[1] * (1 - kept[1]) / n).clamp(min=1 / n)
    assert ((kept[0] - kept[1]).abs() <= 5 * deviation).all()


def losses(
    net: RecoNet, batch: SparseBatch, negatives: torch.Tensor, correction: torch.Tensor
) -> torch.Tensor:
    drop = torch.ones(len(batch.weight), net.embeddings.shape[1])
    return SampledSoftmax(net)(batch.bags, batch.labels, negatives, correction, drop)


@pytest.mark.parametrize("hidden", [0, 5])
def test_with_every_movie_in_the_sample_it_is_the_full_loss_and_gradient(
    space: FeatureSpace, liked: sparse.csr_matrix, hidden: int
) -> None:
    torch.manual_seed(0)
    net = RecoNet(space.n_features, FILMS, 4, hidden).double()
    batch = SparseMasking(Held.whole(liked), space, attribute_dropout=0.3, **LAW).draw(
        np.arange(VIEWERS - 1), drawn(3)
    )
    exact = SparseBatch(
        *(Ragged(r.starts, r.columns, r.values.double()) for r in (batch.bags, batch.labels)),
        batch.weight,
        batch.at,
    )
    logits = net(dense(batch.bags, space.n_features).double())
    targets = dense(batch.labels, FILMS).double()
    full = -(targets * logits.log_softmax(dim=1)).sum(dim=1)
    everything = torch.arange(FILMS)
    sampled = losses(net, exact, everything, torch.zeros(FILMS, dtype=torch.float64))
    torch.testing.assert_close(sampled, full)
    parameters = list(net.parameters())
    for one, other in zip(
        torch.autograd.grad(sampled.sum(), parameters),
        torch.autograd.grad(full.sum(), parameters),
        strict=True,
    ):
        torch.testing.assert_close(one, other)


def test_the_sum_over_other_movies_is_right_in_expectation(liked: sparse.csr_matrix) -> None:
    """E sum over the sample of exp(s + correction) = sum over all movies of exp(s)."""
    scores = torch.linspace(-1, 2, FILMS, dtype=torch.float64)
    counts = np.asarray(liked.sum(axis=0)).ravel()
    sampler, generator, n = Negatives(counts, 3), drawn(5), 4_000
    found = []
    for _ in range(n):
        movies, correction = sampler.draw(generator)
        assert len(movies.unique()) == len(movies) <= 3
        found.append(float((scores[movies] + correction).exp().sum()))
    spread = float(np.std(found)) / math.sqrt(n)
    assert np.mean(found) == pytest.approx(float(scores.exp().sum()), abs=5 * spread)


def test_the_sample_is_taken_where_there_are_many_movies(
    space: FeatureSpace, liked: sparse.csr_matrix
) -> None:
    auto = Config()
    assert [auto.samples(n) for n in (FULL_UP_TO, FULL_UP_TO + 1)] == [False, True]
    assert not Config(loss="full").samples(10**6)
    assert not Config(examples="removal").samples(10**6)
    with pytest.raises(ValueError, match="the sampled loss needs examples by masking"):
        Config(loss="sampled", examples="removal")
    group, net = Group(0, 1, torch.device("cpu")), RecoNet(space.n_features, FILMS, 4)
    assert isinstance(objective(auto, group, space, liked, net), Full)
    chosen = objective(Config(loss="sampled", batch_size=1), group, space, liked, net)
    assert isinstance(chosen, Sampled)
    assert len(chosen.batches(drawn(0))) == VIEWERS - 1
    own = sparse.vstack([space.user_attributes] * 10_000, format="csr")
    larger = dataclasses.replace(space, user_attributes=own)
    many = Sampled(auto, group, larger, sparse.vstack([liked] * 10_000, format="csr"), net)
    passes = many.batches(drawn(0))
    assert len(passes) == MOST_STEPS
    assert len(np.unique(np.concatenate(passes))) == sum(map(len, passes))
