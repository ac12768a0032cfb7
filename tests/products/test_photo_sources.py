"""Public catalogues of photos are brought to catalogue folders, from good and from bad files."""

from __future__ import annotations

import collections
import dataclasses
import gzip
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from relrec_core.errors import RelRecError, SourceError
from relrec_core.products.data import catalogue, new_catalogue, photo_sources, pickled
from relrec_core.products.data.downloads import Manners, Tally
from relrec_core.products.data.photo_sources import ARCHIVES, PhotoSource
from tests.products.pictures import encoded
from tests.sources import layouts
from tests.sources.server import serving

PHOTO = encoded(Image.new("RGB", (40, 30), "teal"), "JPEG")
TEXTS = {
    "001.1": {"name": "POANG", "type": "Chair", "color": "Red", "size": "", "desc": "Soft."},
    "001.2": {"name": "POANG", "type": "Footstool, low", "desc": "View more product information"},
    "001.3": {"name": "LACK", "type": "Table", "size": "55 cm"},
    "001.4": {"name": "FADO", "type": "Table", "size": None},
    "001.5": {"name": "NO", "type": "Photo"},
}
ROOMS = {
    "images/001.1.jpg": ["images/room_scenes/a.jpg", "images/room_scenes/b.jpg"],
    "images/001.3.jpg": ["images/room_scenes/a.jpg", "images/room_scenes/b.jpg"],
    "images/001.4.jpg": ["images/room_scenes/b.jpg"],
    "images/gone.jpg": ["images/room_scenes/a.jpg"],
}
CLASSES = (
    "Class Name (str),Class ID (int),Coarse Class Name (str),Coarse Class ID (int)\n"
    "Granny-Smith,0,Apple,0\nPink-Lady,1,Apple,0\nLeek,2,Leek,1\n"
)


def furnishings(**changes: bytes) -> dict[str, bytes]:
    """Files as in the archive of the repository."""
    photos = {f"chair/{item}.jpg": PHOTO for item in ("001.1", "001.2")}
    photos |= {f"all_items/{item}.jpg": PHOTO for item in ("001.1", "001.3", "001.4", "002.9")}
    files = {f"images/{name}": content for name, content in photos.items()}
    files["images/room_scenes/a.jpg"] = PHOTO
    rooms = collections.defaultdict(list, ROOMS)
    files |= {"text_data/products_dict.p": pickle.dumps(TEXTS, 2)}
    files |= {"text_data/item_to_room.p": pickle.dumps(rooms), "README.md": b"# ikea"}
    return {f"ikea-6f31/{name}": content for name, content in {**files, **changes}.items()}


def groceries() -> dict[str, bytes]:
    at = "GroceryStoreDataset-master/dataset"
    names = ["train/Fruit/Apple/Granny-Smith/Granny-Smith_001", "val/Vegetables/Leek/Leek_001"]
    names += ["test/Fruit/Apple/Granny-Smith/Granny-Smith_004", "train/Vegetables/Leek/Leek_010"]
    names += ["train/Fruit/Apple/Pink-Lady/Pink-Lady_002", "train/Fruit/Unknown/Unknown_001"]
    names += ["iconic-images-and-descriptions/Fruit/Leek/Leek_Iconic"]
    photos = {f"{at}/{name}.jpg": PHOTO for name in names}
    return {**photos, f"{at}/classes.csv": CLASSES.encode(), "README.md": b"Grocery"}


def rows(folder: Path, file: str) -> list[str]:
    return (folder / file).read_text(encoding="utf-8").splitlines()[1:]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RELREC_HOME", str(tmp_path / "home"))
    (tmp_path / "home" / "data").mkdir(parents=True)
    return tmp_path / "home" / "data"


def source(name: str, **changes: Any) -> PhotoSource:
    return dataclasses.replace(ARCHIVES[name], size=1_000_000, **changes)


def test_furnishings_from_a_server(tmp_path: Path, own_home: Path) -> None:
    content = layouts.zipped(furnishings(), tmp_path / "ikea.zip").read_bytes()
    with serving(content) as server:
        urls = (server.url("missing"), server.url("breaks-once"))
        folder = photo_sources.fetch(source("furnishings", urls=urls)).folder
        asked = len(server.ranges)
        assert photo_sources.fetch(source("furnishings", urls=urls)).folder == folder
        assert len(server.ranges) == asked
    assert rows(folder, "items.csv") == [
        "001.1,POANG Chair,Chair,images/001.1.jpg,POANG,Chair,Red,,Soft.",
        '001.2,POANG Footstool,Footstool,images/001.2.jpg,POANG,"Footstool, low",,,',
        "001.3,LACK Table,Table,images/001.3.jpg,LACK,Table,,55 cm,",
        "001.4,FADO Table,Table,images/001.4.jpg,FADO,Table,,,",
    ]
    assert rows(folder, "relations.csv") == [
        "001.1,001.3,same_room",
        "001.1,001.4,same_room",
        "001.3,001.4,same_room",
        "001.1,001.2,same_series",
        "001.3,001.4,same_type",
    ]
    found = catalogue.load(folder)
    assert not found.rendered and "property of IKEA" in found.licence
    assert [path.name for path in own_home.iterdir() if path.name != ".downloads"] == [
        "furnishings"
    ]
    assert not list((own_home / ".downloads").rglob("*.zip*"))


