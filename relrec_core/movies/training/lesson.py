"""What a training learns from, whole on one process or shared among several."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import torch
from scipy import sparse

from relrec_core.errors import DataError
from relrec_core.movies.config import Config
from relrec_core.movies.data.datasets import data_card, open_data
from relrec_core.movies.data.features import FeatureSpace, Indices, feature_space
from relrec_core.movies.data.interactions import MovieData
from relrec_core.movies.data.shares import Shares
from relrec_core.movies.data.split import Split, likes, split
from relrec_core.movies.model.metrics import Recall, recalls
from relrec_core.movies.model.weights import Floats
from relrec_core.runs.card import DataCard
from relrec_core.runs.distributed import Group


@dataclass(frozen=True)
class Lesson:
    """The split histories of a data set, as far as this process holds them.

    Args:
        space: of the profiles.
        parts: films of the users held here; the rows of others are empty.
        about: the data set.
        among: the processes that share the histories; a lone one where each holds all.
        sizes: films (3,) for training, development and test of all users.
    """

    space: FeatureSpace
    parts: Split
    about: DataCard
    among: Group
    sizes: Indices

    @classmethod
    def opened(cls, config: Config, group: Group) -> Self:
        """That of the settings' data set. Collective.

        Raises:
            DataError: the data set is missing or malformed, or a part of the split is empty.
        """
        many = group.world_size > 1
        data = open_data(config.dataset, Shares(group, config.samples) if many else None)
        among = _among(config, group, data)
        own = np.zeros(among.world_size, dtype=np.int64)
        own[among.rank] = likes(data)
        before = int(among.total(own)[: among.rank].sum())
        return cls._of(config, among, data, split(data, config.split_seed, before))

    @classmethod
    def given(cls, config: Config, group: Group, data: MovieData, parts: Split) -> Self:
        """That of a split which every process has whole. Collective.

        Raises:
            DataError: a part of the split is empty.
        """
        among = _among(config, group, data)
        if among.world_size > 1:
            parts = parts.of(among.share(len(data.users)))
        return cls._of(config, among, data, parts)

    @classmethod
    def _of(cls, config: Config, among: Group, data: MovieData, parts: Split) -> Self:
        own = (parts.train, parts.dev, parts.test)
        sizes = among.total(np.array([part.nnz for part in own], dtype=np.int64))
        about = data_card(data)
        if not sizes.all():
            raise DataError(
                config.dataset,
                f"{about.counts['ratings']} ratings",
                "enough liked movies to split into training, development and test",
            )
        return cls(feature_space(data, config.attributes), parts, about, among, sizes)

    def whole(self, films: sparse.csr_matrix) -> sparse.csr_matrix:
        """Films (N, V) of all users, on rank 0; on others those held there. Collective."""
        counts = self.among.total(np.diff(films.indptr).astype(np.int64))
        items = np.concatenate(list(self.among.in_turn(films.indices)))
        if not self.among.is_main:
            return films
        starts = np.concatenate([[0], np.cumsum(counts)])
        return sparse.csr_matrix((np.ones(len(items), np.float32), items, starts), films.shape)

    def recall(
        self,
        scores: Callable[[Indices], Floats],
        known: sparse.csr_matrix,
        held_out: sparse.csr_matrix,
        seed: int,
    ) -> Recall:
        """Recall@50 over all users, each measured where they are held. Collective."""
        here = np.diff(held_out.indptr) > 0 if self.among.world_size > 1 else None
        sums = recalls(scores, known, held_out, seed=seed, here=here)
        return Recall.of(self.among.total(sums))


def _among(config: Config, group: Group, data: MovieData) -> Group:
    """Those who share the histories: the group where a sample suffices, else each by itself.

    Examples of the softmax over all movies are made of whole batches.
    """
    return group if config.samples(len(data.items)) else Group(0, 1, torch.device("cpu"))
