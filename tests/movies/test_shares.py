"""Processes that share the ratings hold together what one holds alone, and say the same of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import pytest
import torch

from relrec_core.errors import DataError
from relrec_core.movies.data.features import feature_space
from relrec_core.movies.data.interactions import MovieData, load
from relrec_core.movies.data.shares import Shares
from relrec_core.movies.data.split import likes, split
from relrec_core.movies.training.sampled import Held, SparseMasking, chance
from tests.movies import planted

pytestmark = pytest.mark.numerics

T = TypeVar("T")
PROCESSES = 3


@dataclass
class Meeting:
    """Where threads that stand for processes put down what the others take up."""

    barrier: threading.Barrier = field(default_factory=lambda: threading.Barrier(PROCESSES))
    said: list[Any] = field(default_factory=lambda: [None] * PROCESSES)

    def of(self, rank: int, what: Any) -> list[Any]:
        self.said[rank] = what
        self.barrier.wait()
        all_of_it = list(self.said)
        self.barrier.wait()
        return all_of_it


@dataclass(frozen=True)
class Process:
    """`runs.distributed.Group` of threads."""

    meeting: Meeting
    rank: int
    world_size: int = PROCESSES

    def in_turn(self, part: np.ndarray[Any, Any]) -> Iterator[np.ndarray[Any, Any]]:
        parts = self.meeting.of(self.rank, part)
        yield from parts if not self.rank else [part]

    def first_text(self, text: str) -> str:
        return next(filter(None, self.meeting.of(self.rank, text)), "")

    def broadcast_text(self, text: str) -> str:
        return str(self.meeting.of(self.rank, text)[0])


def by_all(function: Callable[[Process], T]) -> list[T | Exception]:
    """What each process finds, or raises."""
    meeting, found = Meeting(), [None] * PROCESSES

    def one(rank: int) -> None:
        try:
            found[rank] = function(Process(meeting, rank))
        except DataError as error:
            found[rank] = error

    threads = [threading.Thread(target=one, args=(rank,)) for rank in range(PROCESSES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def everything(n_items: int) -> bool:
    return n_items > 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted.folder(tmp_path_factory.mktemp("shared") / "tastes", 80, 120, 2)


@pytest.fixture(scope="module")
def shares(folder: Path) -> list[MovieData]:
    return by_all(lambda process: load(folder, Shares(process, everything)))


def test_each_holds_a_block_of_users_and_says_the_same_of_the_data(
    folder: Path, shares: list[MovieData]
) -> None:
    whole = load(folder)
    pd.testing.assert_frame_equal(
        pd.concat([data.ratings for data in shares], ignore_index=True), whole.ratings
    )
    for data in shares:
        assert data.content_hash == whole.content_hash
        pd.testing.assert_frame_equal(data.users, whole.users)
        pd.testing.assert_frame_equal(data.items, whole.items)
        assert len(data.ratings) + data.elsewhere == len(whole.ratings)
        most = whole.ratings["user"].value_counts().max()
        assert abs(len(data.ratings) - len(whole.ratings) / PROCESSES) <= most


def test_few_movies_are_not_shared(folder: Path) -> None:
    whole = load(folder)
    for data in by_all(lambda process: load(folder, Shares(process, lambda n: n > 1_000))):
        pd.testing.assert_frame_equal(data.ratings, whole.ratings)
        assert (data.elsewhere, data.content_hash) == (0, whole.content_hash)


def test_the_split_of_a_share_is_that_of_the_whole(folder: Path, shares: list[MovieData]) -> None:
    whole, before = split(load(folder), 7), 0
    summed = [part * 0 for part in (whole.train, whole.dev, whole.test)]
    for data in shares:
        own = split(data, 7, before)
        held = np.unique(data.ratings["user"])
        for part, of_all in ((own.train, whole.train), (own.dev, whole.dev)):
            assert (part[held] != of_all[held]).nnz == 0
        block = slice(int(held[0]), int(held[-1]) + 1)
        assert (whole.of(block).test != own.test).nnz == 0
        parts = (own.train, own.dev, own.test)
        summed = [a + b for a, b in zip(summed, parts, strict=True)]
        before += likes(data)
    for part, of_all in zip(summed, (whole.train, whole.dev, whole.test), strict=True):
        assert (part != of_all).nnz == 0


@pytest.mark.parametrize("line", [2, 3, -1])
def test_what_one_finds_wrong_all_say(folder: Path, tmp_path: Path, line: int) -> None:
    rows = (folder / "interactions.csv").read_text("utf-8").splitlines()
    (tmp_path / "interactions.csv").write_text("\n".join([*rows, rows[line]]), "utf-8")
    with pytest.raises(DataError, match="a second time") as alone:
        load(tmp_path)
    said = by_all(lambda process: load(tmp_path, Shares(process, everything)))
    assert [str(one) for one in said] == [str(alone.value)] * PROCESSES


def test_an_example_is_the_same_wherever_its_user_is_held(folder: Path) -> None:
    data = load(folder)
    space, liked = feature_space(data), split(data, 0).train
    counts, n_users = np.diff(liked.indptr), len(data.users)
    assert space.n_features > space.n_items
    law = {"rates": (0.2, 0.6), "seen": 0.5, "short": 0.3, "weight_power": 0.7}
    whole = SparseMasking(Held(liked, counts), space, attribute_dropout=0.5, **law)
    rows = np.random.default_rng(0).permutation(len(whole))[:40]
    expected = whole.draw(rows, torch.Generator().manual_seed(1))
    np.testing.assert_array_equal(expected.at, np.arange(40))
    seen = []
    parts = split(data, 0)
    for rank in range(PROCESSES):
        block = slice(rank * n_users // PROCESSES, (rank + 1) * n_users // PROCESSES)
        own = SparseMasking(
            Held(parts.of(block).train, counts), space, attribute_dropout=0.5, **law
        )
        found = own.draw(rows, torch.Generator().manual_seed(1))
        for row, at in enumerate(found.at):
            for one, other in ((found.bags, expected.bags), (found.labels, expected.labels)):
                a, b = slice(*one.starts[row : row + 2]), slice(*other.starts[at : at + 2])
                assert torch.equal(one.columns[a], other.columns[b])
                assert torch.equal(one.values[a], other.values[b])
            assert float(found.weight[row]) == pytest.approx(float(expected.weight[at]))
        seen.append(found.at)
    np.testing.assert_array_equal(np.sort(np.concatenate(seen)), np.arange(40))


def test_chances_are_even_and_apart() -> None:
    """Means of n even numbers lie within 5 / sqrt(12 n) of a half, their products of a quarter."""
    n = 40_000
    keys = torch.randint(2**62, (n,), generator=torch.Generator().manual_seed(0)).numpy()
    for numbers in (np.arange(n), np.zeros(n, np.int32)):
        one = chance(keys.astype(np.uint64), numbers)
        other = chance(keys.astype(np.uint64), numbers + 1)
        assert one.min() >= 0 and one.max() < 1
        assert one.mean() == pytest.approx(0.5, abs=5 / np.sqrt(12 * n))
        assert np.corrcoef(one, other)[0, 1] == pytest.approx(0, abs=5 / np.sqrt(n))
        assert np.histogram(one, 20, (0, 1))[0] == pytest.approx(n / 20, abs=5 * np.sqrt(n / 20))
    same_key = chance(np.zeros(n, np.uint64), np.arange(n))
    assert same_key.mean() == pytest.approx(0.5, abs=5 / np.sqrt(12 * n))
