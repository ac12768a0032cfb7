"""Read and check a catalogue folder: products, their pictures, relations and purchases.

The folder holds `items.csv` (item_id, title, category, image, and any further columns; image is a
path inside the folder; an optional `incomplete_image` is one of a picture in which something of
the product is gone, or empty), `relations.csv` (source, target, relation; a pair has no direction),
optionally `purchases.csv` (user_id, item_id, in the order of buying, and optionally `after`, the
item that led to this purchase) and `source.json` (name, title, licence, rendered).
"""

from __future__ import annotations

import csv
import hashlib
from array import array
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd
from PIL import Image

from relrec_core.errors import DataError, border, unreadable
from relrec_core.products.data import images
from relrec_core.products.data.images import ImageError
from relrec_core.sources.about import about
from relrec_core.titles import decoded

ITEM, TITLE, CATEGORY, IMAGE = "item_id", "title", "category", "image"
INCOMPLETE = "incomplete_image"
SOURCE, TARGET, RELATION = "source", "target", "relation"
USER, AFTER = "user_id", "after"
ITEMS_FILE, RELATIONS_FILE, PURCHASES_FILE = "items.csv", "relations.csv", "purchases.csv"
MAXIMUM_LINE = 1_000_000
NONE = -1
"""Row number that stands for no item."""


@dataclass(frozen=True)
class LeftOut:
    """A product without a usable picture: its id, its line in items.csv, and why, a sentence."""

    item_id: str
    line: int
    reason: str


@dataclass(frozen=True)
class Catalogue:
    """Checked products with usable pictures, and how they are related.

    `items` has one row a product (item_id, title, category, image, further columns, all text).
    `relations` refers to it by row number, each pair once (source < target, relation a category).
    `purchases` has user (row of `users`), item, and after (row number or `NONE`), in order; it is
    empty where nothing is known of users. `lost_pairs` and `lost_purchases` count rows about
    products that are in `left_out`. `notes` are sentences a person should read.
    """

    folder: Path
    name: str
    title: str
    licence: str
    rendered: bool
    content_hash: str
    items: pd.DataFrame
    relations: pd.DataFrame
    users: tuple[str, ...]
    purchases: pd.DataFrame
    left_out: tuple[LeftOut, ...]
    lost_pairs: int
    lost_purchases: int
    notes: tuple[str, ...]

    @property
    def relation_names(self) -> tuple[str, ...]:
        """Names of the relations, by number."""
        return tuple(self.relations[RELATION].cat.categories)

    def image_path(self, row: int) -> Path:
        """File of the product's picture."""
        return self.folder / str(self.items[IMAGE].iloc[row])

    def picture(self, row: int, side: int) -> Image.Image:
        """RGB square of `side` pixels; `ImageError` if the file was damaged or removed since."""
        return images.read(self.image_path(row), side)

    def incomplete_picture(self, row: int, side: int) -> Image.Image:
        """Like `picture`, but lacking something, where there is such a picture."""
        named = str(self.items[INCOMPLETE].iloc[row]) if INCOMPLETE in self.items else ""
        return images.read(self.folder / named, side) if named else self.picture(row, side)


def load(folder: Path) -> Catalogue:
    """Read a catalogue folder; products without a usable picture are left out and counted.

    Raises:
        DataError: names file and line of the first thing that cannot be right.
    """
    with border(unreadable(folder, "a catalogue of products")):
        return _loaded(folder)


def _loaded(folder: Path) -> Catalogue:
    said = about(folder)
    columns, rows = _table(folder / ITEMS_FILE, (ITEM, TITLE, CATEGORY, IMAGE))
    kept, left_out = _items(folder, columns, rows)
    items = pd.DataFrame([row for _, row in kept], columns=columns, dtype=object).astype(str)
    items[TITLE] = items[TITLE].where(items[TITLE] != "", items[ITEM])
    numbers = {item: number for number, item in enumerate(items[ITEM])}
    numbers |= {item.item_id: NONE for item in left_out}
    relations, lost_pairs, names = _relations(folder / RELATIONS_FILE, numbers)
    users, purchases, lost_purchases = _purchases(folder / PURCHASES_FILE, numbers)
    content_hash = _content_hash(folder, items, relations, purchases, users)
    items[TITLE] = items[TITLE].map(decoded).where(lambda title: title != "", items[ITEM])
    items[CATEGORY] = items[CATEGORY].map(lambda category: decoded(category) or category)
    return Catalogue(
        folder=folder.resolve(),
        name=str(said.get("name", folder.name)),
        title=str(said.get("title", folder.name)),
        licence=str(said.get("licence", "licence not stated")),
        rendered=said.get("rendered") is True,
        content_hash=content_hash,
        items=items,
        relations=relations,
        users=users,
        purchases=purchases,
        left_out=left_out,
        lost_pairs=lost_pairs,
        lost_purchases=lost_purchases,
        notes=_notes(items, relations, left_out, lost_pairs, names),
    )


