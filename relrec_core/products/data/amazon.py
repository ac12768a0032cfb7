"""Amazon's product data as a catalogue folder, in bounded memory.

    python -m relrec_core.products.data.amazon convert meta_X.json.gz FOLDER --reviews R.json.gz
    python -m relrec_core.products.data.amazon images FOLDER --per-second 10

The files of 2014 and 2018 name related products; those of 2023 do not, but have reviews. What has
to be joined and sorted goes through a temporary SQLite file beside the result, not through memory.
"""

from __future__ import annotations

import argparse
import sqlite3
import sys
import tempfile
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from relrec_core import permission
from relrec_core.errors import DataError, RelRecError, border, storing, unreadable
from relrec_core.products.data import amazon_records, catalogue, downloads
from relrec_core.products.data.new_catalogue import (
    RELATED,
    write_about,
    write_items,
    write_table,
)

UNSORTED = "uncategorised"
_BATCH = 1_000
_NAMED = 5
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
_KEEP = """
DELETE FROM items WHERE asin NOT IN (
    SELECT asin FROM (SELECT one AS asin FROM pairs UNION ALL SELECT other FROM pairs)
    GROUP BY asin ORDER BY COUNT(*) DESC, asin LIMIT ?
)
"""
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
class _Seen:
    """What was met while reading; `tops` counts the products of each broadest category."""

    broken: int = 0
    pictureless: int = 0
    kept: int = 0
    tops: Counter[str] = field(default_factory=Counter)
    editions: Counter[int] = field(default_factory=Counter)

    @property
    def edition(self) -> int:
        """Year of the files."""
        return self.editions.most_common(1)[0][0] if self.editions else 2014

    def refusal(self, meta: Path, within: str, listed: int) -> DataError:
        """Why no pair of products came of it; `listed` pairs were named."""
        if self.editions and within and not (self.kept or self.pictureless):
            names = ", ".join(f"'{name}'" for name, _ in self.tops.most_common(_NAMED))
            expected = f"a category of this file, from the broadest, {names}, to the narrowest"
            return DataError(meta, f"no product in the category '{within}'", expected)
        if self.kept and not listed:
            found = f"no product that names another, among {self.kept:,} with a picture"
            if self.edition == 2023:
                found += ", as the files of 2023 leave bought_together empty"
            expected = "metadata of 2014 or 2018, which have relations; reviews may be of 2023"
            return DataError(meta, found, expected)
        found = f"no related products with pictures ({self.broken:,} broken lines)"
        return DataError(meta, found, "Amazon's product metadata, one record a line")


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
        meta: `meta_*.json.gz` or `.jsonl`, packed or plain, of 2014, 2018 or 2023.
        folder: where to write; it must not exist yet.
        reviews: likewise, of any year; who reviewed a product is taken to have bought it.
        within: keep only products one of whose category paths holds this name.
        depth: level of a product's first category path that becomes its category, from 1.
        limit: keep at most so many products, those with the most related products.
        purchases_from: keep users with at least so many products.

    Raises:
        DataError: a file is missing or damaged, nothing usable is in it, or no such category.
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
    permission.require_writable("convert a catalogue")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as temporary:
        staging = Path(temporary) / "new"
        (staging / "images").mkdir(parents=True)
        seen = _Seen()
        with closing(sqlite3.connect(Path(temporary) / "work.sqlite")) as store:
            store.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _TABLES)
            _read_items(store, meta, within, depth, seen)
            listed = _number(store, "pairs")
            unrelated = _drop_strays(store)
            if limit is not None:
                store.execute(_KEEP, (limit,))
                _drop_strays(store)
            if not _number(store, "pairs"):
                raise seen.refusal(meta, within, listed)
            purchases = 0
            if reviews is not None:
                _read_reviews(store, reviews, seen)
                store.execute(_DROP_UNKNOWN_BOUGHT)
                bought = store.execute(_BOUGHT, (purchases_from,))
                path, columns = staging / catalogue.PURCHASES_FILE, (catalogue.USER, catalogue.ITEM)
                purchases = write_table(path, columns, bought)
            counts = Counts(
                items=_number(store, "items"),
                pairs=_number(store, "pairs"),
                purchases=purchases,
                broken_lines=seen.broken,
                without_picture=seen.pictureless,
                unrelated=unrelated,
            )
            write_items(staging, store.execute(_ITEMS), (downloads.URL,))
            write_table(staging / catalogue.RELATIONS_FILE, RELATED, store.execute(_PAIRS))
        about = {
            "name": folder.name,
            "title": f"Amazon {seen.edition}, {meta.name.split('.')[0]}",
            "licence": "McAuley et al.: research use; photos and texts belong to their owners",
        }
        write_about(staging, about)
        staging.rename(folder)
    return counts


def _read_items(
    store: sqlite3.Connection,
    path: Path,
    within: str,
    depth: int,
    seen: _Seen,
) -> None:
    items: list[tuple[str, str, str, str]] = []
    pairs: list[tuple[str, str, str]] = []
    for record in amazon_records.read(path):
        product = record and amazon_records.product(record)
        if not product:
            seen.broken += 1
            continue
        seen.editions[product.edition] += 1
        first = product.categories[0] if product.categories else [UNSORTED]
        seen.tops[first[0]] += 1
        if within and not any(within in names for names in product.categories):
            continue
        if not product.url:
            seen.pictureless += 1
            continue
        category = first[min(depth, len(first)) - 1]
        items.append((product.asin, product.title, category, product.url))
        pairs.extend(product.pairs)
        seen.kept += 1
        if len(items) >= _BATCH or len(pairs) >= 10 * _BATCH:
            _insert(store, items, pairs)
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


def _read_reviews(store: sqlite3.Connection, path: Path, seen: _Seen) -> None:
    rows: list[tuple[str, int, str]] = []
    for record in amazon_records.read(path):
        row = record and amazon_records.review(record, seen.edition)
        if not row:
            seen.broken += 1
            continue
        rows.append(row)
        if len(rows) >= _BATCH:
            store.executemany("INSERT OR IGNORE INTO bought VALUES (?, ?, ?)", rows)
            rows.clear()
    store.executemany("INSERT OR IGNORE INTO bought VALUES (?, ?, ?)", rows)


def _drop_strays(store: sqlite3.Connection) -> int:
    """Forget pairs with unknown products, then products without a pair; how many these were."""
    store.execute(_DROP_UNKNOWN)
    return store.execute(_DROP_UNRELATED).rowcount


def _number(store: sqlite3.Connection, table: str) -> int:
    return int(store.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0])


def main(arguments: list[str]) -> int:
    """Run the command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m relrec_core.products.data.amazon")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("convert", help="write a catalogue folder from Amazon's files")
    verb.add_argument("meta", type=Path, help="meta_*.json.gz or .jsonl")
    verb.add_argument("folder", type=Path, help="where to write; must not exist")
    verb.add_argument("--reviews", type=Path, help="reviews of it, for the users")
    verb.add_argument("--within", default="", metavar="NAME", help="only this category")
    verb.add_argument("--depth", type=int, default=2, help="level that becomes the category")
    verb.add_argument("--limit", type=int, help="keep the so many best connected")
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
