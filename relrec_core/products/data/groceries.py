"""Groceries photographed in shops, with a hierarchy of classes (Klasson et al. 2019).

M. Klasson, C. Zhang and H. Kjellström: A Hierarchical Grocery Store Image Dataset with Visual and
Semantic Labels, WACV 2019. Each photo becomes a product of the catalogue. The data name no
purchases. What relates two photos here is: they show the same product, or another product of the
same coarse class, such as two kinds of apple.
"""

from __future__ import annotations

import csv
import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from relrec_core.errors import SourceError
from relrec_core.products.data.bundle import Bundle
from relrec_core.products.data.new_catalogue import Pair, within, write_items, write_pairs

CLASSES = "dataset/classes.csv"
RELATIONS = (
    "same_product: photos of the same product; same_kind: of another product of the same coarse "
    "class. None is a purchase."
)
_CLASS, _COARSE = "Class Name (str)", "Coarse Class Name (str)"
_PHOTO = re.compile(r"dataset/(?:train|val|test)/(?:[^/]+/)*([^/]+)/(\1_(\d{1,4}))\.jpg")
"""A photo's class is the folder that it lies in, and begins its name."""


def build(bundle: Bundle, folder: Path, limit: int) -> None:
    """Write the tables and pictures of a catalogue into `folder`, at most `limit` bytes.

    Raises:
        SourceError: the files are not those of this source.
    """
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        bundle.take([CLASSES], Path(temporary), limit)
        coarse = _classes(Path(temporary) / PurePosixPath(CLASSES).name)
    photos: dict[str, str] = {}
    classes: dict[str, str] = {}
    for name in sorted(bundle.names):
        found = _PHOTO.fullmatch(name)
        if found and found[1] in coarse and found[2] not in photos:
            photos[found[2]], classes[found[2]] = name, found[1]
    if len(photos) < 2:
        raise SourceError(f"it has no photos of the classes in {CLASSES}")
    images = folder / "images"
    images.mkdir()
    bundle.take(list(photos.values()), images, limit)
    write_items(folder, (_row(item, of, coarse[of]) for item, of in classes.items()))
    write_pairs(folder, _pairs(classes, coarse))


def _classes(path: Path) -> dict[str, str]:
    """Coarse class of each class."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = {_CLASS, _COARSE} - set(reader.fieldnames or ())
        if missing:
            raise SourceError(f"{path.name} has no column '{sorted(missing)[0]}'")
        return {row[_CLASS]: row[_COARSE] or row[_CLASS] for row in reader}


def _row(item: str, of: str, coarse: str) -> tuple[str, ...]:
    number = item.removeprefix(f"{of}_").lstrip("0")
    title = f"{of.replace('-', ' ')}, photo {number or 0}"
    return item, title, coarse.replace("-", " "), f"images/{item}.jpg"


def _pairs(classes: dict[str, str], coarse: dict[str, str]) -> Iterator[Pair]:
    same: dict[str, list[str]] = defaultdict(list)
    kinds: dict[str, list[str]] = defaultdict(list)
    for item, of in classes.items():
        same[of].append(item)
        kinds[coarse[of]].append(item)
    yield from within(same.values(), "same_product")
    for one, other, relation in within(kinds.values(), "same_kind"):
        if classes[one] != classes[other]:
            yield one, other, relation
