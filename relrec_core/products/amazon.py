"""Amazon's product data (McAuley et al. 2014) as a catalogue folder, in bounded memory.

    python -m relrec_core.products.amazon convert meta_Clothing.json.gz FOLDER --reviews R.json.gz
    python -m relrec_core.products.amazon images FOLDER --per-second 10

`meta_*.json.gz` has one Python literal a line, reviews have JSON or literals. What has to be
joined and sorted goes through a temporary SQLite file beside the result, not through memory.
"""

from __future__ import annotations

import argparse
import ast
import csv
import gzip
import json
import re
import sqlite3
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from relrec_core.errors import DataError, RelRecError, border, storing, unreadable
from relrec_core.products import data, downloads

RELATIONS = ("also_bought", "also_viewed", "bought_together", "buy_after_viewing")
MAXIMUM_LINE = 4_000_000
"""Bytes; a longer line is counted as broken and skipped."""
UNSORTED = "uncategorised"
_ASIN = re.compile(r"[A-Za-z0-9]{1,20}")
_HALF = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
_BATCH = 1_000
_TABLES = """
CREATE TABLE items (asin TEXT PRIMARY KEY, title TEXT, category TEXT, url TEXT) WITHOUT ROWID;
CREATE TABLE pairs (one TEXT, other TEXT, relation TEXT, PRIMARY KEY (one, other, relation))
    WITHOUT ROWID;
CREATE TABLE bought (user TEXT, time INTEGER, asin TEXT, PRIMARY KEY (user, time, asin))
    WITHOUT ROWID;
"""
_DROP_UNKNOWN = (
    "DELETE FROM pairs WHERE one NOT IN (SELECT asin FROM items) "
    "OR other NOT IN (SELECT asin FROM items)"
)
_DROP_UNRELATED = (
    "DELETE FROM items WHERE asin NOT IN (SELECT one FROM pairs UNION SELECT other FROM pairs)"
)
_DROP_UNKNOWN_BOUGHT = "DELETE FROM bought WHERE asin NOT IN (SELECT asin FROM items)"
_ITEMS = "SELECT asin, title, category, 'images/' || asin || '.jpg', url FROM items ORDER BY asin"
_PAIRS = "SELECT one, other, relation FROM pairs ORDER BY relation, one, other"
_BOUGHT = (
    "SELECT user, asin FROM "
    "(SELECT user, asin, MIN(time) AS first FROM bought GROUP BY user, asin) "
    "WHERE user IN (SELECT user FROM bought GROUP BY user HAVING COUNT(DISTINCT asin) >= ?) "
    "ORDER BY user, first, asin"
)


@dataclass(frozen=True)
class Counts:
    """What a conversion gave, and what it had to leave aside."""

    items: int
    pairs: int
    purchases: int
    broken_lines: int
    without_picture: int
    unrelated: int


@dataclass
class _Skipped:
    broken: int = 0
    pictureless: int = 0


def convert(
    meta: Path,
    folder: Path,
    *,
    reviews: Path | None = None,
    within: str = "",
    depth: int = 2,
    limit: int | None = None,
    purchases_from: int = 5,
) -> Counts:
    """Write a new catalogue folder, whole or not at all; the pictures come later.

    Args:
        meta: `meta_*.json.gz`.
        folder: where to write; it must not exist yet.
        reviews: `reviews_*.json.gz`; who reviewed a product is taken to have bought it.
        within: keep only products one of whose category paths holds this name.
        depth: level of a product's first category path that becomes its category, from 1.
        limit: stop after so many products with a picture.
        purchases_from: keep users with at least so many products.

    Raises:
        DataError: a file is missing or damaged, or nothing usable is in it.
    """
    with border(unreadable(meta, "Amazon's product data")), storing(folder):
        return _converted(meta, folder, reviews, within, depth, limit, purchases_from)


