"""Shares of all viewers at once are, element by element, those of one viewer at a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from relrec_core.movies.data.features import feature_space
from relrec_core.movies.data.split import split
from relrec_core.movies.model.best import BLOCK, best, rank_all
from relrec_core.movies.model.relevance import relevance, relevance_all
from tests.movies import planted

pytestmark = pytest.mark.numerics


@pytest.mark.parametrize("hidden", [0, 5])
def test_same_as_one_viewer_at_a_time(tmp_path: Path, hidden: int) -> None:
    data = planted.data(tmp_path)
    space = feature_space(data)
    weights = planted.weights(space, data.content_hash, hidden=hidden)
    known = split(data, 0).known
    bags = space.bags(known)
    items, scores = rank_all(weights, bags, known, 4)
    shares = relevance_all(weights, bags, items)
    assert shares.shape == (bags.nnz, 4)
    for row in range(bags.shape[0]):
        part = slice(bags.indptr[row], bags.indptr[row + 1])
        twin = relevance(weights, bags.indices[part].astype(np.int64), items[row])
        np.testing.assert_allclose(shares[part], twin.features, rtol=1e-4, atol=1e-5)
        total = shares[part].sum(axis=0) + twin.bias + twin.epsilon
        np.testing.assert_allclose(total, scores[row], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("hidden", [0, 5])
def test_an_empty_profile_has_no_rows(tmp_path: Path, hidden: int) -> None:
    data = planted.data(tmp_path)
    space = feature_space(data)
    weights = planted.weights(space, data.content_hash, hidden=hidden)
    bags = sparse.csr_matrix(([1.0, 1.0], ([0, 2], [3, 5])), shape=(3, space.n_features))
    items = np.array([[0, 1], [2, 3], [4, 5]])
    shares = relevance_all(weights, bags, items)
    assert shares.shape == (2, 2)
    twin = relevance(weights, np.array([5]), items[2])
    np.testing.assert_allclose(shares[1], twin.features[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("width", [BLOCK, 9 * BLOCK, 12 * BLOCK + 5])
def test_the_best_are_those_of_a_sort_ties_and_what_was_seen_included(width: int) -> None:
    rng = np.random.default_rng(width)
    scores = rng.integers(0, 40, (30, width)).astype(np.float32)  # many ties
    seen = rng.random((30, width)) < rng.random((30, 1))
    seen[0] = True
    masked = np.where(seen, -np.inf, scores)
    items, values = best(scores, sparse.csr_matrix(seen), 3)
    np.testing.assert_array_equal(values, -np.sort(-masked, axis=1)[:, :3])
    np.testing.assert_array_equal(np.take_along_axis(masked, items, axis=1), values)
    assert all(len(set(row)) == 3 for row in items.tolist())
