"""Ratings in the shape of a data set that cannot be shipped: as many users, movies and ratings.

Few movies have most of the ratings and few users have rated most, by power laws as in MovieLens;
every user prefers a few genres, so that there is something to be learnt.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow.parquet as pq

from relrec_core.movies.data.interactions import ITEMS_FILE, PARQUET_FILE

Indices = npt.NDArray[np.int64]
Doubles = npt.NDArray[np.float64]
FEWEST, SPREAD = 20, 1.1
"""Ratings that a user has at least, and the standard deviation of the logarithm beyond them."""
HEAD, POWER = 0.01, 1.8
"""A movie of rank r among V is rated in proportion to (r + `HEAD` V)^-`POWER`."""
GENRES, PREFERRED = 24, 0.25
"""How many genres there are, and how evenly a user takes to them (of a Dirichlet distribution)."""
STARS = (0.05, 0.12, 0.23, 0.35, 0.25)
"""Chances of one star to five."""
DRAWN = 4.0
"""Draws for each rating: what is drawn a second time does not count."""
BLOCK = 20_000
"""Users that are generated at once."""


@dataclass(frozen=True)
class Shape:
    """So many users and movies, and about so many ratings, drawn anew for each seed."""

    users: int
    movies: int
    ratings: int
    seed: int = 0

    @property
    def said(self) -> str:
        """As a row of a benchmark begins."""
        return f"{self.ratings:,} ratings"

    def write(self, folder: Path) -> None:
        """As a folder of tables: `interactions.parquet` and `items.csv`, with genres and years."""
        chance = np.random.default_rng(self.seed)
        genres = chance.integers(0, GENRES, self.movies)
        self._items(genres, chance).write_csv(folder / ITEMS_FILE)
        counts = self._counts(chance)
        draw = _Draws(genres, chance)
        writer = None
        for first in range(0, self.users, BLOCK):
            rows = np.arange(first, min(first + BLOCK, self.users))
            frame = draw.of(rows, counts[rows])
            if not first:
                frame = pl.concat([_every(self.movies, rows, chance), frame])
                frame = frame.unique(["user_id", "item_id"], maintain_order=True)
            table = frame.to_arrow()
            writer = writer or pq.ParquetWriter(folder / PARQUET_FILE, table.schema)
            writer.write_table(table)
        if writer:
            writer.close()

    def _items(self, genres: Indices, chance: np.random.Generator) -> pl.DataFrame:
        """Every movie has a genre of its own and, of half of the movies, another."""
        second = np.where(chance.random(self.movies) < 0.5, genres, (genres * 7 + 3) % GENRES)
        return pl.DataFrame(
            {
                "item_id": np.arange(self.movies),
                "title": [f"Movie {k}" for k in range(self.movies)],
                "year": chance.integers(1950, 2020, self.movies),
                "genres": [
                    f"genre {a}" if a == b else f"genre {a}|genre {b}"
                    for a, b in zip(genres.tolist(), second.tolist(), strict=True)
                ],
            }
        )

    def _counts(self, chance: np.random.Generator) -> Indices:
        """How many ratings each user has, (B,)."""
        beyond = chance.lognormal(0, SPREAD, self.users)
        left = self.ratings - self.users * FEWEST - self.movies
        counts = FEWEST + beyond * (left / beyond.sum())
        return np.asarray(np.minimum(np.round(counts), self.movies // 4), dtype=np.int64)


class _Draws:
    """Movies for users: first a genre by the user's taste, then a movie of it by its rank."""

    def __init__(self, genres: Indices, chance: np.random.Generator) -> None:
        self._chance = chance
        v = len(genres)
        weight = (chance.permutation(v) + HEAD * v) ** -POWER
        self._order = np.argsort(genres, kind="stable")
        self._sums = np.cumsum(weight[self._order])  # (V,)
        ends = np.searchsorted(genres[self._order], np.arange(GENRES), side="right")
        self._ends = np.where(ends > 0, self._sums[ends - 1], 0.0)  # (G,)
        self._starts = np.r_[0.0, self._ends[:-1]]

    def of(self, users: Indices, counts: Indices) -> pl.DataFrame:
        """About so many ratings (B,) of each of the users (B,), every movie once."""
        size = self._ends - self._starts
        taste = self._chance.dirichlet(GENRES * PREFERRED * size / size.sum(), len(users))  # (B, G)
        own = np.repeat(np.arange(len(users)), np.ceil(DRAWN * counts).astype(np.int64))
        sums = taste.cumsum(axis=1) + np.arange(len(users))[:, None]
        genre = np.searchsorted(sums.ravel(), own + self._chance.random(len(own)))
        genre = np.clip(genre - own * GENRES, 0, GENRES - 1)
        point = self._starts[genre] + self._chance.random(len(own)) * size[genre]
        item = self._order[np.minimum(np.searchsorted(self._sums, point), len(self._order) - 1)]
        drawn = pl.DataFrame({"own": own, "item_id": item}).unique(maintain_order=True)
        own = drawn["own"].to_numpy()
        place = np.arange(len(own)) - np.searchsorted(own, own)
        kept = drawn.filter(pl.Series(place < counts[own]))
        return _rated(users[kept["own"].to_numpy()], kept["item_id"].to_numpy(), self._chance)


def _every(movies: int, users: Indices, chance: np.random.Generator) -> pl.DataFrame:
    """One rating of every movie, by any of the users, so that each is there."""
    return _rated(chance.choice(users, movies), np.arange(movies), chance)


def _rated(users: Indices, items: Indices, chance: np.random.Generator) -> pl.DataFrame:
    stars = np.searchsorted(np.cumsum(STARS), chance.random(len(users))) + 1
    return pl.DataFrame(
        {"user_id": users, "item_id": items, "rating": np.minimum(stars, 5).astype(np.float64)}
    )
