"""How several processes share the ratings: each holds those of a block of users."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Array = np.ndarray[Any, Any]


class Processes(Protocol):
    """What reading needs of `runs.distributed.Group`."""

    @property
    def rank(self) -> int:
        """This process's number, from 0."""
        ...

    @property
    def world_size(self) -> int:
        """How many there are."""
        ...

    def in_turn(self, part: Array) -> Iterator[Array]:
        """On rank 0 every rank's part, in order; on the others their own."""
        ...

    def first_text(self, text: str) -> str:
        """The text of the first rank that has one, "" where none has."""
        ...

    def broadcast_text(self, text: str) -> str:
        """Rank 0's text."""
        ...


@dataclass(frozen=True)
class Shares:
    """The processes of a group, and from how many movies on they share the ratings.

    Args:
        group: of more than one process.
        shared: whether ratings of so many movies are shared; else each process holds them all.
    """

    group: Processes
    shared: Callable[[int], bool]

    def held(self, counts: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Users (N,) of this process: a block of them, with about as many ratings as the others'.

        Args:
            counts: ratings (N,) of each user, at least one.
        """
        before = np.cumsum(counts) - counts
        of = before * self.group.world_size // counts.sum()
        return np.asarray(of == self.group.rank, dtype=np.bool_)
