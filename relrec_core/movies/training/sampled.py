"""Training whose cost grows with the ratings: sparse profiles, and a softmax over sampled movies.

The softmax needs Z = sum over all movies of exp(s_j). A viewer's own movies enter it exactly; the
others through a sample with the correction of importance sampling, exp(s_j - log(n q_j)) for n
draws from q (Bengio and Senecal 2008; the "logQ" of Yi et al. 2019). Its expectation is Z.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from torch import Tensor, nn
from torch.nn.functional import embedding_bag

from relrec_core.movies.data.features import FeatureSpace
from relrec_core.movies.model.network import RecoNet
from relrec_core.movies.training.examples import MOST_SHORT

POPULARITY = 0.75
"""Half of the sample is drawn by popularity to this power, as in word2vec, half evenly."""


@dataclass(frozen=True)
class Ragged:
    """Rows of different length: those of row b are `columns[starts[b]:starts[b + 1]]`.

    `starts` is (B + 1,), `columns` and `values` are (n,).
    """

    starts: Tensor
    columns: Tensor
    values: Tensor

    @classmethod
    def of(cls, matrix: sparse.csr_matrix) -> Ragged:
        """The entries of a sparse matrix (B, columns)."""
        return cls(
            torch.from_numpy(matrix.indptr.astype(np.int64)),
            torch.from_numpy(matrix.indices.astype(np.int64)),
            torch.from_numpy(matrix.data.astype(np.float32)),
        )

    def to(self, device: torch.device) -> Ragged:
        """The same on another device."""
        return Ragged(*(t.to(device) for t in (self.starts, self.columns, self.values)))

    @property
    def owners(self) -> Tensor:
        """The row of each entry, (n,)."""
        sizes = self.starts.diff()
        return torch.arange(len(sizes), device=sizes.device).repeat_interleave(sizes)


@dataclass(frozen=True)
class SparseBatch:
    """`Batch` of `examples` without its zeros: averaging bags (B, F) and label weights (B, V).

    The labels hold every movie of the viewer, those with weight 0, too. `weight` (B,) is what
    each example counts, `at` (B,) its place among those that were asked for.
    """

    bags: Ragged
    labels: Ragged
    weight: Tensor
    at: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Held:
    """Histories (N, V), those of users whom another process holds empty, and how many movies are in
    each, wherever it is held: (N,)."""

    liked: sparse.csr_matrix
    counts: npt.NDArray[np.int64]

    @classmethod
    def whole(cls, liked: sparse.csr_matrix) -> Self:
        """All of them are here."""
        return cls(liked, np.diff(liked.indptr).astype(np.int64))


class SparseMasking:
    """The examples of `Masking`, by the same law, without ever writing down a zero.

    Where processes share the histories, each makes the examples of the users it holds: the same
    ones that a lone process would make.
    """

    def __init__(
        self,
        histories: Held,
        space: FeatureSpace,
        *,
        rates: tuple[float, float],
        seen: float,
        short: float,
        attribute_dropout: float,
        weight_power: float,
    ) -> None:
        liked, counts = histories.liked, histories.counts
        rows = np.flatnonzero(counts >= 2)
        self._counts, self._held = counts[rows], np.diff(liked.indptr)[rows] > 0
        self._liked: sparse.csr_matrix = liked[rows]
        self._own: sparse.csr_matrix = space.user_attributes[rows]
        self._of_items = space.item_attributes
        (self._low, self._high), self._seen, self._short = sorted(rates), seen, short
        self._attribute_dropout, self._weight_power = attribute_dropout, weight_power

    def __len__(self) -> int:
        return int(self._liked.shape[0])

    def draw(self, rows: npt.NDArray[np.int64], generator: torch.Generator) -> SparseBatch:
        """Fresh examples of those of the users `rows` who are held here."""
        n, held = len(rows), self._held[rows]
        at = np.flatnonzero(held)
        whole = torch.from_numpy(self._counts[rows])  # (n,)
        rate = self._low + (self._high - self._low) * torch.rand(n, generator=generator)
        few = MOST_SHORT ** torch.rand(n, generator=generator)
        short = torch.rand(n, generator=generator) < self._short
        rate = torch.where(short, (1 - few / whole.float()).clamp(min=0), rate)  # (n,)
        chances = torch.rand(int(whole.sum()), generator=generator)
        chances = chances[torch.from_numpy(held).repeat_interleave(whole)]
        keys = self._keys(n, generator)[at]
        films = self._liked[rows[at]]
        labels = Ragged.of(films)
        owners, counts = labels.owners, labels.starts.diff().float()
        visible = chances >= rate[torch.from_numpy(at)][owners]  # (entries,)
        weights = torch.where(visible, self._seen, 1.0)
        total = torch.zeros(len(at)).index_add(0, owners, weights)  # (B,)
        labels = Ragged(labels.starts, labels.columns, weights / total.clamp(min=1e-6)[owners])
        weight = counts**self._weight_power * (total > 0)
        bags = self._bags(films, self._own[rows[at]], visible.numpy(), keys)
        return SparseBatch(bags, labels, weight, at)

    def _keys(self, n: int, generator: torch.Generator) -> npt.NDArray[np.uint64]:
        """A key (n,) for each example's own draws; zeros, without a draw, where none are needed."""
        if not self._attribute_dropout or self._of_items.shape[1] == self._liked.shape[1]:
            return np.zeros(n, dtype=np.uint64)
        return torch.randint(2**62, (n,), generator=generator).numpy().astype(np.uint64)

    def _bags(
        self,
        films: sparse.csr_matrix,
        own: sparse.csr_matrix,
        visible: npt.NDArray[np.bool_],
        keys: npt.NDArray[np.uint64],
    ) -> Ragged:
        """Movies (B, V) that are left -> (B, F) with their attributes and the viewers' own."""
        left = np.flatnonzero(visible)
        starts = np.searchsorted(left, films.indptr)
        ones = np.ones(len(left), dtype=np.float32)
        shape = (films.shape[0], self._of_items.shape[1])
        kept = sparse.csr_matrix((ones, films.indices[left], starts), shape=films.shape)
        facts = sparse.csr_matrix(kept @ self._of_items + own)
        if self._attribute_dropout:
            of_facts = np.repeat(keys, np.diff(facts.indptr))
            stay = chance(of_facts, facts.indices) >= self._attribute_dropout
            facts.data = np.where(stay, facts.data, 0)
            facts.eliminate_zeros()
        facts.data = np.ones_like(facts.data)
        bags = sparse.csr_matrix((ones, kept.indices, kept.indptr), shape=shape) + facts
        sizes = np.diff(bags.indptr)
        bags.data = np.repeat(1 / np.maximum(sizes, 1), sizes).astype(np.float32)
        return Ragged.of(bags)


