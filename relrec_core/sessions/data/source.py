"""Where a trainer's sessions come from: memory or shards, batch by batch and part by part."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from relrec_core.sessions.data.dataset import LICENCES, SessionData
from relrec_core.sessions.data.encoding import Batch, Encoding
from relrec_core.sessions.data.schema import Column
from relrec_core.sessions.data.sessions import BY_ID, PARTS, Part, Sessions
from relrec_core.sessions.data.shards import Shards

CHUNK = 2048
"""Sessions that are encoded and scored together."""


class SessionSource(Protocol):
    """Sessions in three parts, with their encoding."""

    @property
    def title(self) -> str:
        """What it is called on screen."""
        ...

    @property
    def simulated(self) -> bool:
        """Whether a program invented it."""
        ...

    @property
    def content_hash(self) -> str:
        """SHA-256 of what is in it, as hexadecimal digits."""
        ...

    @property
    def licence(self) -> str:
        """Who may use it, in words."""
        ...

    @property
    def split(self) -> str:
        """By what it is split into parts, in words."""
        ...

    @property
    def columns(self) -> tuple[Column, ...]:
        """Columns that the data has."""
        ...

    @property
    def encoding(self) -> Encoding:
        """How columns become numbers."""
        ...

    @property
    def parts(self) -> dict[str, int]:
        """Part -> number of its sessions."""

    def sessions(self, part: Part) -> Iterator[tuple[Sessions, Batch]]:
        """All sessions of a part, in the order of the data, a chunk at a time, and as tensors."""

    def batches(
        self, part: Part, *, size: int, seed: int | None, epoch: int, rank: int, world_size: int
    ) -> Iterator[Batch]:
        """This rank's share of every global batch; shuffled where there is a seed."""


@dataclass(frozen=True)
class Memory:
    """Sessions that are in memory."""

    data: SessionData

    @property
    def title(self) -> str:
        """What it is called on screen."""
        return self.data.title

    @property
    def simulated(self) -> bool:
        """Whether a program invented it."""
        return self.data.simulated

    @property
    def content_hash(self) -> str:
        """SHA-256 of what is in it, as hexadecimal digits."""
        return self.data.content_hash

    @property
    def licence(self) -> str:
        """Who may use it, in words."""
        return self.data.licence

    @property
    def split(self) -> str:
        """By what it is split into parts, in words."""
        return BY_ID

    @property
    def columns(self) -> tuple[Column, ...]:
        """Columns that the data has."""
        return self.data.columns

    @cached_property
    def encoding(self) -> Encoding:
        """How columns become numbers, learnt from this data."""
        return self.data.encoding()

    @cached_property
    def _parts(self) -> dict[Part, Sessions]:
        return {part: self.data.sessions.part(part) for part in PARTS}

    @property
    def parts(self) -> dict[str, int]:
        """Part -> number of its sessions."""
        return {part: len(sessions) for part, sessions in self._parts.items()}

    def sessions(self, part: Part) -> Iterator[tuple[Sessions, Batch]]:
        """All sessions of a part, in the order of the data, a chunk at a time, and as tensors."""
        table = self.encoding.table(self.data.tracks)
        for sessions in _chunks(self._parts[part]):
            yield sessions, self.encoding.encode(sessions, self.columns, table)

    def batches(
        self, part: Part, *, size: int, seed: int | None, epoch: int, rank: int, world_size: int
    ) -> Iterator[Batch]:
        """This rank's share of every global batch; shuffled where there is a seed."""
        sessions, table = self._parts[part], self.encoding.table(self.data.tracks)
        order = np.arange(len(sessions))
        if seed is not None:
            np.random.default_rng([seed, epoch]).shuffle(order)
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            mine = rows[rank * len(rows) // world_size : (rank + 1) * len(rows) // world_size]
            yield self.encoding.encode(sessions.take(mine), self.columns, table)


@dataclass(frozen=True)
class Stored:
    """Sessions in prepared shards, read with bounded memory."""

    shards: Shards

    @property
    def title(self) -> str:
        """What it is called on screen."""
        return self.shards.meta.title

    @property
    def simulated(self) -> bool:
        """Whether a program invented it."""
        return self.shards.meta.simulated

    @property
    def content_hash(self) -> str:
        """SHA-256 of what is in it, as hexadecimal digits."""
        return self.shards.meta.content_hash

    @property
    def licence(self) -> str:
        """Who may use it, in words."""
        return self.shards.meta.licence or LICENCES[self.simulated]

    @property
    def split(self) -> str:
        """By what it was split into parts when it was prepared, in words."""
        return self.shards.meta.split

    @property
    def columns(self) -> tuple[Column, ...]:
        """Columns that the data has."""
        return self.shards.columns

    @property
    def encoding(self) -> Encoding:
        """How columns become numbers, learnt when it was prepared."""
        return self.shards.meta.encoding

    @property
    def parts(self) -> dict[str, int]:
        """Part -> number of its sessions."""
        return self.shards.meta.parts

    def sessions(self, part: Part) -> Iterator[tuple[Sessions, Batch]]:
        """All sessions of a part, in the order of the data, a chunk at a time, and as tensors."""
        table = self.encoding.table(self.shards.tracks())
        for window in self.shards.windows(part):
            for sessions in _chunks(window):
                yield sessions, self.encoding.encode(sessions, self.columns, table)

    def batches(
        self, part: Part, *, size: int, seed: int | None, epoch: int, rank: int, world_size: int
    ) -> Iterator[Batch]:
        """This rank's share of every global batch; shuffled by windows where there is a seed."""
        return self.shards.batches(
            part, size=size, seed=seed, epoch=epoch, rank=rank, world_size=world_size
        )


def _chunks(sessions: Sessions) -> Iterator[Sessions]:
    for start in range(0, len(sessions), CHUNK):
        yield sessions.take(slice(start, start + CHUNK))