def _converted(
    meta: Path,
    folder: Path,
    reviews: Path | None,
    within: str,
    depth: int,
    limit: int | None,
    purchases_from: int,
) -> Counts:
    if folder.exists():
        raise DataError(folder, "a file or folder that is there already", "a new folder")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as temporary:
        staging = Path(temporary) / "new"
        (staging / "images").mkdir(parents=True)
        skipped = _Skipped()
        with closing(sqlite3.connect(Path(temporary) / "work.sqlite")) as store:
            store.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _TABLES)
            _read_items(store, meta, within, depth, limit, skipped)
            if reviews is not None:
                _read_reviews(store, reviews, skipped)
            store.execute(_DROP_UNKNOWN)
            unrelated = store.execute(_DROP_UNRELATED).rowcount
            store.execute(_DROP_UNKNOWN_BOUGHT)
            purchases = 0
            if reviews is not None:
                bought = store.execute(_BOUGHT, (purchases_from,))
                path, columns = staging / data.PURCHASES_FILE, (data.USER, data.ITEM)
                purchases = _write(path, columns, bought)
            counts = Counts(
                items=_number(store, "items"),
                pairs=_number(store, "pairs"),
                purchases=purchases,
                broken_lines=skipped.broken,
                without_picture=skipped.pictureless,
                unrelated=unrelated,
            )
            if not counts.pairs:
                found = f"no related products with pictures ({skipped.broken:,} broken lines)"
                raise DataError(meta, found, "Amazon's product metadata, one literal a line")
            described = (data.ITEM, data.TITLE, data.CATEGORY, data.IMAGE, downloads.URL)
            _write(staging / data.ITEMS_FILE, described, store.execute(_ITEMS))
            relations = (data.SOURCE, data.TARGET, data.RELATION)
            _write(staging / data.RELATIONS_FILE, relations, store.execute(_PAIRS))
        about = {
            "name": folder.name,
            "title": f"Amazon 2014, {meta.name.removesuffix('.json.gz')}",
            "licence": "McAuley et al.: research use; photos and texts belong to their owners",
        }
        (staging / data.SOURCE_FILE).write_text(json.dumps(about, indent=2) + "\n", "utf-8")
        staging.rename(folder)
    return counts


def _lines(path: Path, skipped: _Skipped) -> Iterator[dict[str, object]]:
    """The record of each line that holds one; other lines are counted."""
    if not path.is_file():
        raise DataError(path, "no such file", "a gzipped file of Amazon's product data")
    number = 0
    try:
        with gzip.open(path, "rb") as file:
            while line := file.readline(MAXIMUM_LINE):
                number += 1
                whole = line.endswith(b"\n") or len(line) < MAXIMUM_LINE
                record = _record(line) if whole else None
                while not whole:
                    rest = file.readline(MAXIMUM_LINE)
                    whole = rest.endswith(b"\n") or not rest
                if isinstance(record, dict):
                    yield record
                elif line.strip():
                    skipped.broken += 1
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        found = f"damaged or cut off gzip data ({error})"
        raise DataError(path, found, "a whole .json.gz file", row=number + 1) from error


def _record(line: bytes) -> object:
    """Value of a line, JSON or a Python literal; None if it is neither. Nothing is executed."""
    try:
        text = line.decode("utf-8").strip()
    except UnicodeDecodeError:
        return None
    if "\\ud" in text.lower():  # it may be half a character, which nothing can store
        text = _HALF.sub(r"\\ufffd", text)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return None


def _read_items(
    store: sqlite3.Connection,
    path: Path,
    within: str,
    depth: int,
    limit: int | None,
    skipped: _Skipped,
) -> None:
    items: list[tuple[str, str, str, str]] = []
    pairs: list[tuple[str, str, str]] = []
    kept = 0
    for record in _lines(path, skipped):
        asin, url = record.get("asin"), record.get("imUrl")
        if not _is_asin(asin):
            skipped.broken += 1
            continue
        categories = _categories(record.get("categories"))
        if within and not any(within in names for names in categories):
            continue
        if not isinstance(url, str) or not url.strip():
            skipped.pictureless += 1
            continue
        first = categories[0] if categories else [UNSORTED]
        title = record.get("title")
        words = " ".join(title.split()) if isinstance(title, str) else ""
        items.append((str(asin), words, first[min(depth, len(first)) - 1], url.strip()))
        pairs.extend(_pairs(str(asin), record.get("related")))
        kept += 1
        if len(items) >= _BATCH or len(pairs) >= 10 * _BATCH:
            _insert(store, items, pairs)
        if kept == limit:
            break
    _insert(store, items, pairs)


