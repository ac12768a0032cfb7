"""Peers that learn step by step: gradients and sums against dense twins, and what never breaks."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch
from scipy import sparse

from relrec_core.movies.data.features import FeatureSpace, feature_space
from relrec_core.movies.data.split import Split, split
from relrec_core.movies.evaluation.baselines import factorisation, metric_learning, ocular
from relrec_core.movies.evaluation.baselines.factorisation import FactorisationMachine
from relrec_core.movies.evaluation.baselines.implicit_models import Bpr, Lmf
from relrec_core.movies.evaluation.baselines.metric_learning import MetricLearning
from relrec_core.movies.evaluation.baselines.ocular import Ocular
from relrec_core.movies.evaluation.baselines.peers import Popularity
from relrec_core.movies.model.metrics import recall
from tests.movies import planted

pytestmark = pytest.mark.numerics

PEERS = (
    FactorisationMachine(8, 0.5, 3.0, epochs=60, batch_size=8),
    Ocular(8, 5.0, relative=True),
    MetricLearning(8, 1.9, 1.0, epochs=40, negatives=5),
    Lmf(8, 0.5, 1.0, 30),
    Bpr(8, 0.05, 0.01, 100),
)
FOLDING = PEERS[:3]
NO_ATTRIBUTES = sparse.csr_matrix((30, 0), dtype=np.float32)
IDS = [type(p).__name__ for p in PEERS]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Split, FeatureSpace]:
    data = planted.data(tmp_path_factory.mktemp("planted"))
    return split(data, 0), feature_space(data)


@pytest.mark.slow
@pytest.mark.parametrize("peer", PEERS, ids=IDS)
def test_planted_groups_are_found_and_found_again(
    peer: Ocular, world: tuple[Split, FeatureSpace]
) -> None:
    parts, _ = world
    scores = peer.fit(parts.known)()
    np.testing.assert_array_equal(scores, peer.fit(parts.known)())
    popular = Popularity().fit(parts.known)()
    found = recall(scores, parts.known, parts.test, 10).macro
    assert found > recall(popular, parts.known, parts.test, 10).macro + 0.1


@pytest.mark.parametrize("peer", FOLDING, ids=IDS[:3])
def test_folding_in_finds_the_group_of_a_new_viewer_and_leaves_the_rest(
    peer: Ocular, world: tuple[Split, FeatureSpace]
) -> None:
    parts, _ = world
    old, new = slice(0, 30), slice(30, 60)
    learnt = peer.fit(parts.known[old])
    before = learnt()
    nothing = {"own": NO_ATTRIBUTES} if isinstance(peer, FactorisationMachine) else {}
    scores = learnt.fold_in(parts.known[new], **nothing)
    np.testing.assert_array_equal(learnt(), before)
    popular = np.tile(Popularity().fit(parts.known[old])()[:1], (30, 1))
    known, test = parts.known[new], parts.test[new]
    assert recall(scores, known, test, 10).macro > recall(popular, known, test, 10).macro + 0.1


def test_ocular_gradient_and_objective_are_those_of_a_dense_twin() -> None:
    """Twin: the likelihood cell by cell, its gradient by torch."""
    draw = np.random.default_rng(0)
    liked = (draw.random((6, 9)) < 0.4) * draw.uniform(1, 5, (6, 9))
    rows, others = draw.uniform(0, 1, (6, 4)), draw.uniform(0, 1, (9, 4))
    f = torch.tensor(rows, requires_grad=True)
    twin = torch.zeros(6, dtype=torch.float64)
    for u in range(6):
        for i in range(9):
            s = f[u] @ torch.tensor(others[i])
            twin[u] += -liked[u, i] * torch.log(1 - torch.exp(-s)) if liked[u, i] else s
        twin[u] += 0.7 * (f[u] ** 2).sum()
    twin.sum().backward()
    losses, gradient = ocular.objective(
        rows.astype(np.float32), others.astype(np.float32), sparse.csr_matrix(liked), 0.7
    )
    np.testing.assert_allclose(losses, twin.detach(), rtol=1e-4)
    np.testing.assert_allclose(gradient, f.grad, rtol=1e-3, atol=1e-4)


def test_ocular_objective_never_rises_and_factors_stay_non_negative(
    world: tuple[Split, FeatureSpace],
) -> None:
    liked = world[0].known
    draw = np.random.default_rng(1)
    viewers = draw.uniform(0, 1, (liked.shape[0], 5)).astype(np.float32)
    films = draw.uniform(0, 1, (liked.shape[1], 5)).astype(np.float32)
    steps = np.ones(len(films), np.float32)
    by_film = liked.T.tocsr()
    before, _ = ocular.objective(films, viewers, by_film, 1.0)
    first = before.sum()
    for _ in range(20):
        ocular.descend(films, viewers, by_film, 1.0, steps)
        after, _ = ocular.objective(films, viewers, by_film, 1.0)
        assert (after <= before + 1e-4).all() and (films >= 0).all()
        before = after
    assert before.sum() < 0.9 * first


def test_factorisation_machine_is_the_sum_over_all_pairs_of_features(
    world: tuple[Split, FeatureSpace],
) -> None:
    """Twin of Rendle 2010, equation 1: the double sum, cell by cell."""
    parts, space = world
    peer = FactorisationMachine(3, 0.1, 3.0, epochs=3)
    machine = peer.fit(parts.known, space)
    scores = machine()
    viewers, films = machine.viewers.toarray(), machine.films.toarray()
    vectors, linear = machine.vectors.double(), machine.linear[:, 0].double()
    for u, i in ((0, 0), (7, 3), (59, 39)):
        features = np.flatnonzero(viewers[u] + films[i])
        assert len(features) == 2 + 1 + 3  # viewer, film; gender; two genres and a decade
        twin = machine.constant.double() + linear[features].sum()
        for k, m in combinations(features, 2):
            twin = twin + vectors[k] @ vectors[m]
        assert scores[u, i] == pytest.approx(float(twin), abs=1e-5)


def test_factorisation_machine_without_history_knows_attributes_only(
    world: tuple[Split, FeatureSpace],
) -> None:
    parts, space = world
    own, of_films = factorisation.attributes_of(parts.known, space)
    machine = FactorisationMachine(3, 0.1, 3.0, epochs=3).learn(parts.known, own, of_films)
    nothing = sparse.csr_matrix((3, parts.known.shape[1]), dtype=np.float32)
    scores = machine.fold_in(nothing, own[[0, 2, 1]])  # two of one gender, one of the other
    np.testing.assert_array_equal(scores[0], scores[1])
    assert np.abs(scores[0] - scores[2]).max() > 1e-4


def test_metric_learning_stays_in_the_ball_and_keeps_its_margin(
    world: tuple[Split, FeatureSpace],
) -> None:
    """With every film drawn, the hinge is that of a slow loop over liked films."""
    liked = world[0].known
    peer = MetricLearning(4, 0.5, 1.0, epochs=5, negatives=4000)
    learnt = peer.fit(liked)
    for points in (learnt.viewers, learnt.films):
        assert float(points.norm(dim=1).max()) <= 1 + 1e-6
    away, dense = -learnt(), liked.toarray() > 0
    twin = []
    for u, i in np.argwhere(dense):
        others = np.flatnonzero(~dense[u])
        hinge = max(0.0, peer.margin + away[u, i] - away[u, others].min())
        rank = (away[u, i] + peer.margin > away[u, others]).sum()
        twin.append(hinge * np.log1p(rank))
    generator = torch.Generator().manual_seed(0)
    found = float(peer.hinge(learnt.viewers, learnt.films, liked, generator))
    assert found == pytest.approx(np.mean(twin), rel=0.02)  # the rank is estimated


def test_covariance_is_numpys() -> None:
    points = torch.randn(50, 4, generator=torch.Generator().manual_seed(0))
    matrix = np.cov(points.numpy().T, bias=True)
    np.fill_diagonal(matrix, 0)
    assert float(metric_learning.covariance(points)) == pytest.approx((matrix**2).sum(), rel=1e-4)
