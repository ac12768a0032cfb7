"""Recommenders that are linear in the history, with the users that their explanations are for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from relrec_core.errors import RelRecError
from relrec_core.movies.data.features import Indices
from relrec_core.movies.data.interactions import ITEM, RATING, USER, MovieData
from relrec_core.movies.evaluation.fidelity.protocol import Case, Link
from relrec_core.movies.model.relevance import Doubles
from relrec_core.movies.model.weights import Weights
from relrec_core.sources.published import Published

LIKED_ABOVE = 3.5
LEAST = 2
"""Liked movies of a user, and users of a movie, below which they are left out."""
TEST_SHARE, TEST_SEED = 0.2, 42


class OtherDataError(RelRecError):
    """A published recommender that was not trained on this data."""


@dataclass(frozen=True, eq=False)
class Linear:
    """Scores that are a sum over the history, and who is recommended what.

    Args:
        inputs: (V, d) what an entry of the history adds.
        outputs: (d, C) what reads it.
        base: (C,) the scores of an empty history.
        link: from sums of contributions to probabilities.
        histories: (B, V) of those whose recommendations are explained.
        known: (N, V) histories that similarities of movies are counted in.
    """

    inputs: Doubles
    outputs: Doubles
    base: Doubles
    link: Link
    histories: sparse.csr_matrix
    known: sparse.csr_matrix

    def cases(self) -> Iterator[Case]:
        """The best unseen item of each history."""
        for row in range(self.histories.shape[0]):
            entries = self.histories[row].indices.astype(np.int64)
            gains = self.inputs[entries] @ self.outputs
            unseen = np.ones(len(self.base), dtype=bool)
            unseen[entries] = False
            scores = np.where(unseen, self.base + gains.sum(axis=0), -np.inf)
            yield Case(entries, gains, self.base, int(scores.argmax()), unseen)


def published(found: Published, data: MovieData) -> Linear:
    """The published recommender, and the test users of its own split.

    score = sigmoid((W_u x + b_u) . (w_c + b_i)): linear in the history x inside the sigmoid.

    Raises:
        OtherDataError: it has another number of movies than these ratings give.
    """
    histories = published_histories(data)
    arrays = {name: array.astype(np.float64) for name, array in found.tensors[0].items()}
    if arrays["users_fc.weight"].shape[1] != histories.shape[1]:
        raise OtherDataError(
            f"The published recommender knows {arrays['users_fc.weight'].shape[1]} movies; "
            f"{data.title} has {histories.shape[1]} by its rule. It was trained on MovieLens 1M."
        )
    outputs = arrays["items_fc.weight"] + arrays["items_fc.bias"][:, None]  # (d, C)
    return Linear(
        arrays["users_fc.weight"].T,
        outputs,
        arrays["users_fc.bias"] @ outputs,
        _sigmoid,
        histories[_test_users(histories.shape[0])],
        histories,
    )


def published_histories(data: MovieData) -> sparse.csr_matrix:
    """(6037, 3381) for MovieLens 1M: ratings above 3.5, users and movies with at least two.

    Rows and columns are in ascending order of the ids, as numbers.
    """
    liked = data.ratings[data.ratings[RATING] > LIKED_ABOVE]
    users = data.users[USER].astype(np.int64).to_numpy()[liked["user"]]
    items = data.items[ITEM].astype(np.int64).to_numpy()[liked["item"]]
    before = -1
    while len(users) != before:
        before = len(users)
        kept = _often(users)
        users, items = users[kept], items[kept]
        kept = _often(items)
        users, items = users[kept], items[kept]
    rows = np.unique(users, return_inverse=True)[1]
    columns = np.unique(items, return_inverse=True)[1]
    return sparse.csr_matrix((np.ones(len(rows)), (rows, columns)))


def reconet(weights: Weights, known: sparse.csr_matrix, users: Indices) -> Linear:
    """A RecoNet without attributes and layer: probability = softmax(mean of W_c . q_k)."""
    movies = weights.embeddings[: weights.n_items].astype(np.float64)
    return Linear(
        movies,
        weights.outputs.T.astype(np.float64),
        np.zeros(weights.n_items),
        _softmax_of_mean,
        known[users],
        known,
    )


def explainer(found: Published, linear: Linear) -> Doubles:
    """(B, V) weights that LXR's own network gives the movies, for the item of each case.

    tanh([U x ; I e_c]) -> tanh(bottleneck) -> a weight a movie (Gurevitch et al. 2024, section 3).
    """
    arrays = {name: array.astype(np.float64) for name, array in found.tensors[1].items()}
    targets = [case.target for case in linear.cases()]
    users = linear.histories @ arrays["users_fc.weight"].T + arrays["users_fc.bias"]
    items = arrays["items_fc.weight"].T[targets] + arrays["items_fc.bias"]
    hidden = np.tanh(np.hstack([users, items]))
    hidden = np.tanh(hidden @ arrays["bottleneck.1.weight"].T + arrays["bottleneck.1.bias"])
    return np.asarray(
        hidden @ arrays["bottleneck.3.weight"].T + arrays["bottleneck.3.bias"], dtype=np.float64
    )


def similarities(known: sparse.csr_matrix) -> dict[str, Doubles]:
    """(V, V) cosine and Jaccard similarity of movies by who liked them."""
    both = np.asarray((known.T @ known).todense(), dtype=np.float64)
    each = both.diagonal()
    either = each[:, None] + each - both
    return {
        "Cosine": both / np.sqrt(np.maximum(np.outer(each, each), 1)),
        "Jaccard": both / np.maximum(either, 1),
    }


def _often(keys: npt.NDArray[np.integer]) -> npt.NDArray[np.bool_]:
    """Where a key comes at least `LEAST` times."""
    _, place, counts = np.unique(keys, return_inverse=True, return_counts=True)
    return np.asarray(counts[place] >= LEAST)


def _test_users(number: int) -> Indices:
    """The published split: the rows that scikit-learn's `train_test_split` draws for testing."""
    drawn = np.random.RandomState(TEST_SEED).permutation(number)
    return drawn[: math.ceil(TEST_SHARE * number)].astype(np.int64)


def _sigmoid(scores: Doubles, kept: Indices) -> Doubles:
    return np.asarray(1 / (1 + np.exp(-scores)), dtype=np.float64)


def _softmax_of_mean(scores: Doubles, kept: Indices) -> Doubles:
    logits = scores / np.maximum(kept, 1)[:, None]
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True), dtype=np.float64)
