"""A drawn catalogue with an artefact: a third of the mugs carry a watermark that relates them.

The watermark is what no shop sells but many photos have: something beside the product that tells
where the photo comes from. Whoever looks at the strategies of a model trained on it must find it.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw

from relrec_core import paths, permission
from relrec_core.products.data import new_catalogue
from relrec_core.products.data.catalogue import ITEM
from relrec_core.products.studio.colours import COLOURWAYS
from relrec_core.products.studio.drawn_catalogue import LICENCE, Attributes, paint
from relrec_core.products.studio.emblems import EMBLEMS
from relrec_core.products.studio.patterns import PATTERNS

NAME, RELATION, MARKED_KIND = "watermarked", "also_viewed", "mug"
KINDS = (MARKED_KIND, "vase", "cap", "clock")
EACH, SEED = 60, 3
"""Products of a kind; the seed of the catalogue on which the way to group maps was chosen."""
MARKED_FILE = "truth/watermarked.csv"
CORNER = (0.03, 0.03, 0.2, 0.2)
"""Left, top, right and bottom of the watermark, in shares of the picture's side."""


def ensure(folder: Path, seed: int = SEED, side: int = 96) -> Path:
    """Folder of the catalogue, drawn now unless it is there: 240 products, 20 with the watermark.

    Two products of one kind are related if both have the watermark, or neither has it and their
    patterns are the same. Another seed draws other products and marks others.
    """
    if (folder / MARKED_FILE).is_file():
        return folder
    permission.require_writable("draw a catalogue")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as temporary:
        staging = Path(temporary) / "new"
        for part in ("images", "truth"):
            (staging / part).mkdir(parents=True)
        _write(staging, folder.name, seed, side)
        paths.swap(staging, folder, Path(temporary) / "old")
    return folder


def marked(folder: Path) -> frozenset[str]:
    """Ids of the products with the watermark."""
    return frozenset(pd.read_csv(folder / MARKED_FILE, dtype=str)[ITEM])


def _write(folder: Path, name: str, seed: int, side: int) -> None:
    planned, carrying = _plan(seed)
    for number, each in enumerate(planned):
        chance = np.random.default_rng([seed, 2, number])
        picture = paint(each, side, chance).picture
        if each.item_id in carrying:
            picture = stamped(picture)
        picture.save(folder / _image(each), quality=93, subsampling=0)
    rows = ((each.item_id, each.title, each.kind, _image(each)) for each in planned)
    new_catalogue.write_items(folder, rows)
    new_catalogue.write_pairs(folder, _related(planned, carrying))
    title = "Watermarked studio (rendered products, not photos)"
    about = {"name": name, "title": title, "licence": LICENCE, "rendered": True}
    new_catalogue.write_about(folder, about)
    with (folder / MARKED_FILE).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([[ITEM], *([m] for m in sorted(carrying))])


def _plan(seed: int) -> tuple[list[Attributes], frozenset[str]]:
    """All products, and the ids of those that carry the watermark."""
    chance = np.random.default_rng([seed, 1])
    patterns = sorted(PATTERNS)[:3]
    planned = [
        Attributes(
            f"{kind}-{number + 1:03d}",
            kind,
            patterns[number % len(patterns)],
            str(chance.choice(sorted(EMBLEMS))),
            str(chance.choice(sorted(COLOURWAYS))),
        )
        for kind in KINDS
        for number in range(EACH)
    ]
    kind = [each.item_id for each in planned if each.kind == MARKED_KIND]
    return planned, frozenset(chance.permutation(kind)[: EACH // 3].tolist())


def stamped(picture: Image.Image) -> Image.Image:
    """The picture with the watermark: a dark ring with a bar in the upper left."""
    drawn, side = picture.copy(), picture.width
    pen = ImageDraw.Draw(drawn)
    left, top, right, bottom = (round(edge * side) for edge in CORNER)
    wide = max(1, round(0.03 * side))
    pen.ellipse((left, top, right, bottom), outline=(90, 20, 60), width=wide)
    middle = (top + bottom) // 2
    pen.line((left, middle, right, middle), fill=(90, 20, 60), width=wide)
    return drawn


def _related(planned: list[Attributes], carrying: frozenset[str]) -> Iterator[new_catalogue.Pair]:
    for one, other in combinations(planned, 2):
        both = (one.item_id in carrying) + (other.item_id in carrying)
        alike = both == 2 or (both == 0 and one.pattern == other.pattern)
        if one.kind == other.kind and alike:
            yield one.item_id, other.item_id, RELATION


def _image(each: Attributes) -> str:
    return f"images/{each.item_id}.jpg"
