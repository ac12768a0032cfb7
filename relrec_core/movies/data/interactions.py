"""Read and check films, viewers and ratings from a folder of CSV files.

The folder holds `interactions.csv` (user_id, item_id, and optionally rating in (0, 5] and
timestamp), and optionally `items.csv` (item_id, title, year, any further columns are attributes
whose values are separated by `|` or in a JSON list) and `users.csv` (user_id, any further columns
are attributes; a numeric `age` is turned into a band). MovieLens is installed in this very form.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from relrec_core.errors import DataError, border, unreadable
from relrec_core.movies.data import attributes
from relrec_core.sources.about import about
from relrec_core.sources.movielens import parse_title
from relrec_core.titles import decoded

USER, ITEM, RATING, TIMESTAMP = "user_id", "item_id", "rating", "timestamp"
TITLE, YEAR, AGE = "title", "year", "age"
INTERACTIONS_FILE, ITEMS_FILE, USERS_FILE = "interactions.csv", "items.csv", "users.csv"
MAXIMUM_BYTES = 2_000_000_000
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
class MovieData:
    """Checked ratings with everything known about films and viewers.

    `users` has one row a viewer (user_id and attributes), `items` one row a rated film (item_id,
    title, year, attributes, `decade` among them); `ratings` refers to both by row number (user,
    item), with rating in (0, 5] and timestamp, which only orders a viewer's ratings. `notes` are
    sentences a person should read.
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

    @property
    def item_attributes(self) -> tuple[str, ...]:
        """Columns of attributes of movies."""
        return tuple(c for c in self.items.columns if c not in (ITEM, TITLE, YEAR))

    @property
    def user_attributes(self) -> tuple[str, ...]:
        """Columns of attributes of users."""
        return tuple(c for c in self.users.columns if c != USER)


def load(folder: Path) -> MovieData:
    """Read a folder of CSV files; raise `DataError` naming file and line at the first problem."""
    with border(unreadable(folder, "movies, users and ratings in CSV files")):
        return _loaded(folder)


def _loaded(folder: Path) -> MovieData:
    interactions = _read(folder / INTERACTIONS_FILE, (USER, ITEM))
    path = folder / INTERACTIONS_FILE
    _check_ids(path, interactions, (USER, ITEM))
    ratings = pd.DataFrame({USER: interactions[USER], ITEM: interactions[ITEM]})
    ratings[RATING] = _ratings(path, interactions)
    ratings[TIMESTAMP] = _timestamps(path, interactions)
    _check_unique(path, ratings, [USER, ITEM])

    known_items = _table(folder / ITEMS_FILE, ITEM, ratings, path)
    known_users = _table(folder / USERS_FILE, USER, ratings, path)
    items = _rated(known_items, ITEM, ratings)
    users = _rated(known_users, USER, ratings)
    ratings["user"] = pd.Index(users[USER]).get_indexer(pd.Index(ratings[USER])).astype(np.int32)
    ratings["item"] = pd.Index(items[ITEM]).get_indexer(pd.Index(ratings[ITEM])).astype(np.int32)
    ratings = ratings[["user", "item", RATING, TIMESTAMP]].sort_values(
        ["user", "item"], ignore_index=True
    )
    source = {k: v for k, v in about(folder).items() if isinstance(v, str)}
    content_hash = _content_hash(users, items, ratings)
    items, notes = _shared(ITEMS_FILE, _dated(_titled(items)), (ITEM, TITLE, YEAR))
    users, more = _shared(USERS_FILE, _banded(users), (USER,))
    return MovieData(
        name=source.get("name", folder.name),
        title=source.get("title", folder.name),
        licence=source.get("licence", "not stated"),
        content_hash=content_hash,
        users=users,
        items=items,
        ratings=ratings,
        unrated=len(known_items) - len(items),
        notes=notes + more,
    )


def _read(path: Path, required: tuple[str, ...]) -> pd.DataFrame:
    if not path.is_file():
        raise DataError(path, "no such file", "a CSV file with " + ", ".join(required))
    if path.stat().st_size > MAXIMUM_BYTES:
        found = f"{path.stat().st_size / 1e6:,.0f} MB"
        raise DataError(path, found, f"at most {MAXIMUM_BYTES // 1_000_000:,} MB")
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before, byte = error.object[: error.start], error.object[error.start]
        line = before.count(b"\n") + 1
        raise DataError(path, f"byte 0x{byte:02x}", "text in UTF-8", row=line) from error
    if not text.strip():
        raise DataError(path, "an empty file", "a header line with " + ", ".join(required))
    lines = _lines(path, raw, text)
    frame = pd.read_csv(
        io.BytesIO(raw), dtype=str, keep_default_na=False, encoding="utf-8-sig", index_col=False
    )
    missing = [c for c in required if c not in frame.columns]
    if missing:
        found = "columns " + ", ".join(map(str, frame.columns))
        raise DataError(path, found, "also " + ", ".join(missing), row=1)
    if frame.empty:
        raise DataError(path, "a header without rows", "at least one row", row=2)
    frame.index = pd.Index(lines)
    return frame