@pytest.mark.parametrize("packed", [True, False])
def test_groceries_from_what_is_at_hand(packed: bool, tmp_path: Path) -> None:
    files = groceries()
    make = layouts.zipped if packed else layouts.unpacked
    origin = make(files, tmp_path / ("g.zip" if packed else "unpacked"))
    folder = photo_sources.fetch(source("groceries"), origin=origin).folder
    assert rows(folder, "items.csv") == [
        'Granny-Smith_004,"Granny Smith, photo 4",Apple,images/Granny-Smith_004.jpg',
        'Granny-Smith_001,"Granny Smith, photo 1",Apple,images/Granny-Smith_001.jpg',
        'Pink-Lady_002,"Pink Lady, photo 2",Apple,images/Pink-Lady_002.jpg',
        'Leek_010,"Leek, photo 10",Leek,images/Leek_010.jpg',
        'Leek_001,"Leek, photo 1",Leek,images/Leek_001.jpg',
    ]
    assert rows(folder, "relations.csv") == [
        "Granny-Smith_001,Granny-Smith_004,same_product",
        "Leek_001,Leek_010,same_product",
        "Granny-Smith_001,Pink-Lady_002,same_kind",
        "Granny-Smith_004,Pink-Lady_002,same_kind",
    ]
    assert catalogue.load(folder).licence == "MIT"


class Hostile:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("owned",)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"text_data/products_dict.p": pickle.dumps(Hostile())}, r"it names (posix|nt)\.mkdir"),
        ({"text_data/products_dict.p": pickle.dumps([1])}, "holds no dictionary"),
        ({"text_data/products_dict.p": b"\x80\x04}r\xff\xff\xff\x7f."}, "larger than the file"),
        ({"text_data/products_dict.p": pickle.dumps(TEXTS)[:-9]}, "could not be obtained"),
        ({"text_data/item_to_room.p": b"\x80"}, "could not be obtained"),
        ({"images/chair/big.jpg": bytes(2_000_000)}, None),
        ({"images/chair/001.2.jpg": bytes(2_000_000)}, "would take more than the 1 MB"),
        ({"../x.jpg": PHOTO}, "leads out of the archive's folder"),
    ],
)
def test_hostile_furnishings(
    changes: dict[str, bytes],
    sentence: str | None,
    tmp_path: Path,
    own_home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    origin = layouts.zipped(furnishings(**changes), tmp_path / "ikea.zip")
    if sentence is None:  # what no product refers to is not unpacked
        assert photo_sources.fetch(source("furnishings"), origin=origin).folder.is_dir()
        return
    with pytest.raises(RelRecError, match=sentence):
        photo_sources.fetch(source("furnishings"), origin=origin)
    assert not (tmp_path / "owned").exists()
    assert photo_sources.installed("furnishings") is None
    assert [path.name for path in own_home.iterdir()] == [".downloads"]


def test_damaged_replacement_keeps_what_was_installed(tmp_path: Path) -> None:
    good = layouts.zipped(groceries(), tmp_path / "g.zip")
    folder = photo_sources.fetch(source("groceries"), origin=good).folder
    before = rows(folder, "items.csv")
    other = layouts.zipped(furnishings(), tmp_path / "other.zip")
    for origin, said in ((other, "does not hold dataset/classes.csv"), (tmp_path / "x", "no such")):
        with pytest.raises(SourceError, match=said):
            photo_sources.fetch(source("groceries"), origin=origin)
    assert rows(folder, "items.csv") == before


def test_too_many_pairs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(new_catalogue, "MAXIMUM_PAIRS", 3)
    origin = layouts.zipped(groceries(), tmp_path / "g.zip")
    with pytest.raises(SourceError, match="more than 3 related pairs"):
        photo_sources.fetch(source("groceries"), origin=origin)


def test_a_plain_pickle_of_any_protocol(tmp_path: Path) -> None:
    path = tmp_path / "a.p"
    content = {"a": ["b", 1.5, None], "ü": {"c": {"d"}}}
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        path.write_bytes(pickle.dumps(content, protocol))
        assert pickled.read(path) == content


def test_amazon_by_category(tmp_path: Path) -> None:
    """The best connected products are kept; pictures that failed are asked for again."""
    with serving(PHOTO) as pictures:
        lines = [
            {"asin": f"B{n}", "title": f"T{n}", "category": ["Beauty", "Skin"],
             "also_buy": [f"B{m}" for m in range(n) if m < 2 or n < 4],
             "imageURLHighRes": [pictures.url("missing" if n == 3 else "whole")]}
            for n in range(6)
        ]  # fmt: skip
        meta = gzip.compress("".join(f"{line}\n" for line in lines).replace("'", '"').encode())
        with serving(meta) as server:
            found = photo_sources.find("amazon-2018-All_Beauty")
            assert found is not None and "mcauleylab" in found.urls[0]
            wanted = dataclasses.replace(found, urls=(server.url("breaks-once"),))
            manners = Manners(per_second=1000, pause=0.01)
            fetched = photo_sources.fetch(wanted, limit=4, manners=manners)
            assert fetched.pictures == Tally(there=0, fetched=3, dead=1, failed=0)
            (fetched.folder / "images" / "B0.jpg").unlink()
            again = photo_sources.fetch(wanted, limit=4, manners=manners)
            assert again.pictures == Tally(there=2, fetched=1, dead=1, failed=0)
            assert len(server.ranges) == 2
    loaded = catalogue.load(fetched.folder)
    assert list(loaded.items["item_id"]) == ["B0", "B1", "B2"]
    assert loaded.relation_names == ("also_bought",)


def test_names_that_are_none() -> None:
    assert photo_sources.find("ml-100k") is None
    with pytest.raises(SourceError, match=r"no 'Shoes' of 2018; there are Automotive, Books"):
        photo_sources.find("amazon-2018-Shoes")
    with pytest.raises(SourceError, match="those of 2014 and 2018"):
        photo_sources.find("amazon-2023-Books")
