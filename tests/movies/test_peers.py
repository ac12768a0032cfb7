"""Peers against slow twins, and against each other where the answer is planted."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import ElasticNet

from relrec_core.movies.data.split import Split, split
from relrec_core.movies.evaluation.baselines import linear, peers
from relrec_core.movies.model.metrics import recall
from tests.movies import planted

pytestmark = pytest.mark.numerics


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Split:
    return split(planted.data(tmp_path_factory.mktemp("planted")), 0)


def test_popularity_counts_viewers(parts: Split) -> None:
    scores = peers.Popularity().fit(parts.known)()
    assert scores.shape == parts.known.shape
    np.testing.assert_array_equal(scores[3], parts.known.toarray().sum(axis=0))


def test_ease_is_a_ridge_regression_without_the_film_itself(parts: Split) -> None:
    """Twin: each film's column regressed on all others.

    The zero diagonal is a constraint, so each column solves min |x_j - X_-j b|^2 + r |b|^2.
    """
    x, r = parts.known.toarray().astype(float), 20.0
    twin = np.zeros_like(x)
    for j in range(x.shape[1]):
        others = np.delete(x, j, axis=1)
        gram = others.T @ others + r * np.eye(others.shape[1])
        twin[:, j] = others @ np.linalg.solve(gram, others.T @ x[:, j])
    np.testing.assert_allclose(peers.Ease(r).fit(parts.known)(), twin, atol=1e-5)


@pytest.mark.parametrize("dropout", [0.2, 0.5])
def test_edlae_is_the_least_squares_under_dropout_without_the_film_itself(
    parts: Split, dropout: float
) -> None:
    """Twin: each column on all others, with the squares that dropout adds in expectation."""
    x, r = parts.known.toarray().astype(float), 20.0
    twin = np.zeros_like(x)
    for j in range(x.shape[1]):
        others = np.delete(x, j, axis=1)
        gram = others.T @ others
        gram += np.diag(np.diag(gram) * dropout / (1 - dropout) + r)
        twin[:, j] = others @ np.linalg.solve(gram, others.T @ x[:, j])
    np.testing.assert_allclose(linear.Edlae(dropout, r).fit(parts.known)(), twin, atol=1e-5)
    ease = peers.Ease(r).fit(parts.known)()
    np.testing.assert_allclose(linear.Edlae(0.0, r).fit(parts.known)(), ease, atol=1e-5)


@pytest.mark.parametrize(("lasso", "ridge"), [(0.5, 4.0), (2.0, 10.0)])
def test_slim_is_the_elastic_net_of_scikit_learn(parts: Split, lasso: float, ridge: float) -> None:
    """Twin: its coordinate descent, column by column; its loss is ours over the users."""
    x = parts.known.toarray().astype(float)
    n = len(x)
    twin = np.zeros((x.shape[1], x.shape[1]))
    net = ElasticNet(
        alpha=(lasso + ridge) / n,
        l1_ratio=lasso / (lasso + ridge),
        positive=True,
        fit_intercept=False,
        tol=1e-10,
        max_iter=20_000,
    )
    for j in range(x.shape[1]):
        others = np.arange(x.shape[1]) != j
        twin[others, j] = net.fit(x[:, others], x[:, j]).coef_
    found = linear.Slim(lasso, ridge, iterations=3_000).fit(parts.known)
    assert (found.weights >= 0).all() and (np.diag(found.weights) == 0).all()
    assert ((found.weights > 0) == (twin > 0)).mean() > 0.99
    np.testing.assert_allclose(found.weights, twin, atol=1e-4)


def test_cosines_follow_their_definition(parts: Split) -> None:
    x = parts.known.toarray().astype(float)
    item, user = np.zeros_like(x), np.zeros_like(x)
    for u in range(x.shape[0]):
        for j in range(x.shape[1]):
            for i in range(x.shape[1]):
                if i != j and x[u, i]:
                    norm = np.linalg.norm(x[:, i]) * np.linalg.norm(x[:, j])
                    item[u, j] += x[:, i] @ x[:, j] / norm if norm else 0.0
            for v in range(x.shape[0]):
                if v != u and x[v, j]:
                    user[u, j] += x[u] @ x[v] / (np.linalg.norm(x[u]) * np.linalg.norm(x[v]))
    np.testing.assert_allclose(peers.ItemCosine(10_000).fit(parts.known)(), item, atol=1e-5)
    np.testing.assert_allclose(peers.UserCosine(10_000).fit(parts.known)(), user, atol=1e-5)


def test_only_the_nearest_neighbours_count() -> None:
    liked = sparse.csr_matrix(np.array([[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 0, 1]], dtype=float))
    scores = peers.UserCosine(1).fit(liked)()
    np.testing.assert_allclose(scores[0], [2 / 6**0.5] * 3 + [0])  # viewer 1 is nearest


def test_als_finds_planted_groups_and_is_deterministic(parts: Split) -> None:
    als = peers.Als(factors=6, regularisation=1.0, alpha=10.0)
    scores = als.fit(parts.known)()
    np.testing.assert_array_equal(scores, als.fit(parts.known)())
    popular = peers.Popularity().fit(parts.known)()
    found = recall(scores, parts.known, parts.test, 10).macro
    assert found > recall(popular, parts.known, parts.test, 10).macro + 0.1


@pytest.mark.parametrize("name", list(peers.PEERS))
def test_every_candidate_scores_all_films_of_viewers_even_without_history(name: str) -> None:
    liked = sparse.csr_matrix(np.eye(5, 7, dtype=np.float32) * [[1], [1], [0], [1], [1]])
    for peer in peers.PEERS[name]:
        scores = peer.fit(liked)()
        assert scores.shape == (5, 7)
        assert np.isfinite(scores).all()
        assert peers.settings(peer)["method"] == type(peer).__name__


def test_recall_is_what_a_slow_loop_finds(parts: Split) -> None:
    scores = np.random.default_rng(0).normal(size=parts.known.shape).astype(np.float32)
    shares, hits, total = [], 0, 0
    for u in range(scores.shape[0]):
        seen, wanted = set(parts.known[u].indices), set(parts.test[u].indices)
        order = [i for i in np.argsort(-scores[u]) if i not in seen][:10]
        found = len(wanted & set(order))
        if wanted:
            shares.append(found / len(wanted))
        hits, total = hits + found, total + len(wanted)
    result = recall(scores, parts.known, parts.test, 10)
    assert result.macro == pytest.approx(np.mean(shares))
    assert result.pooled == pytest.approx(hits / total)
    assert result.viewers == len(shares)
