"""Read and check films, viewers and ratings from a folder of tables.

The folder holds `interactions.csv` or `interactions.parquet` (user_id, item_id, and optionally
rating in (0, 5] and timestamp), and optionally `items.csv` (item_id, title, year, any further
columns are attributes whose values are separated by `|` or in a JSON list) and `users.csv`
(user_id, any further columns are attributes; a numeric `age` is turned into a band). MovieLens is
installed in this very form, or in GroupLens's own since 2014: `ratings.csv` (userId, movieId) and
`movies.csv`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from relrec_core.errors import DataError, border, unreadable
from relrec_core.movies.data import attributes, ratings, tables
from relrec_core.movies.data.ratings import Columns, Ratings
from relrec_core.movies.data.shares import Shares
from relrec_core.sources.about import about
from relrec_core.sources.movielens import parse_title
from relrec_core.titles import decoded

USER, ITEM, RATING, TIMESTAMP = "user_id", "item_id", "rating", "timestamp"
TITLE, YEAR, AGE = "title", "year", "age"
INTERACTIONS_FILE, ITEMS_FILE, USERS_FILE = "interactions.csv", "items.csv", "users.csv"
PARQUET_FILE = "interactions.parquet"
LIKED_FROM = 3.0
AGE_BANDS = (
    (18, "under 18"),
    (25, "18 to 24"),
    (35, "25 to 34"),
    (45, "35 to 44"),
    (50, "45 to 49"),
    (56, "50 to 55"),
    (200, "56 or older"),
)


@dataclass(frozen=True)
class Layout:
    """How a folder calls its files and the columns of its ratings."""

    interactions: str
    items: str
    users: str
    columns: Columns


OWN = Columns(USER, ITEM, RATING, TIMESTAMP)
LAYOUTS = (
    Layout(INTERACTIONS_FILE, ITEMS_FILE, USERS_FILE, OWN),
    Layout(PARQUET_FILE, ITEMS_FILE, USERS_FILE, OWN),
    Layout(
        "ratings.csv",
        "movies.csv",
        USERS_FILE,
        Columns("userId", "movieId", RATING, TIMESTAMP),
    ),
)
"""Our own, and GroupLens's of MovieLens since 2014 (ml-latest-small, ml-25m, ml-32m)."""


@dataclass(frozen=True)
class MovieData:
    """Checked ratings with everything known about films and viewers.

    `users` has one row a viewer (user_id and attributes), `items` one row a rated film (item_id,
    title, year, attributes, `decade` among them); `ratings` refers to both by row number (user,
    item), with rating in (0, 5] and timestamp, which only orders a viewer's ratings. `notes` are
    sentences a person should read; `elsewhere` counts ratings that other processes hold.
    """

    name: str
    title: str
    licence: str
    content_hash: str
    users: pd.DataFrame
    items: pd.DataFrame
    ratings: pd.DataFrame
    unrated: int
    notes: tuple[str, ...] = ()
    elsewhere: int = 0

    @property
    def item_attributes(self) -> tuple[str, ...]:
        """Columns of attributes of movies."""
        return tuple(c for c in self.items.columns if c not in (ITEM, TITLE, YEAR))

    @property
    def user_attributes(self) -> tuple[str, ...]:
        """Columns of attributes of users."""
        return tuple(c for c in self.users.columns if c != USER)


def load(folder: Path, shares: Shares | None = None) -> MovieData:
    """Read a folder of tables; raise `DataError` naming file and line at the first problem.

    Processes that share the ratings read the file twice: for the ids of all, and for the ratings of
    their own users. All of them raise the same.
    """
    with border(unreadable(folder, "movies, users and ratings in tables")):
        return _loaded(folder, shares)


def interactions_file(folder: Path) -> Path | None:
    """The file with the ratings, whichever layout the folder has; None where there is none."""
    files = (folder / layout.interactions for layout in LAYOUTS)
    return next((file for file in files if file.is_file()), None)


