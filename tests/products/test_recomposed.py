"""Catalogues of photos composed from one: its photos cut, its relations chosen."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from relrec_core.errors import DataError, SourceError
from relrec_core.products.catalogues import open_catalogue
from relrec_core.products.data import recomposed
from tests.products.pictures import encoded

ITEMS = """item_id,title,category,image,color
a,Red mug,mug,images/a.png,red
b,Red vase,vase,images/b.png,red
c,Blue mug,mug,images/c.png,blue
d,Odd mug,mug,images/d.png,
"""
RELATIONS = """source,target,relation
a,c,same_type
a,d,same_type
a,b,same_series
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RELREC_HOME", str(tmp_path))
    folder = tmp_path / "data" / "shop"
    (folder / "images").mkdir(parents=True)
    for item in "abcd":
        photo = Image.new("RGB", (60, 60), "white")
        photo.paste((200, 30, 30), (20, 10, 40, 50))
        (folder / "images" / f"{item}.png").write_bytes(encoded(photo))
    (folder / "items.csv").write_text(ITEMS, encoding="utf-8")
    (folder / "relations.csv").write_text(RELATIONS, encoding="utf-8")
    return tmp_path


def pairs(name: str) -> set[tuple[str, str, str]]:
    found = open_catalogue(name)
    ids = found.items["item_id"].tolist()
    return {
        (*sorted((ids[row.source], ids[row.target])), str(row.relation))
        for row in found.relations.itertuples()
    }


def test_each_cut_has_its_relations_and_the_colours(home: Path) -> None:
    assert pairs("shop-whole") == {
        ("a", "c", "same_type"),
        ("a", "d", "same_type"),
        ("a", "b", "same_series"),
    }
    assert pairs("shop-close") == {
        ("a", "c", "same_type"),
        ("a", "d", "same_type"),
        ("a", "b", "same_color"),
    }
    assert pairs("shop-detail") == {("a", "b", "same_series"), ("a", "b", "same_color")}
    again = open_catalogue("shop-detail")
    assert again.content_hash == open_catalogue("shop-detail").content_hash
    assert (home / "data" / "shop-detail").is_dir()


def test_photos_are_cut_to_the_product_and_to_its_middle() -> None:
    photo = Image.new("RGB", (60, 60), "white")
    photo.paste((200, 30, 30), (20, 10, 40, 50))
    assert recomposed.whole(photo).size == (60, 60)
    assert recomposed.close(photo).size == (20, 40)
    assert recomposed.detail(photo).size == (10, 20)
    empty = Image.new("RGB", (30, 30), "white")
    assert recomposed.close(empty).size == (30, 30)


def test_what_has_no_such_relation_or_does_not_exist_is_said(home: Path) -> None:
    (home / "data" / "shop" / "relations.csv").write_text(
        "source,target,relation\na,c,seen_with\n", encoding="utf-8"
    )
    with pytest.raises(DataError, match="none of these relations"):
        open_catalogue("shop-whole")
    assert not (home / "data" / "shop-whole").exists()
    with pytest.raises(SourceError, match="no catalogue 'nothing-close'"):
        open_catalogue("nothing-close")