def chance(
    keys: npt.NDArray[np.uint64], numbers: npt.NDArray[np.integer[Any]]
) -> npt.NDArray[np.float64]:
    """A number between 0 and 1 for each pair (n,), which depends on nothing else.

    It is the output of SplitMix64 (Steele, Lea and Flood 2014) that many steps after the key.
    """
    z = keys + (numbers.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    found: npt.NDArray[np.float64] = ((z ^ (z >> np.uint64(31))) >> np.uint64(11)) * 2.0**-53
    return found


class Negatives:
    """Draws the movies that stand for all others.

    Args:
        counts: (V,) histories that each movie is in; it is drawn the more often, the more they are.
        draws: how many movies are drawn for a batch, with replacement.
    """

    def __init__(self, counts: npt.NDArray[np.int64], draws: int) -> None:
        by_popularity = (counts + 1.0) ** POPULARITY
        q = by_popularity / by_popularity.sum() / 2 + 0.5 / len(counts)  # (V,)
        self.draws = draws
        self._q = torch.from_numpy(q)
        self._sums = torch.from_numpy(np.cumsum(q))

    def draw(self, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Different movies (S,) and what their scores are corrected by, log(times drawn / n q)."""
        points = torch.rand(self.draws, generator=generator, dtype=torch.float64)
        drawn = torch.searchsorted(self._sums, points).clamp(max=len(self._q) - 1)
        movies, times = torch.unique(drawn, return_counts=True)
        return movies, (times / (self.draws * self._q[movies])).log().float()


class SampledSoftmax(nn.Module):
    """Cross-entropy of a RecoNet with the softmax over the own movies and a sample of others."""

    def __init__(self, net: RecoNet) -> None:
        super().__init__()
        self.net = net

    def forward(
        self, bags: Ragged, labels: Ragged, negatives: Tensor, correction: Tensor, drop: Tensor
    ) -> Tensor:
        """The loss of each example.

        Args:
            bags: (B, F) entries whose rows sum to one.
            labels: (B, V) weights of every own movie, rows sum to one.
            negatives: (S,) different movies.
            correction: (S,) what is added to their scores.
            drop: (B, d) multiplier of the averaged profiles.

        Returns:
            (B,)
        """
        x = embedding_bag(
            bags.columns,
            self.net.embeddings,
            bags.starts[:-1],
            mode="sum",
            per_sample_weights=bags.values,
        )  # (B, d)
        x = self.net.read(x, drop)
        owners = labels.owners
        own = (x[owners] * self.net.outputs[labels.columns]).sum(dim=1)  # (n,)
        others = x @ self.net.outputs[negatives].T + correction  # (B, S)
        others = others + _closed(labels, negatives, self.net.outputs.shape[0])
        most = x.new_full((len(x),), -math.inf)
        most = most.scatter_reduce(0, owners, own.detach(), "amax")
        most = torch.maximum(most, others.detach().amax(dim=1))  # (B,)
        z = (others - most[:, None]).exp().sum(dim=1)
        z = z.index_add(0, owners, (own - most[owners]).exp())  # (B,)
        said = torch.zeros_like(z).index_add(0, owners, labels.values * own)
        return most + z.log() - said


def _closed(labels: Ragged, negatives: Tensor, n_items: int) -> Tensor:
    """Minus infinity (B, S) where a sampled movie is the viewer's own, which counts already."""
    place = torch.full((n_items,), -1, device=negatives.device)
    place[negatives] = torch.arange(len(negatives), device=negatives.device)
    at = place[labels.columns]  # (n,)
    hit = at >= 0
    closed = torch.zeros((len(labels.starts) - 1, len(negatives)), device=negatives.device)
    closed[labels.owners[hit], at[hit]] = -math.inf
    return closed
