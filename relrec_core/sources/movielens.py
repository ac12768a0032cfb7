"""MovieLens in every layout it comes in, brought to one form: three CSV files.

The official archives and the copy inside the RecBole wheel differ in separators, encodings and
in how they write titles and genres. Both are parsed into the same canonical `Frames`, whose
content hash says whether two places gave the same data.
"""

from __future__ import annotations

import csv
import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from relrec_core.errors import DataError
from relrec_core.sources.layout import Layout

INTERACTIONS_FILE, ITEMS_FILE, USERS_FILE = "interactions.csv", "items.csv", "users.csv"
FILES = (INTERACTIONS_FILE, ITEMS_FILE, USERS_FILE)
MAXIMUM_ROWS = 1_000_210
"""A header, and the ratings of the larger data set, ML-1M."""

GENRES_100K = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime"),
    *("Documentary", "Drama", "Fantasy", "Film-Noir", "Horror", "Musical", "Mystery"),
    *("Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
OCCUPATIONS_1M = (
    *("other", "academic/educator", "artist", "clerical/admin", "college/grad student"),
    *("customer service", "doctor/health care", "executive/managerial", "farmer", "homemaker"),
    *("K-12 student", "lawyer", "programmer", "retired", "sales/marketing", "scientist"),
    *("self-employed", "technician/engineer", "tradesman/craftsman", "unemployed", "writer"),
)
_YEAR_AT_END = re.compile(r"^(.*?)\s*\((\d{4})\)(?:\s*\(T?V\))?$")


class Interaction(NamedTuple):
    """One rating: a line of interactions.csv."""

    user_id: int
    item_id: int
    rating: int
    timestamp: int


class Item(NamedTuple):
    """One film: a line of items.csv. `year` is empty when unknown, `genres` are joined by |."""

    item_id: int
    title: str
    year: str
    genres: str


class User(NamedTuple):
    """One viewer: a line of users.csv. In ML-1M `age` is the lower end of a range of years."""

    user_id: int
    gender: str
    age: int
    occupation: str


@dataclass(frozen=True)
class Frames:
    """MovieLens in canonical form: each table sorted by its ids."""

    interactions: tuple[Interaction, ...]
    items: tuple[Item, ...]
    users: tuple[User, ...]

    def content_hash(self) -> str:
        """SHA-256 of everything except timestamps, which not every copy of the data keeps."""
        digest = hashlib.sha256()
        for name, rows in (
            (INTERACTIONS_FILE, (row[:3] for row in self.interactions)),
            (ITEMS_FILE, iter(self.items)),
            (USERS_FILE, iter(self.users)),
        ):
            digest.update(f"{name}\n".encode())
            for row in rows:
                digest.update(("\t".join(map(str, row)) + "\n").encode())
        return digest.hexdigest()

    def write(self, folder: Path) -> None:
        """Write the three CSV files into an existing folder."""
        _write(folder / INTERACTIONS_FILE, Interaction._fields, self.interactions)
        _write(folder / ITEMS_FILE, Item._fields, self.items)
        _write(folder / USERS_FILE, User._fields, self.users)


def parse_title(text: str) -> tuple[str, str]:
    """Split "Title (1995)" into title and year; the year is empty when there is none.

    Whitespace is normalised, a trailing mark for video or television releases, (V) or (TV), is
    dropped, and other titles in parentheses stay.
    """
    text = " ".join(unicodedata.normalize("NFC", text).split())
    match = _YEAR_AT_END.match(text)
    if match is None or not match[1]:
        return text, ""
    return match[1], match[2]


def parse_official_100k(folder: Path) -> Frames:
    """Parse u.data, u.item and u.user of the official ML-100K archive."""
    items, users, ratings = folder / "u.item", folder / "u.user", folder / "u.data"
    return _frames(
        (
            _interaction(ratings, row, cells)
            for row, cells in _lines(ratings, "\t", "latin-1", columns=4)
        ),
        (
            _item(items, row, cells[0], cells[1], _flagged(items, row, cells[5:]))
            for row, cells in _lines(items, "|", "latin-1", columns=5 + len(GENRES_100K))
        ),
        (
            User(_int(users, row, cells[0]), cells[2], _int(users, row, cells[1]), cells[3])
            for row, cells in _lines(users, "|", "latin-1", columns=5)
        ),
    )


def parse_recbole_100k(folder: Path) -> Frames:
    """Parse the three files with typed headers that RecBole carries as its example data."""
    ratings, items, users = (folder / f"ml-100k.{kind}" for kind in ("inter", "item", "user"))
    return _frames(
        (
            _interaction(ratings, row, cells)
            for row, cells in _lines(ratings, "\t", "utf-8", columns=4, header=True)
        ),
        (
            _item(items, row, cells[0], _official_title(cells[1], cells[2]), cells[3].split(" "))
            for row, cells in _lines(items, "\t", "utf-8", columns=4, header=True)
        ),
        (
            User(_int(users, row, cells[0]), cells[2], _int(users, row, cells[1]), cells[3])
            for row, cells in _lines(users, "\t", "utf-8", columns=5, header=True)
        ),
    )


def parse_official_1m(folder: Path) -> Frames:
    """Parse ratings.dat, movies.dat and users.dat of the official ML-1M archive."""
    ratings, items, users = (folder / f"{name}.dat" for name in ("ratings", "movies", "users"))
    return _frames(
        (
            _interaction(ratings, row, cells)
            for row, cells in _lines(ratings, "::", "latin-1", columns=4)
        ),
        (
            _item(items, row, cells[0], cells[1], cells[2].split("|"))
            for row, cells in _lines(items, "::", "latin-1", columns=3)
        ),
        (
            User(
                _int(users, row, cells[0]),
                cells[1],
                _int(users, row, cells[2]),
                _occupation(users, row, cells[3]),
            )
            for row, cells in _lines(users, "::", "latin-1", columns=5)
        ),
    )


LAYOUTS_100K = (
    Layout("ml-100k", ("u.data", "u.item", "u.user"), parse_official_100k),
    Layout(
        "recbole/dataset_example/ml-100k",
        ("ml-100k.inter", "ml-100k.item", "ml-100k.user"),
        parse_recbole_100k,
    ),
)
LAYOUTS_1M = (Layout("ml-1m", ("ratings.dat", "movies.dat", "users.dat"), parse_official_1m),)


def _frames(
    interactions: Iterator[Interaction], items: Iterator[Item], users: Iterator[User]
) -> Frames:
    return Frames(tuple(sorted(interactions)), tuple(sorted(items)), tuple(sorted(users)))


def _lines(
    path: Path, separator: str, encoding: str, *, columns: int, header: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of each line that is not empty."""
    try:
        with path.open(encoding=encoding, newline="\n") as file:
            for row, line in enumerate(file, start=1):
                text = line.rstrip("\r\n")
                if not text or (header and row == 1):
                    continue
                cells = text.split(separator)
                if row > MAXIMUM_ROWS:
                    raise DataError(path, "more lines", f"at most {MAXIMUM_ROWS:,}", row=row)
                if len(cells) != columns:
                    raise DataError(path, f"{len(cells)} values", f"{columns}", row=row)
                yield row, cells
    except UnicodeDecodeError as error:
        found = f"a byte 0x{error.object[error.start]:02x}"
        raise DataError(path, found, f"text in {encoding.upper()}") from error


def _int(path: Path, row: int, text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise DataError(path, f"'{text}'", "a whole number", row=row) from None


def _interaction(path: Path, row: int, cells: list[str]) -> Interaction:
    return Interaction(*(_int(path, row, cell) for cell in cells))


def _item(path: Path, row: int, item_id: str, title: str, genres: list[str]) -> Item:
    name, year = parse_title(title)
    named = sorted({genre.strip() for genre in genres} - {""})
    return Item(_int(path, row, item_id), name, year, "|".join(named))


def _flagged(path: Path, row: int, flags: list[str]) -> list[str]:
    """Names of the genres whose bit is set."""
    if not set(flags) <= {"0", "1"}:
        raise DataError(path, "genre marks " + "|".join(flags), "only 0 and 1", row=row)
    return [genre for genre, flag in zip(GENRES_100K, flags, strict=True) if flag == "1"]


def _official_title(title: str, year: str) -> str:
    """Put RecBole's two columns together again as the official file writes them.

    RecBole cut each title at its last parenthesis, so that "(V)" became a year once, and
    replaced the one title without a year by a misspelt "unknown".
    """
    if year == "unkonwn":
        return "unknown" if title == "unkonwn" else title
    return f"{title} ({year})"


def _occupation(path: Path, row: int, code: str) -> str:
    number = _int(path, row, code)
    if not 0 <= number < len(OCCUPATIONS_1M):
        expected = f"an occupation code from 0 to {len(OCCUPATIONS_1M) - 1}"
        raise DataError(path, f"'{code}'", expected, row=row)
    return OCCUPATIONS_1M[number]


def _write(path: Path, fields: tuple[str, ...], rows: tuple[tuple[object, ...], ...]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(fields)
        writer.writerows(rows)
