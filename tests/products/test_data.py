"""A catalogue folder is read whole, and what is wrong with it is said with file and line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from relrec_core.errors import DataError
from relrec_core.products.data import catalogue as data
from tests.conftest import SHARED
from tests.products.pictures import ITEMS, RELATIONS, catalogue

IKEA = SHARED / "ikea-rooms"


def test_rows_become_numbers(tmp_path: Path) -> None:
    folder = catalogue(tmp_path / "shop", purchases="user_id,item_id,after\nu,a,\nv,c,\nu,b,a\n")
    (folder / "source.json").write_text(json.dumps({"title": "Shop", "rendered": True}))
    shop = data.load(folder)
    assert (shop.name, shop.title, shop.licence, shop.rendered) == (
        *("shop", "Shop"),
        *("licence not stated", True),
    )
    assert list(shop.items[data.TITLE]) == ["Red mug", "b", "Vase, tall"]
    assert shop.relation_names == ("also_bought", "also_viewed")
    assert shop.relations.astype(str).to_numpy().tolist() == [
        ["0", "2", "also_bought"],
        ["0", "1", "also_viewed"],
    ]
    assert shop.users == ("u", "v")
    assert shop.purchases.to_numpy().tolist() == [[0, 0, -1], [1, 2, -1], [0, 1, 0]]
    assert shop.picture(2, 16).getpixel((8, 8)) == (0, 0, 255)
    assert shop.notes[0].startswith("1 categories have only one product")


def test_titles_and_categories_are_decoded(tmp_path: Path) -> None:
    items = ITEMS.replace("Red mug", "<b>Red &amp;amp; white</b> mug").replace(
        "mug,im", "a &amp; b,im"
    )
    shop = data.load(catalogue(tmp_path, items=items))
    assert shop.items[data.TITLE].iloc[0] == "Red & white mug"
    assert "a & b" in set(shop.items[data.CATEGORY])
    assert shop.items[data.TITLE].iloc[1] == shop.items[data.ITEM].iloc[1]


def test_pictures_that_cannot_be_used_are_left_out(tmp_path: Path) -> None:
    more = "d,D,mug,images/none.png\ne,E,mug,\nf,F,mug,images/cut.png\ng,G,mug,images/text.png\n"
    folder = catalogue(
        tmp_path,
        items=ITEMS + more,
        relations=RELATIONS + "a,d,gone\ne,f,gone\n",
        purchases="user_id,item_id\nu,d\nu,a\n",
    )
    whole = (folder / "images" / "a.png").read_bytes()
    (folder / "images" / "cut.png").write_bytes(whole[:-12])
    (folder / "images" / "text.png").write_text("no picture")
    shop = data.load(folder)
    assert len(shop.items) == 3
    assert [(left.item_id, left.line) for left in shop.left_out] == [
        *(("d", 5), ("e", 6)),
        *(("f", 7), ("g", 8)),
    ]
    reasons = " ".join(left.reason for left in shop.left_out)
    for part in ("none.png does not exist", "no picture", "cut off", "not a JPEG"):
        assert part in reasons
    assert (shop.lost_pairs, shop.lost_purchases) == (2, 1)
    assert shop.notes[0].startswith("4 of 7 products are left out, with 2 of their relations")
    assert shop.notes[1] == "Relation 'gone' has no pair of products with usable pictures."


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({"relations": RELATIONS + "a,x,also_viewed\n"}, "relations.csv, line 5, column 'target'"),
        ({"relations": RELATIONS + "x,a,also_viewed\n"}, "found 'x', expected an item_id that"),
        ({"relations": RELATIONS + "a,c, \n"}, "line 5, column 'relation': found an empty value"),
        ({"relations": RELATIONS + "a,a,r\n"}, "line 5: found 'a' related to itself"),
        ({"relations": "source,target,relation\n"}, "no pair of products"),
        ({"relations": "source,target\na,b\n"}, "expected also relation"),
        ({"relations": RELATIONS + "a,b\n"}, r"line 5: found 2 value\(s\), expected 3"),
        ({"relations": RELATIONS + '"a,b,c\n'}, "relations.csv, line 5: found a broken line"),
        ({"items": ITEMS + "a,A,mug,images/a.png\n"}, "found 'a', which line 2 has already"),
        ({"items": ITEMS + ",A,mug,images/a.png\n"}, "line 5, column 'item_id': found an empty"),
        ({"items": ITEMS + "d,A,,images/a.png\n"}, "line 5, column 'category': found an empty"),
        ({"items": ITEMS + "d,A,mug,../../etc/passwd\n"}, "a path inside the catalogue folder"),
        ({"items": ITEMS + "d,A,mug,/etc/passwd\n"}, "line 5, column 'image': found '/etc/passwd'"),
        ({"items": ITEMS + "d,A,mug,C:\\a.png\n"}, "a path inside the catalogue folder"),
        ({"items": ITEMS + "d,A,mug,..\\a.png\n"}, "a path inside the catalogue folder"),
        ({"items": ITEMS + "d,A,mug,link/a.png\n"}, "a path inside the catalogue folder"),
        (
            {
                "items": "item_id,title,category,image,incomplete_image\n"
                "a,A,mug,images/a.png,../a.png\n"
            },
            "column 'incomplete_image': found '../a.png', expected a path inside",
        ),
        ({"items": ""}, "found an empty file"),
        ({"items": "item_id,title,category,image\n"}, r"0 product\(s\) with a usable picture"),
        ({"purchases": "user_id,item_id\nu,x\n"}, "purchases.csv, line 2, column 'item_id'"),
        ({"purchases": "user_id,item_id\n,a\n"}, "column 'user_id': found an empty value"),
        ({"purchases": "user_id,item_id,after\nu,a,x\n"}, "line 2, column 'after': found 'x'"),
    ],
)
def test_what_is_wrong_is_named(files: dict[str, str], sentence: str, tmp_path: Path) -> None:
    folder = catalogue(tmp_path / "shop", **files)
    (tmp_path / "elsewhere").mkdir()
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataError, match=sentence):
        data.load(folder)


def test_bad_bytes_and_missing_files(tmp_path: Path) -> None:
    folder = catalogue(tmp_path / "shop")
    (folder / "items.csv").write_bytes(ITEMS.encode() + b"d,\xff,mug,images/a.png\n")
    with pytest.raises(DataError, match="line 5: found byte 0xff, expected text in UTF-8"):
        data.load(folder)
    with pytest.raises(DataError, match=r"items\.csv: found no such file"):
        data.load(tmp_path)
    (folder / "source.json").write_text("[1]")
    with pytest.raises(DataError, match=r"source\.json: found a JSON list"):
        data.load(folder)


def test_hash_follows_content(tmp_path: Path) -> None:
    base = data.load(catalogue(tmp_path / "1")).content_hash
    assert data.load(catalogue(tmp_path / "2")).content_hash == base
    other = catalogue(tmp_path / "3", items=ITEMS.replace("Red", "Old"))
    fewer = catalogue(tmp_path / "4", relations=RELATIONS.replace("c,a", "c,b"))
    assert len({base, data.load(other).content_hash, data.load(fewer).content_hash}) == 3


@pytest.mark.skipif(not IKEA.is_dir(), reason="the photos are not beside the repository")
def test_real_photos() -> None:
    ikea = data.load(IKEA)
    assert len(ikea.items) == 2190
    assert len(ikea.relations) == 48_922
    assert ikea.left_out == ()
    assert ikea.relation_names == ("featured_together", "same_room", "same_series", "same_type")