def _insert(
    store: sqlite3.Connection,
    items: list[tuple[str, str, str, str]],
    pairs: list[tuple[str, str, str]],
) -> None:
    store.executemany("INSERT OR IGNORE INTO items VALUES (?, ?, ?, ?)", items)
    store.executemany("INSERT OR IGNORE INTO pairs VALUES (?, ?, ?)", pairs)
    items.clear()
    pairs.clear()


def _is_asin(value: object) -> bool:
    return isinstance(value, str) and _ASIN.fullmatch(value) is not None


def _categories(value: object) -> list[list[str]]:
    """Category paths, from the broadest name to the narrowest."""
    named = [
        [name.strip() for name in path if isinstance(name, str) and name.strip()]
        for path in (value if isinstance(value, list) else [])
        if isinstance(path, list)
    ]
    return [path for path in named if path]


def _pairs(asin: str, related: object) -> Iterator[tuple[str, str, str]]:
    if isinstance(related, dict):
        for relation in RELATIONS:
            others = related.get(relation)
            for other in others if isinstance(others, list) else ():
                if _is_asin(other) and other != asin:
                    yield min(asin, other), max(asin, other), relation


def _read_reviews(store: sqlite3.Connection, path: Path, skipped: _Skipped) -> None:
    rows: list[tuple[str, int, str]] = []
    for record in _lines(path, skipped):
        user, asin, time = (record.get(k) for k in ("reviewerID", "asin", "unixReviewTime"))
        if not isinstance(user, str) or not user or not _is_asin(asin):
            skipped.broken += 1
            continue
        rows.append((user, time if isinstance(time, int) and abs(time) < 2**63 else 0, str(asin)))
        if len(rows) >= _BATCH:
            store.executemany("INSERT OR IGNORE INTO bought VALUES (?, ?, ?)", rows)
            rows.clear()
    store.executemany("INSERT OR IGNORE INTO bought VALUES (?, ?, ?)", rows)


def _number(store: sqlite3.Connection, table: str) -> int:
    return int(store.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])


def _write(path: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> int:
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def main(arguments: list[str]) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m relrec_core.products.amazon")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("convert", help="write a catalogue folder from Amazon's files")
    verb.add_argument("meta", type=Path, help="meta_*.json.gz")
    verb.add_argument("folder", type=Path, help="where to write; must not exist")
    verb.add_argument("--reviews", type=Path, help="reviews_*.json.gz, for the users")
    verb.add_argument("--within", default="", metavar="NAME", help="only this category")
    verb.add_argument("--depth", type=int, default=2, help="level that becomes the category")
    verb.add_argument("--limit", type=int, help="stop after so many products with a picture")
    verb = verbs.add_parser("images", help="download its pictures; goes on where it stopped")
    verb.add_argument("folder", type=Path)
    verb.add_argument("--per-second", type=float, default=10.0, help="requests a second")
    verb.add_argument("--maximum-mb", type=float, default=5.0, help="largest picture")
    given = parser.parse_args(arguments)
    if given.verb == "convert" and given.depth < 1:
        parser.error("--depth begins at 1")
    if given.verb == "images" and min(given.per_second, given.maximum_mb) <= 0:
        parser.error("--per-second and --maximum-mb must be above 0")
    try:
        if given.verb == "convert":
            options = {k: getattr(given, k) for k in ("reviews", "within", "depth", "limit")}
            print(_sentence(vars(convert(given.meta, given.folder, **options))))  # noqa: T201
        else:
            manners = downloads.Manners(
                per_second=given.per_second, maximum_bytes=round(given.maximum_mb * 1e6)
            )
            print(_sentence(vars(downloads.fetch_all(given.folder, manners))))  # noqa: T201
    except RelRecError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    except KeyboardInterrupt:
        print("Stopped; the next start goes on from here.", file=sys.stderr)  # noqa: T201
        return 130
    return 0


def _sentence(counts: dict[str, int]) -> str:
    return ", ".join(f"{name.replace('_', ' ')}: {count:,}" for name, count in counts.items())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