def _loaded(folder: Path, shares: Shares | None) -> MovieData:
    there = [of for of in LAYOUTS if (folder / of.interactions).is_file()]
    if len(there) > 1:
        first, second = (folder / of.interactions for of in there[:2])
        raise DataError(second, f"the file {first.name} beside it", "one file of interactions")
    layout = there[0] if there else LAYOUTS[0]
    path = folder / layout.interactions
    found = ratings.read(path, layout.columns, ratings.nobody if shares else ratings.everyone)
    known_items = _table(folder / layout.items, layout, ITEM, found, path)
    known_users = _table(folder / layout.users, layout, USER, found, path)
    items = _rated(known_items, ITEM, found.items)
    users = _rated(known_users, USER, found.users)
    if shares:
        shares = shares if shares.shared(len(items)) else None
        kept = _kept(found, users, shares)
        found = ratings.read(path, layout.columns, lambda user: kept[user])
    frame = _framed(path, found, users, items, shares)
    source = {k: v for k, v in about(folder).items() if isinstance(v, str)}
    content_hash = _content_hash(users, items, frame, shares)
    items, notes = _shared(layout.items, _dated(_titled(items)), (ITEM, TITLE, YEAR))
    users, more = _shared(layout.users, _banded(users), (USER,))
    return MovieData(
        name=source.get("name", folder.name),
        title=source.get("title", folder.name),
        licence=source.get("licence", "not stated"),
        content_hash=content_hash,
        users=users,
        items=items,
        ratings=frame,
        unrated=len(known_items) - len(items),
        notes=notes + more,
        elsewhere=int(found.counts.sum()) - len(frame),
    )


def _kept(of: Ratings, users: pd.DataFrame, shares: Shares | None) -> npt.NDArray[np.bool_]:
    """Whether this process holds the ratings of each user, by the users' numbers."""
    place = pd.Index(of.users).get_indexer(pd.Index(users[USER]))  # number of each row's user
    kept = np.ones(len(place), dtype=bool)
    if shares:
        kept[place] = shares.held(of.counts[place])
    return kept


def _framed(
    path: Path, of: Ratings, users: pd.DataFrame, items: pd.DataFrame, shares: Shares | None
) -> pd.DataFrame:
    """Ratings by rows of the tables, in their order; raises where a user rated a movie twice."""
    columns = ((USER, users, of.users, of.user), (ITEM, items, of.items, of.item))
    user, item = (
        pd.Index(table[key]).get_indexer(pd.Index(ids)).astype(np.int32)[codes]
        for key, table, ids, codes in columns
    )
    place = user.astype(np.int64) * len(items) + item
    order = np.argsort(place, kind="stable")
    again = ""
    if (np.diff(place[order]) == 0).any():
        row = int(np.argmax(pd.Series(place).duplicated()))
        ids = f"{USER} {of.users[of.user[row]]}, {ITEM} {of.items[of.item[row]]}"
        again = f"{of.lines[row]} {ids}"
    if shares:
        again = shares.group.first_text(again)
    if again:
        line, ids = again.split(" ", 1)
        raise DataError(path, f"{ids} a second time", "each only once", row=int(line))
    return pd.DataFrame(
        {
            "user": user[order],
            "item": item[order],
            RATING: of.rating[order],
            TIMESTAMP: of.timestamp[order],
        }
    )


def _table(path: Path, layout: Layout, key: str, of: Ratings, source: Path) -> pd.DataFrame:
    """Items or users, from their file or, where there is none, from the interactions alone."""
    ids, codes = (of.items, of.item) if key == ITEM else (of.users, of.user)
    if not path.exists():
        frame = pd.DataFrame({key: _ordered(ids)})
    else:
        said = layout.columns.item if key == ITEM else layout.columns.user
        frame = tables.read(path, (said,))
        tables.check_ids(path, frame, (said,))
        tables.check_unique(path, frame, [said])
        orphan = ~pd.Index(ids).isin(frame[said])
        if orphan.any():
            first = int(np.argmax(orphan))
            rows = np.flatnonzero(codes == first)  # none where only ids were read
            found, expected = f"'{ids[first]}'", f"one that {path.name} lists"
            row = int(of.lines[rows[0]]) if len(rows) else None
            raise DataError(source, found, expected, row=row, column=said)
        frame = frame.rename(columns={said: key})
        for column in frame.columns.difference([key, TITLE], sort=False):
            frame[column] = attributes.read(path, frame[column])
        _check_attributes(path, frame, key)
    if key == ITEM and TITLE not in frame.columns:
        frame[TITLE] = frame[ITEM]
    return frame


def _check_column(
    path: Path, frame: pd.DataFrame, column: str, fits: pd.Series[bool], expected: str
) -> None:
    bad = ~fits.to_numpy(dtype=bool)
    if bad.any():
        found = f"'{frame[column].iloc[int(np.argmax(bad))]}'"
        raise DataError(path, found, expected, row=tables.first(frame, bad), column=column)