def _lines(path: Path) -> Iterator[str]:
    with path.open("rb") as file:
        for number, raw in enumerate(iter(lambda: file.readline(MAXIMUM_LINE + 1), b""), start=1):
            if len(raw) > MAXIMUM_LINE:
                found = f"a line of more than {MAXIMUM_LINE:,} bytes"
                raise DataError(path, found, "shorter lines", row=number)
            try:
                yield raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                byte = f"byte 0x{error.object[error.start]:02x}"
                raise DataError(path, byte, "text in UTF-8", row=number) from error


def _table(
    path: Path, required: tuple[str, ...]
) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """Columns of a CSV file, and its rows, each with the number of the line it begins on."""
    if not path.is_file():
        raise DataError(path, "no such file", "a CSV file with " + ", ".join(required))
    reader = csv.reader(_lines(path), strict=True)
    rows = _rows(path, reader)
    _, columns = next(rows, (1, []))
    missing = [column for column in required if column not in columns]
    if missing:
        found = "columns " + ", ".join(columns) if columns else "an empty file"
        raise DataError(path, found, "also " + ", ".join(missing), row=1)
    twice = [column for column, times in Counter(columns).items() if times > 1]
    if twice:
        raise DataError(path, f"column '{twice[0]}' twice", "each column once", row=1)
    return columns, rows


