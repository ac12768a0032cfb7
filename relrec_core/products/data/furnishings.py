"""Furnishings photographed one by one, and the rooms they were shown in (Tautkute et al. 2017).

I. Tautkute, A. Możejko, W. Stokowiec, T. Trzciński, Ł. Brocki and K. Marasek: What Looks Good with
my Sofa: Multimodal Search Engine for Interior Design, FedCSIS 2017. The data name no purchases.
What relates two products here is: they were shown in the same room, they are of the same type, or
they are of the same series.
"""

from __future__ import annotations

import re
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from relrec_core.errors import SourceError
from relrec_core.products.data import pickled
from relrec_core.products.data.bundle import Bundle
from relrec_core.products.data.new_catalogue import Pair, within, write_items, write_pairs

TEXTS, ROOMS = "text_data/products_dict.p", "text_data/item_to_room.p"
RELATIONS = (
    "same_room: shown together in a furnished room; same_type: of the same type of product; "
    "same_series: of the same series. None is a purchase."
)
_FURTHER = ("series", "type", "color", "size", "description")
_ID = re.compile(r"[0-9A-Za-z.\-]{1,40}")
_TYPE_ENDS = re.compile(r",| with | and | for ")
_NO_TEXT = "View more product information"


def build(bundle: Bundle, folder: Path, limit: int) -> None:
    """Write the tables and pictures of a catalogue into `folder`, at most `limit` bytes.

    Raises:
        SourceError: the files are not those of this source.
    """
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        bundle.take([TEXTS, ROOMS], Path(temporary), limit)
        texts = pickled.read(Path(temporary) / PurePosixPath(TEXTS).name)
        rooms = pickled.read(Path(temporary) / PurePosixPath(ROOMS).name)
    photos = _photos(bundle)
    items = {i: texts[i] for i in sorted(photos.keys() & texts) if isinstance(texts[i], dict)}
    if len(items) < 2:
        raise SourceError("it has no products with a photo and a text")
    images = folder / "images"
    images.mkdir()
    bundle.take([photos[item] for item in items], images, limit)
    write_items(folder, (_row(item, about) for item, about in items.items()), _FURTHER)
    write_pairs(folder, _pairs(items, rooms))


def _photos(bundle: Bundle) -> dict[str, str]:
    """Photo of each product by its id; the folders are kinds of product, one holds whole rooms."""
    found: dict[str, str] = {}
    for name in sorted(bundle.names):
        path = PurePosixPath(name)
        single = path.parts[0] == "images" and "room_scenes" not in path.parts
        if single and path.suffix == ".jpg" and _ID.fullmatch(path.stem):
            found.setdefault(path.stem, name)
    return found


def _row(item: str, about: dict[Any, Any]) -> tuple[str, ...]:
    series, kind = _text(about, "name"), _text(about, "type")
    title = " ".join((series, _TYPE_ENDS.split(kind)[0])).strip()
    category = _TYPE_ENDS.split(kind)[0] or "other"
    rest = (_text(about, "color"), _text(about, "size"), _text(about, "desc"))
    return (item, title, category, f"images/{item}.jpg", series, kind, *rest)


def _text(about: dict[Any, Any], field: str) -> str:
    value = about.get(field)
    return " ".join(value.replace(_NO_TEXT, "").split()) if isinstance(value, str) else ""


def _pairs(items: dict[str, dict[Any, Any]], rooms: dict[Any, Any]) -> Iterator[Pair]:
    groups: dict[str, dict[str, set[str]]] = {
        name: defaultdict(set) for name in ("same_room", "same_series", "same_type")
    }
    for photo, shown_in in rooms.items():
        item = PurePosixPath(str(photo)).stem
        if item in items and isinstance(shown_in, (list, set)):
            for room in shown_in:
                groups["same_room"][str(room)].add(item)
    for item, about in items.items():
        for relation, field in (("same_series", "name"), ("same_type", "type")):
            if value := _text(about, field):
                groups[relation][value].add(item)
    for relation, members in groups.items():
        yield from sorted(set(within(members.values(), relation)))