def _check_attributes(path: Path, frame: pd.DataFrame, key: str) -> None:
    """Films' years are whole numbers or nothing; viewers' ages those of people, or words."""
    taken = [c for c in frame.columns if c.lower().removesuffix("s") == "film"]
    if taken:
        raise DataError(path, f"column '{taken[0]}'", "another name for this attribute", row=1)
    if key == ITEM and YEAR in frame.columns:
        years = pd.to_numeric(frame[YEAR], errors="coerce")
        fits = (frame[YEAR] == "") | (years.between(1000, 2999) & (years % 1 == 0))
        _check_column(path, frame, YEAR, fits, "four digits or nothing")
    if key == USER and AGE in frame.columns:
        ages = pd.to_numeric(frame[AGE], errors="coerce")
        _check_column(path, frame, AGE, ages.isna() | ages.between(0, 150), "years from 0 to 150")


def _ordered(ids: npt.ArrayLike) -> list[str]:
    """Numbers by value, then everything else by spelling."""
    return sorted(
        np.asarray(ids, dtype=object).tolist(),
        key=lambda s: (0, *_by_value(s), s) if s.isascii() and s.isdigit() else (1, 0, "", s),
    )


def _by_value(digits: str) -> tuple[int, str]:
    """Sorts whole numbers of any length by value."""
    plain = digits.lstrip("0")
    return len(plain), plain


def _rated(frame: pd.DataFrame, key: str, ids: list[str]) -> pd.DataFrame:
    rated = set(ids)
    order = [i for i in _ordered(frame[key]) if i in rated]
    return frame.set_index(key).loc[order].reset_index()


def _banded(users: pd.DataFrame) -> pd.DataFrame:
    if AGE not in users.columns:
        return users
    ages = pd.to_numeric(users[AGE], errors="coerce")
    if ages.isna().all():
        return users
    limits = [limit for limit, _ in AGE_BANDS]
    names = np.array([name for _, name in AGE_BANDS], dtype=object)
    known = ages.fillna(0).to_numpy(dtype=float)
    bands = names[np.searchsorted(limits, known, side="right")]
    return users.assign(age=np.where(ages.isna(), users[AGE].to_numpy(dtype=object), bands))


def _dated(items: pd.DataFrame) -> pd.DataFrame:
    if YEAR not in items.columns:
        return items
    years = pd.to_numeric(items[YEAR].where(items[YEAR] != "", None), errors="coerce")
    decades = [f"{int(y) // 10 * 10}s" if y == y else "" for y in years]
    return items.assign(year=years.astype("Int64"), decade=decades)


def _titled(items: pd.DataFrame) -> pd.DataFrame:
    """Titles decoded and never empty; a year at their end is the film's if it has no other."""
    known = items[YEAR] if YEAR in items.columns else [""] * len(items)
    titles, years = [], []
    for item, title, year in zip(items[ITEM], items[TITLE], known, strict=True):
        title = decoded(title) or item
        bare, found = parse_title(title)
        if found and 1000 <= int(found) <= 2999 and (year == "" or float(year) == int(found)):
            title, year = bare, found
        titles.append(title)
        years.append(year)
    titled = items.assign(title=titles)
    return titled.assign(year=years) if any(years) or YEAR in items.columns else titled


def _shared(
    file: str, frame: pd.DataFrame, fixed: tuple[str, ...]
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The table without columns that are no attributes, and a note on each."""
    reasons = attributes.left_out(frame, [c for c in frame.columns if c not in fixed])
    notes = tuple(f"Column '{c}' of {file} is left out: {why}." for c, why in reasons.items())
    return frame.drop(columns=list(reasons)), notes


def _content_hash(
    users: pd.DataFrame, items: pd.DataFrame, ratings: pd.DataFrame, shares: Shares | None
) -> str:
    """Identity of the data a model was trained on: ids, attributes and ratings, not times."""
    digest = hashlib.sha256()
    rated = ratings[["user", "item", RATING]]
    for frame in (users, items, rated):
        digest.update(",".join(map(str, frame.columns)).encode())
        for column in frame.columns:
            values = frame[column]
            if values.dtype.kind in "if":
                own = np.ascontiguousarray(values.to_numpy())
                of_all = shares.group.in_turn(own) if shares and frame is rated else iter([own])
                for part in of_all:
                    digest.update(part.tobytes())
            else:
                digest.update("\x1f".join(values.astype(str)).encode())
    found = digest.hexdigest()
    return shares.group.broadcast_text(found) if shares else found
