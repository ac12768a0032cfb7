"""What a recommender must say of itself to be ranked with, explained and changed.

`Reconet` says it of a trained RecoNet; `Linear` of whatever sums over the liked movies.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from scipy import sparse

from relrec_core.movies.data.features import Indices
from relrec_core.movies.model.relevance import (
    EPSILON,
    Doubles,
    Relevance,
    average_user,
    relevance,
    score_of_kept,
)
from relrec_core.movies.model.removal import Removal
from relrec_core.movies.model.weights import Weights

Scores = npt.NDArray[np.floating[Any]]
Kept = npt.NDArray[np.bool_]


class Ranks(Protocol):
    """Whatever scores all movies for profiles."""

    def logits(self, bag: Indices) -> Scores:
        """Scores of all movies for one profile: (n,) features -> (V,)."""
        ...

    def logits_of_all(self, bags: sparse.csr_matrix) -> Scores:
        """Scores of all movies for many profiles: (B, F) -> (B, V)."""
        ...


@runtime_checkable
class Factored(Ranks, Protocol):
    """Scores are inner products of a vector of the movie and one of the user."""

    @property
    def item_vectors(self) -> Scores:
        """(V, d) of all movies."""
        ...

    def user_vectors(self, bags: sparse.csr_matrix) -> Scores:
        """Of many profiles: (B, F) -> (B, d)."""
        ...


class Scorer(Ranks, Protocol):
    """A recommender whose scores can be explained by what a profile is made of."""

    @property
    def method(self) -> str:
        """How contributions are found."""
        ...

    @property
    def parameters(self) -> Mapping[str, float]:
        """What contributions depend on besides the learnt numbers."""
        ...

    @property
    def removal(self) -> Removal:
        """What becomes of the other reasons when one leaves."""
        ...

    @property
    def proves(self) -> bool:
        """Whether the order of two movies is linear in what leaves a profile or comes to it."""
        ...

    @property
    def chances(self) -> bool:
        """Whether the softmax of the scores estimates the next movie."""
        ...

    def average(self, bags: sparse.csr_matrix) -> Doubles:
        """What `relevance` needs to know of the average of all users (B, F)."""
        ...

    def base(self, average: Doubles) -> Doubles:
        """The scores of the average user, (V,)."""
        ...

    def relevance(
        self, bag: Indices, items: npt.ArrayLike, average: Doubles | None = None
    ) -> Relevance:
        """Contributions of a profile (n,) to the scores of movies (C,): see `Relevance`."""
        ...

    def score_of_kept(
        self, bag: Indices, kept: Kept, item: int, average: Doubles | None = None
    ) -> Doubles:
        """Score of one movie when only some features are kept: kept (R, n) -> (R,).

        The others are removed or, with `average`, replaced by their part of the average user.
        """
        ...

    def ahead(self, bag: Indices, item: int, rivals: Indices) -> Doubles:
        """By how much the movie is ahead of each rival, (R,), in any unit common to all."""
        ...

    def advantage(self, bag: Indices, features: Indices, item: int, rivals: Indices) -> Doubles:
        """How much of that features (K,) have brought or would bring: (K, R).

        Exact where the recommender `proves`, else of each feature that leaves or comes alone.
        """
        ...


@dataclass(frozen=True, eq=False)
class Reconet:
    """A trained RecoNet, plain or with a layer (Fusco et al. 2019, sections 4.1 and 4.3)."""

    weights: Weights
    removal: Removal = "mean"
    chances: bool = True

    @property
    def proves(self) -> bool:
        """The plain model: score times profile size is a sum over the profile."""
        return self.weights.layer is None

    @property
    def method(self) -> str:
        """Z_k = W_c . q_k / n or, with a layer, epsilon-LRP."""
        return "closed form" if self.proves else "epsilon-LRP"

    @property
    def parameters(self) -> Mapping[str, float]:
        """The stabiliser, where there is one."""
        return {} if self.proves else {"epsilon": EPSILON}

    def logits(self, bag: Indices) -> Scores:
        """Scores of all movies, (V,)."""
        return self.weights.logits(bag)

    def logits_of_all(self, bags: sparse.csr_matrix) -> Scores:
        """Scores of all movies for many profiles: (B, F) -> (B, V)."""
        return self.weights.logits_of_all(bags)

    @property
    def item_vectors(self) -> Scores:
        """Rows of the output layer, (V, d) or (V, h)."""
        return self.weights.outputs

    def user_vectors(self, bags: sparse.csr_matrix) -> Scores:
        """Pooled profiles or, with a layer, its activations: (B, F) -> (B, d) or (B, h)."""
        return self.weights.users(bags)

    def average(self, bags: sparse.csr_matrix) -> Doubles:
        """Mean of the pooled profiles, (d,)."""
        return average_user(self.weights, bags)

    def base(self, average: Doubles) -> Doubles:
        """W_c . q_mean, (V,)."""
        anyone, movies = np.zeros(1, dtype=np.int64), np.arange(self.weights.n_items)
        return relevance(self.weights, anyone, movies, average=average).base

    def relevance(
        self, bag: Indices, items: npt.ArrayLike, average: Doubles | None = None
    ) -> Relevance:
        """Contributions of a profile (n,) to the scores of movies (C,)."""
        return relevance(self.weights, bag, items, average=average)

    def score_of_kept(
        self, bag: Indices, kept: Kept, item: int, average: Doubles | None = None
    ) -> Doubles:
        """Score of one movie when only some features are kept: kept (R, n) -> (R,)."""
        return score_of_kept(self.weights, bag, kept, item, average)

    def ahead(self, bag: Indices, item: int, rivals: Indices) -> Doubles:
        """Difference of two scores times the size of the profile, (R,)."""
        weights = self.weights
        if self.proves:
            pooled = weights.embeddings[bag].astype(np.float64).sum(axis=0)
            own = weights.outputs[np.append(item, rivals)].astype(np.float64) @ pooled
            return np.asarray(own[0] - own[1:])
        scores = weights.logits(bag).astype(np.float64)
        return np.asarray((scores[item] - scores[rivals]) * len(bag))

    def advantage(self, bag: Indices, features: Indices, item: int, rivals: Indices) -> Doubles:
        """(W_c - W_c') . q_k, (K, R): with a layer W is followed back through the active units."""
        q = self.weights.embeddings[features].astype(np.float64)
        effective = self._effective(bag, np.append(item, rivals))
        own = q @ effective.T  # (K, 1 + R)
        return np.asarray(own[:, :1] - own[:, 1:])

    def _effective(self, bag: Indices, items: Indices) -> Doubles:
        """What an embedding is multiplied with for movies (C,), (C, d): the gradient where a layer
        is."""
        weights = self.weights
        outputs = weights.outputs[items].astype(np.float64)
        if weights.layer is None or weights.layer_bias is None:
            return outputs
        layer = weights.layer.astype(np.float64)
        active = layer @ weights.embeddings[bag].mean(axis=0) + weights.layer_bias > 0
        return np.asarray((outputs * active) @ layer)


@dataclass(frozen=True, eq=False)
class Linear(ABC):
    """A recommender whose score is a sum over the liked movies; it knows nothing else of a user.

    What a movie contributes beyond the base value is its share of the score less the n-th part of
    the average user's score, so that base value and contributions sum to the score, as with the
    mean of embeddings.
    """

    chances = False

    @property
    @abstractmethod
    def method(self) -> str:
        """How contributions are found."""

    @property
    @abstractmethod
    def removal(self) -> Removal:
        """What becomes of the other reasons when one leaves."""

    @property
    @abstractmethod
    def n_items(self) -> int:
        """V, how many movies are scored."""

    @property
    def parameters(self) -> Mapping[str, float]:
        """What contributions depend on besides the learnt numbers."""
        return {}

    @property
    def proves(self) -> bool:
        """Unless the user's vector is solved for again."""
        return self.removal != "fold-in"

    @abstractmethod
    def shares(self, bag: Indices, items: Indices) -> Doubles:
        """What each liked movie (n,) adds to the scores of movies (C,): (n, C), summing to them."""

    @abstractmethod
    def shares_of_all(self, bags: sparse.csr_matrix, items: Indices) -> Doubles:
        """`shares` of every entry of histories (B, V) in its user's movies (B, C): (nnz, C)."""

    @abstractmethod
    def logits(self, bag: Indices) -> Scores:
        """Scores of all movies, (V,)."""

    @abstractmethod
    def logits_of_all(self, bags: sparse.csr_matrix) -> Scores:
        """Scores of all movies for many histories: (B, V) -> (B, V)."""

    @abstractmethod
    def average(self, bags: sparse.csr_matrix) -> Doubles:
        """Mean score of every movie over all users who liked something, (V,)."""

    @abstractmethod
    def removed(self, bag: Indices, kept: Kept, item: int) -> Doubles:
        """Score of one movie from the kept part of the history alone: kept (R, n) -> (R,)."""

    @abstractmethod
    def advantage(self, bag: Indices, features: Indices, item: int, rivals: Indices) -> Doubles:
        """How much of what a movie is ahead by is of each feature: (K, R)."""

    def ahead(self, bag: Indices, item: int, rivals: Indices) -> Doubles:
        """By how much the movie is ahead of each rival, (R,)."""
        scores = np.asarray(self.logits(bag), dtype=np.float64)
        return np.asarray(scores[item] - scores[rivals])

    def base(self, average: Doubles) -> Doubles:
        """The scores of the average user, (V,)."""
        return average

    def relevance(
        self, bag: Indices, items: npt.ArrayLike, average: Doubles | None = None
    ) -> Relevance:
        """Contributions of a history (n,) to the scores of movies (C,)."""
        rows = np.atleast_1d(np.asarray(items, dtype=np.int64))
        nothing = np.zeros(len(rows))
        base = nothing if average is None else average[rows]
        return Relevance(self.shares(bag, rows) - base / len(bag), base, nothing, nothing)

    def score_of_kept(
        self, bag: Indices, kept: Kept, item: int, average: Doubles | None = None
    ) -> Doubles:
        """Score of one movie when only some liked movies are kept: kept (R, n) -> (R,)."""
        if average is None:
            return self.removed(bag, kept, item)
        gone = (~kept).sum(axis=1) / len(bag)
        shares = self.shares(bag, np.array([item], dtype=np.int64))[:, 0]
        return np.asarray(kept @ shares + gone * average[item], dtype=np.float64)


def owners(bags: sparse.csr_matrix) -> Indices:
    """The row of every entry of histories (B, V), (nnz,)."""
    return np.repeat(np.arange(bags.shape[0]), np.diff(bags.indptr))


def having(bags: sparse.csr_matrix) -> sparse.csr_matrix:
    """The users who liked something."""
    return sparse.csr_matrix(bags[np.flatnonzero(np.diff(bags.indptr))])
