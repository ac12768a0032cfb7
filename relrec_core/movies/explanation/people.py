"""Whose recommendations are explained: the users that a model knows, or those of a file."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy import sparse

from relrec_core.movies.data.features import Indices
from relrec_core.movies.data.histories import Histories
from relrec_core.movies.data.interactions import USER
from relrec_core.movies.model.ranking import Profile, Recommender


class People(Protocol):
    """Users in an order, of whom some are asked for at a time."""

    @property
    def content_hash(self) -> str:
        """Of all their histories."""
        ...

    def __len__(self) -> int:
        """How many there are."""
        ...

    def names(self, first: int, last: int) -> list[str]:
        """Ids of those from `first` up to `last`: (B,)."""
        ...

    def bags(self, first: int, last: int) -> sparse.csr_matrix:
        """Their features (B, F), 0 or 1."""
        ...

    def seen(self, first: int, last: int) -> sparse.csr_matrix:
        """Movies that are not recommended to them: (B, V)."""
        ...

    def profile(self, number: int) -> Profile:
        """One of them."""
        ...


@dataclass(frozen=True, eq=False)
class Known:
    """Users of the model's own data who have a profile."""

    recommender: Recommender

    @cached_property
    def _rows(self) -> Indices:
        return np.flatnonzero(np.diff(self.recommender.bags.indptr) > 0).astype(np.int64)

    @cached_property
    def _ids(self) -> list[str]:
        return [str(user) for user in self.recommender.data.users[USER]]

    @property
    def content_hash(self) -> str:
        """That of the data."""
        return self.recommender.data.content_hash

    def __len__(self) -> int:
        return len(self._rows)

    def names(self, first: int, last: int) -> list[str]:
        """Ids: (B,)."""
        return [self._ids[row] for row in self._rows[first:last]]

    def bags(self, first: int, last: int) -> sparse.csr_matrix:
        """Features (B, F)."""
        return self.recommender.bags[self._rows[first:last]]

    def seen(self, first: int, last: int) -> sparse.csr_matrix:
        """Movies they know: (B, V)."""
        return self.recommender.seen[self._rows[first:last]]

    def profile(self, number: int) -> Profile:
        """One of them."""
        return self.recommender.profile(self._ids[self._rows[number]])


@dataclass(frozen=True, eq=False)
class Brought:
    """Users of a file, of whom nothing is known but what they saw."""

    recommender: Recommender
    histories: Histories

    @property
    def content_hash(self) -> str:
        """That of their histories."""
        return self.histories.content_hash

    def __len__(self) -> int:
        return len(self.histories.users)

    def names(self, first: int, last: int) -> list[str]:
        """Ids: (B,)."""
        return [str(user) for user in self.histories.users[first:last]]

    def bags(self, first: int, last: int) -> sparse.csr_matrix:
        """Features (B, F): movies they liked, and what these bring."""
        history = self.histories.history(first, last)
        nothing = sparse.csr_matrix((last - first, self.recommender.space.n_features))
        return self.recommender.space.bags(history, nothing)

    def seen(self, first: int, last: int) -> sparse.csr_matrix:
        """Movies they know: (B, V)."""
        return self.histories.seen(first, last)

    def profile(self, number: int) -> Profile:
        """One of them."""
        return self.recommender.new_profile(self.histories.history(number, number + 1).indices)