def _lines(path: Path, raw: bytes, text: str) -> Sequence[int]:
    """Number of the line each row begins on; raises if a row is not as wide as the header."""
    marks = np.frombuffer(raw.rstrip(), np.uint8)
    ends = np.flatnonzero(marks == ord("\n"))
    commas = np.searchsorted(np.flatnonzero(marks == ord(",")), [*ends, len(marks)])
    widths = np.diff(commas, prepend=0)
    simple = b'"' not in raw and b"\r" not in raw.replace(b"\r\n", b"")
    if simple and widths[0] > 0 and (widths == widths[0]).all():
        return range(2, len(ends) + 2)
    lines, width, line = [], 0, 1
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for row in reader:
            blank = len(row) <= 1 and not "".join(row).strip(" \t")
            if not blank or row == [""]:
                width = width or len(row)
                if len(row) != width:
                    found, expected = f"{len(row)} value(s)", f"{width}, as many as columns"
                    raise DataError(path, found, expected, row=line)
                lines.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        found = f"quotes that do not pair ({error})"
        raise DataError(path, found, "values with commas in double quotes", row=line) from error
    return lines[1:]


def _first(frame: pd.DataFrame, bad: npt.NDArray[np.bool_]) -> int:
    """Line in the file (header is line 1) of the first bad row."""
    return int(frame.index[int(np.argmax(bad))])


def _check_ids(path: Path, frame: pd.DataFrame, columns: tuple[str, ...]) -> None:
    for column in columns:
        bad = (frame[column].str.strip() == "").to_numpy(dtype=bool)
        if bad.any():
            raise DataError(path, "an empty value", "an id", row=_first(frame, bad), column=column)


def _check_unique(path: Path, frame: pd.DataFrame, columns: list[str]) -> None:
    bad = frame.duplicated(columns).to_numpy(dtype=bool)
    if bad.any():
        row = frame.iloc[int(np.argmax(bad))]
        found = ", ".join(f"{c} {row[c]}" for c in columns) + " a second time"
        raise DataError(path, found, "each only once", row=_first(frame, bad))


def _numbers(path: Path, frame: pd.DataFrame, column: str, expected: str) -> pd.Series[float]:
    values = pd.to_numeric(frame[column], errors="coerce")
    bad = ~np.isfinite(values.to_numpy(dtype=float))
    if bad.any():
        found = f"'{frame[column].iloc[int(np.argmax(bad))]}'"
        raise DataError(path, found, expected, row=_first(frame, bad), column=column)
    return values.astype(float)


def _ratings(path: Path, frame: pd.DataFrame) -> npt.NDArray[np.float32]:
    if RATING not in frame.columns:
        return np.full(len(frame), 5.0, dtype=np.float32)
    expected = "a number above 0 and at most 5"
    values = _numbers(path, frame, RATING, expected).to_numpy(dtype=np.float32)
    bad = (values <= 0) | (values > 5)
    if bad.any():
        found = f"'{frame[RATING].iloc[int(np.argmax(bad))]}'"
        raise DataError(path, found, expected, row=_first(frame, bad), column=RATING)
    return values


def _timestamps(path: Path, frame: pd.DataFrame) -> npt.NDArray[np.float64]:
    if TIMESTAMP not in frame.columns:
        return np.arange(len(frame), dtype=np.float64)
    values = _numbers(path, frame, TIMESTAMP, "a number that orders a user's ratings")
    return np.asarray(values, dtype=np.float64)


def _table(path: Path, key: str, ratings: pd.DataFrame, interactions: Path) -> pd.DataFrame:
    """Items or users, from their file or, where there is none, from the interactions alone."""
    if not path.exists():
        frame = pd.DataFrame({key: _ordered(ratings[key].unique())})
    else:
        frame = _read(path, (key,))
        _check_ids(path, frame, (key,))
        _check_unique(path, frame, [key])
        orphan = (~ratings[key].isin(frame[key])).to_numpy(dtype=bool)
        if orphan.any():
            found = f"'{ratings[key].iloc[int(np.argmax(orphan))]}'"
            expected = f"one that {path.name} lists"
            raise DataError(interactions, found, expected, row=_first(ratings, orphan), column=key)
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
        raise DataError(path, found, expected, row=_first(frame, bad), column=column)


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


def _rated(frame: pd.DataFrame, key: str, ratings: pd.DataFrame) -> pd.DataFrame:
    rated = set(ratings[key].unique())
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


def _content_hash(users: pd.DataFrame, items: pd.DataFrame, ratings: pd.DataFrame) -> str:
    """Identity of the data a model was trained on: ids, attributes and ratings, not times."""
    digest = hashlib.sha256()
    for frame in (users, items, ratings[["user", "item", RATING]]):
        digest.update(",".join(map(str, frame.columns)).encode())
        for column in frame.columns:
            values = frame[column]
            if values.dtype.kind in "if":
                digest.update(np.ascontiguousarray(values.to_numpy()).tobytes())
            else:
                digest.update("\x1f".join(values.astype(str)).encode())
    return digest.hexdigest()
