"""Further catalogues of photos, composed from one: other cuts of its photos, other relations.

What suits one catalogue of photos need not suit another; so maps are measured on several.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from relrec_core import paths, permission
from relrec_core.errors import DataError
from relrec_core.products.data.catalogue import (
    CATEGORY,
    ITEM,
    RELATION,
    SOURCE,
    TARGET,
    TITLE,
    Catalogue,
)
from relrec_core.products.data.new_catalogue import (
    Pair,
    within,
    write_about,
    write_items,
    write_pairs,
)
from relrec_core.sources import lock

PRODUCTS, LARGEST = 500, 320
"""Products of a composed catalogue, and the longest side of its pictures in pixels."""
NAME = re.compile(r"(.+)-(whole|close|detail)")
"""A catalogue's name and the cut: `ikea-rooms-close`."""
COLOUR, SAME_COLOUR = "color", "same_color"
_PALE, _MIDDLE = 244, 0.5
_COMMON = 60
"""A colour that more products have says little of a pair."""


def whole(photo: Image.Image) -> Image.Image:
    """The photo as it is."""
    return photo


def close(photo: Image.Image) -> Image.Image:
    """The photo without the pale margin around the product."""
    pixels = np.asarray(photo.convert("RGB")).min(axis=2) < _PALE
    down, across = (np.flatnonzero(pixels.any(axis=axis)) for axis in (1, 0))
    if not len(down):
        return photo
    return photo.crop((int(across[0]), int(down[0]), int(across[-1]) + 1, int(down[-1]) + 1))


def detail(photo: Image.Image) -> Image.Image:
    """The middle of the product, half as wide and high as it is."""
    near = close(photo)
    edges = [(1 - _MIDDLE) / 2 * side for side in near.size]
    return near.crop(tuple(round(v) for v in (*edges, *np.subtract(near.size, edges))))


CUTS: Mapping[str, Callable[[Image.Image], Image.Image]] = {
    "whole": whole,
    "close": close,
    "detail": detail,
}
KEPT = {
    "whole": ("same_room", "same_type", "featured_together", "same_series"),
    "close": ("same_type", SAME_COLOUR),
    "detail": ("same_series", SAME_COLOUR),
}
"""What relates two products of each cut; the colour is a column of the products."""


def recompose(source: Catalogue, cut: str, folder: Path) -> Path:
    """Folder of the catalogue that `cut` makes of `source`, composed now unless it is there.

    Its products are the `PRODUCTS` with the most related ones.

    Raises:
        DataError: the source has none of the relations that this cut keeps.
        ImageError: a photo was damaged since the source was checked.
    """
    if folder.is_dir():
        return folder
    permission.require_writable("compose a catalogue")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with lock.held(folder.parent / f".{folder.name}.lock"):
        if folder.is_dir():
            return folder
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as temporary:
            staging = Path(temporary) / "new"
            _write(source, cut, staging)
            paths.swap(staging, folder, Path(temporary) / "old")
    return folder


def _write(source: Catalogue, cut: str, folder: Path) -> None:
    pairs = _pairs(source, cut)
    if not pairs:
        raise DataError(source.folder, "none of these relations", ", ".join(KEPT[cut]))
    degrees = Counter(item for pair in pairs for item in pair[:2])
    chosen = {item for item, _ in sorted(degrees.items(), key=lambda d: (-d[1], d[0]))[:PRODUCTS]}
    (folder / "images").mkdir(parents=True)
    rows: list[tuple[str, str, str, str]] = []
    for row, about in enumerate(source.items.itertuples()):
        item = str(getattr(about, ITEM))
        if item not in chosen:
            continue
        picture = CUTS[cut](source.picture(row, 2 * LARGEST))
        picture.thumbnail((LARGEST, LARGEST))
        image = f"images/{len(rows):04d}.jpg"
        picture.convert("RGB").save(folder / image, quality=92)
        rows.append((item, str(getattr(about, TITLE)), str(getattr(about, CATEGORY)), image))
    write_items(folder, rows)
    write_pairs(folder, (p for p in pairs if p[0] in chosen and p[1] in chosen))
    title = f"{source.title}, {cut}"
    write_about(folder, {"name": folder.name, "title": title, "licence": source.licence})


def _pairs(source: Catalogue, cut: str) -> list[Pair]:
    """Pairs of the source's own relations and of equal colours, each once."""
    ids, frame = source.items[ITEM].astype(str).tolist(), source.relations
    frame = frame[frame[RELATION].isin(KEPT[cut])]
    named = zip(frame[SOURCE], frame[TARGET], frame[RELATION], strict=True)
    pairs = [(ids[one], ids[other], str(relation)) for one, other, relation in named]
    if SAME_COLOUR in KEPT[cut]:
        pairs += within(_colours(source).values(), SAME_COLOUR)
    return pairs


def _colours(source: Catalogue) -> dict[str, list[str]]:
    """Ids of the products of each colour that few have."""
    found: dict[str, list[str]] = defaultdict(list)
    if COLOUR in source.items:
        for item, colour in zip(source.items[ITEM], source.items[COLOUR], strict=True):
            if colour:
                found[colour].append(str(item))
    return {colour: items for colour, items in found.items() if 1 < len(items) <= _COMMON}
