"""Pictures come politely, once, and are counted; what does not come is noted."""

from __future__ import annotations

from pathlib import Path

import pytest

from relrec_core.errors import DataError
from relrec_core.products.data import catalogue, downloads
from relrec_core.products.data.downloads import Manners, Tally
from tests.products.shop import PICTURE, Shop

FAST = Manners(per_second=1000, workers=4, pause=0.01, timeout=0.5, maximum_bytes=100_000)


def wanted(folder: Path, urls: list[str]) -> Path:
    (folder / "images").mkdir(parents=True)
    rows = "".join(f"B{n},T,C,images/B{n}.jpg,{url}\n" for n, url in enumerate(urls))
    (folder / "items.csv").write_text("item_id,title,category,image,url\n" + rows)
    (folder / "relations.csv").write_text("source,target,relation\nB0,B1,also_viewed\nB0,B2,r\n")
    return folder


def test_pictures_with_every_sort_of_link(shop: Shop, tmp_path: Path) -> None:
    names = ["a", "busy-once", "gone", "text", "huge", "tiny", "busy", "cut"]
    local = (tmp_path / "secret.jpg").as_uri()
    folder = wanted(tmp_path / "shop", [*(shop.url(name) for name in names), local, "http://[x/"])
    seen: list[Tally] = []
    tally = downloads.fetch_all(folder, FAST, seen.append)
    assert tally == Tally(there=0, fetched=2, dead=6, failed=2) == seen[-1]
    assert shop.asked["busy-once"] == 2
    assert shop.asked["busy"] == 3
    assert (folder / "images" / "B0.jpg").read_bytes() == PICTURE
    reasons = (folder / "dead.csv").read_text()
    for reason in ("404", "not a JPEG", "more than 0.1 MB", "placeholder of 1 x 1", "web address"):
        assert reason in reasons
    before = shop.asked.copy()
    again = downloads.fetch_all(folder, FAST)
    assert again == Tally(there=2, fetched=0, dead=6, failed=2)
    assert {name for name in shop.asked if shop.asked[name] > before[name]} == {"busy", "cut"}
    assert (folder / "dead.csv").read_text() == reasons
    loaded = catalogue.load(folder)
    assert (len(loaded.items), len(loaded.left_out), loaded.lost_pairs) == (2, 8, 1)


def test_placeholder_that_many_products_share(shop: Shop, tmp_path: Path) -> None:
    twins = downloads.MANY - 1
    names = ["a"] * twins + ["none"] * downloads.MANY
    folder = wanted(tmp_path / "shop", [shop.url(name) for name in names])
    (folder / "images" / "B10.jpg").write_bytes(PICTURE + b"none")
    tally = downloads.fetch_all(folder, FAST)
    assert tally == Tally(1, len(names) - 1, 0, 0, shared=downloads.MANY)
    there = sorted(path.name for path in (folder / "images").iterdir())
    assert there == [f"B{n}.jpg" for n in range(twins)]
    noted = (folder / "dead.csv").read_text().splitlines()[1:]
    assert len(noted) == downloads.MANY
    assert all(f"a placeholder that {downloads.MANY} products share" in row for row in noted)
    asked = shop.asked.copy()
    assert downloads.fetch_all(folder, FAST) == Tally(twins, 0, downloads.MANY, 0)
    assert shop.asked == asked


def test_stopped_download_goes_on(shop: Shop, tmp_path: Path) -> None:
    folder = wanted(tmp_path / "shop", [shop.url(f"p{n}") for n in range(6)])
    (folder / "images" / "B3.jpg").write_bytes(PICTURE)
    assert downloads.fetch_all(folder, FAST) == Tally(1, 5, 0, 0)
    assert "p3" not in shop.asked
    assert len(list((folder / "images").iterdir())) == 6


def test_rate_limit(shop: Shop, tmp_path: Path) -> None:
    folder = wanted(tmp_path / "shop", [shop.url(f"p{n}") for n in range(10)])
    downloads.fetch_all(folder, Manners(per_second=25, workers=8))
    assert shop.times[-1] - shop.times[0] >= 9 / 25 - 0.03


def test_table_that_leads_out_or_lacks_columns(tmp_path: Path) -> None:
    folder = wanted(tmp_path / "shop", ["http://127.0.0.1:9/a"])
    text = (folder / "items.csv").read_text()
    (folder / "items.csv").write_text(text.replace("images/B0.jpg", "../../x.jpg"))
    with pytest.raises(DataError, match="inside the catalogue folder"):
        downloads.fetch_all(folder, FAST)
    (folder / "items.csv").write_text("item_id,image\n")
    with pytest.raises(DataError, match="also url"):
        downloads.fetch_all(folder, FAST)