def _rows(path: Path, reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    line, width = 1, 0
    try:
        for row in reader:
            if row:
                width = width or len(row)
                if len(row) != width:
                    found, expected = f"{len(row)} value(s)", f"{width}, as many as columns"
                    raise DataError(path, found, expected, row=line)
                yield line, row
            line = int(reader.line_num) + 1  # type: ignore[attr-defined]
    except csv.Error as error:
        expected = "comma-separated values"
        raise DataError(path, f"a broken line ({error})", expected, row=line) from error


def _items(
    folder: Path, columns: list[str], rows: Iterator[tuple[int, list[str]]]
) -> tuple[list[tuple[int, list[str]]], tuple[LeftOut, ...]]:
    path = folder / ITEMS_FILE
    item, category, image = (columns.index(column) for column in (ITEM, CATEGORY, IMAGE))
    incomplete = columns.index(INCOMPLETE) if INCOMPLETE in columns else None
    root = folder.resolve()
    seen: dict[str, int] = {}
    kept, left_out = [], []
    for line, row in rows:
        for place, what in ((item, "an id"), (category, "a category")):
            if not row[place].strip():
                column = columns[place]
                raise DataError(path, "an empty value", what, row=line, column=column)
        if row[item] in seen:
            found = f"'{row[item]}', which line {seen[row[item]]} has already"
            raise DataError(path, found, "each id only once", row=line, column=ITEM)
        seen[row[item]] = line
        if not row[image].strip():
            left_out.append(LeftOut(row[item], line, f"{row[item]} has no picture."))
            continue
        _check_inside(root, path, row[image], line, IMAGE)
        if incomplete is not None and row[incomplete]:
            _check_inside(root, path, row[incomplete], line, INCOMPLETE)
        try:
            images.probe(root / row[image])
        except ImageError as error:
            left_out.append(LeftOut(row[item], line, str(error)))
        else:
            kept.append((line, row))
    if len(kept) < 2:
        found = f"{len(kept)} product(s) with a usable picture"
        if left_out:
            found += f" and {len(left_out)} without; the first: {left_out[0].reason.rstrip('.')}"
        raise DataError(path, found, "at least two to compare")
    return kept, tuple(left_out)


def _check_inside(root: Path, path: Path, image: str, line: int, column: str) -> None:
    parts = PurePosixPath(image.replace("\\", "/"))
    outside = parts.is_absolute() or ".." in parts.parts or "\0" in image or not parts.parts
    outside = outside or ":" in parts.parts[0]
    try:
        outside = outside or not (root / image).resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # a name too long, or a link that leads to itself
        outside = True
    if outside:
        expected = "a path inside the catalogue folder"
        raise DataError(path, f"'{image}'", expected, row=line, column=column)


def _number(path: Path, numbers: dict[str, int], item: str, line: int, column: str) -> int:
    try:
        return numbers[item]
    except KeyError:
        expected = f"an item_id that {ITEMS_FILE} lists"
        raise DataError(path, f"'{item}'", expected, row=line, column=column) from None


def _relations(path: Path, numbers: dict[str, int]) -> tuple[pd.DataFrame, int, set[str]]:
    """Pairs by row number, how many were lost with their products, and every relation's name."""
    columns, rows = _table(path, (SOURCE, TARGET, RELATION))
    source, target, relation = (columns.index(column) for column in (SOURCE, TARGET, RELATION))
    names: dict[str, int] = {}
    codes, firsts, seconds, lost = array("i"), array("i"), array("i"), 0
    for line, row in rows:
        if not row[relation].strip():
            expected = "the name of a relation"
            raise DataError(path, "an empty value", expected, row=line, column=RELATION)
        one = _number(path, numbers, row[source], line, SOURCE)
        other = _number(path, numbers, row[target], line, TARGET)
        if row[source] == row[target]:
            raise DataError(path, f"'{row[source]}' related to itself", "two products", row=line)
        code = names.setdefault(row[relation], len(names))
        if NONE in (one, other):
            lost += 1
            continue
        codes.append(code)
        firsts.append(min(one, other))
        seconds.append(max(one, other))
    if not codes:
        raise DataError(path, "no pair of products with pictures", "at least one")
    order = sorted(names)
    ranks = np.array([order.index(name) for name in names], dtype=np.int32)
    frame = pd.DataFrame(
        {
            SOURCE: np.asarray(firsts, dtype=np.int32),
            TARGET: np.asarray(seconds, dtype=np.int32),
            RELATION: pd.Categorical.from_codes(ranks[np.asarray(codes)], pd.Index(order)),
        }
    )
    frame[RELATION] = frame[RELATION].cat.remove_unused_categories()
    frame = frame.drop_duplicates().sort_values([RELATION, SOURCE, TARGET], ignore_index=True)
    return frame, lost, set(names)


def _purchases(path: Path, numbers: dict[str, int]) -> tuple[tuple[str, ...], pd.DataFrame, int]:
    users: dict[str, int] = {}
    bought: list[tuple[int, int, int]] = []
    lost = 0
    if path.exists():
        columns, rows = _table(path, (USER, ITEM))
        user, item = columns.index(USER), columns.index(ITEM)
        after = columns.index(AFTER) if AFTER in columns else None
        for line, row in rows:
            if not row[user].strip():
                raise DataError(path, "an empty value", "an id", row=line, column=USER)
            number = _number(path, numbers, row[item], line, ITEM)
            before = NONE
            if after is not None and row[after]:
                before = _number(path, numbers, row[after], line, AFTER)
            if number == NONE:
                lost += 1
                continue
            bought.append((users.setdefault(row[user], len(users)), number, before))
    values = np.asarray(bought, dtype=np.int32).reshape(-1, 3)
    return tuple(users), pd.DataFrame(values, columns=["user", "item", AFTER]), lost


def _notes(
    items: pd.DataFrame,
    relations: pd.DataFrame,
    left_out: tuple[LeftOut, ...],
    lost_pairs: int,
    names: set[str],
) -> tuple[str, ...]:
    notes = []
    if left_out:
        notes.append(
            f"{len(left_out):,} of {len(items) + len(left_out):,} products are left out, with "
            f"{lost_pairs:,} of their relations, because their pictures cannot be used; the "
            f"first: {left_out[0].reason}"
        )
    for name in sorted(names - set(relations[RELATION].cat.categories)):
        notes.append(f"Relation '{name}' has no pair of products with usable pictures.")
    sizes = items[CATEGORY].value_counts()
    single = sorted(sizes.index[sizes == 1])
    if single:
        notes.append(
            f"{len(single):,} categories have only one product, which cannot be compared within "
            f"its category; the first: '{single[0]}'."
        )
    return tuple(notes)


def _content_hash(
    folder: Path,
    items: pd.DataFrame,
    relations: pd.DataFrame,
    purchases: pd.DataFrame,
    users: tuple[str, ...],
) -> str:
    """Identity of the data a model was trained on; of a picture it sees path and length."""
    digest = hashlib.sha256()
    sizes = [(folder / image).stat().st_size for image in items[IMAGE]]
    for frame in (items.assign(bytes=sizes), relations, purchases):
        digest.update(",".join(map(str, frame.columns)).encode())
        for column in frame.columns:
            digest.update("\x1f".join(frame[column].astype(str)).encode())
    digest.update("\x1f".join(users).encode())
    return digest.hexdigest()
