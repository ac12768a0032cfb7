"""MovieLens in GroupLens's layout since 2014: two CSV files, installed as they are.

They are too large to be read as a whole, so what says that they are complete is how much they
hold, counted while they stream by; the archives have checksums of their own.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from relrec_core.errors import DataError
from relrec_core.sources.layout import Layout

RATINGS_FILE, MOVIES_FILE = "ratings.csv", "movies.csv"
FILES = (RATINGS_FILE, MOVIES_FILE)
_COLUMNS = {
    RATINGS_FILE: ["userId", "movieId", "rating", "timestamp"],
    MOVIES_FILE: ["movieId", "title", "genres"],
}


def said(ratings: int, movies: int, users: int) -> str:
    """What stands for the content of a release: its counts."""
    return f"{ratings:,} ratings of {movies:,} movies by {users:,} users"


@dataclass(frozen=True)
class Release:
    """The unpacked files of a release, and how many ratings, listed movies and users they hold."""

    folder: Path
    ratings: int
    movies: int
    users: int

    def content_hash(self) -> str:
        """Its counts, as `said` writes them."""
        return said(self.ratings, self.movies, self.users)

    def write(self, folder: Path) -> None:
        """Copy the two files into an existing folder."""
        for name in FILES:
            shutil.copyfile(self.folder / name, folder / name)


def parse(folder: Path) -> Release:
    """Count what ratings.csv and movies.csv of an unpacked archive hold.

    Raises:
        DataError: a file has other columns.
    """
    import polars as pl  # once loaded, Ctrl-C no longer ends what the launcher waits for

    for name, expected in _COLUMNS.items():
        with (folder / name).open(encoding="utf-8-sig") as file:
            found = file.readline().strip().split(",")
        if found != expected:
            raise DataError(
                folder / name, "columns " + ", ".join(found), ", ".join(expected), row=1
            )
    users = pl.scan_csv(folder / RATINGS_FILE, infer_schema=False).select(
        pl.len().alias("ratings"), pl.col("userId").n_unique().alias("users")
    )
    movies = pl.scan_csv(folder / MOVIES_FILE, infer_schema=False).select(pl.len())
    counted = users.collect(engine="streaming").row(0)
    return Release(folder, counted[0], movies.collect(engine="streaming").item(), counted[1])


def layouts(name: str) -> tuple[Layout, ...]:
    """How the release of that name is handed out."""
    return (Layout(name, FILES, parse),)
