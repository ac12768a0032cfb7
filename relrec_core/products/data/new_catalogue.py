"""Write the tables of a catalogue folder, as `catalogue` reads them."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import combinations
from pathlib import Path

from relrec_core.errors import SourceError
from relrec_core.products.data.catalogue import (
    CATEGORY,
    IMAGE,
    ITEM,
    ITEMS_FILE,
    RELATION,
    RELATIONS_FILE,
    SOURCE,
    TARGET,
    TITLE,
)
from relrec_core.sources.about import FILE as SOURCE_FILE

DESCRIBED = (ITEM, TITLE, CATEGORY, IMAGE)
"""Columns of `items.csv` that every catalogue has, in this order."""
RELATED = (SOURCE, TARGET, RELATION)
MAXIMUM_PAIRS = 5_000_000
Pair = tuple[str, str, str]


def write_table(path: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> int:
    """Write a CSV file; returns its number of rows."""
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def write_pairs(folder: Path, pairs: Iterable[Pair]) -> int:
    """Write `relations.csv`; `SourceError` if there are more than `MAXIMUM_PAIRS`."""

    def counted() -> Iterator[Pair]:
        for number, pair in enumerate(pairs, start=1):
            if number > MAXIMUM_PAIRS:
                raise SourceError(f"more than {MAXIMUM_PAIRS:,} related pairs came of it")
            yield pair

    return write_table(folder / RELATIONS_FILE, RELATED, counted())


def write_items(
    folder: Path, rows: Iterable[tuple[object, ...]], further: tuple[str, ...] = ()
) -> int:
    """Write `items.csv`: id, title, category and image of each product, and `further` columns."""
    return write_table(folder / ITEMS_FILE, (*DESCRIBED, *further), rows)


def write_about(folder: Path, about: Mapping[str, object]) -> None:
    """Write `source.json`: name, title, licence and what else is to be said."""
    (folder / SOURCE_FILE).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


def within(groups: Iterable[Collection[str]], relation: str) -> Iterator[Pair]:
    """Every two products of each group, as related; twice if they meet in two groups."""
    for group in groups:
        for one, other in combinations(sorted(set(group)), 2):
            yield one, other, relation
