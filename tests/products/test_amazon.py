"""Amazon's own format becomes a catalogue folder."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from relrec_core.errors import DataError
from relrec_core.products.data import amazon, amazon_records, catalogue
from tests.products.shop import Shop


def line(asin: str, url: str = "http://x/a.jpg", **more: object) -> bytes:
    """A line as in meta_*.json.gz: a Python literal with single quotes."""
    record = {"asin": asin, "categories": [["Clothing, Shoes & Jewelry", "Girls"]]} | more
    if url:
        record["imUrl"] = url
    return repr(record).encode() + b"\n"


META = [
    line("0000031852", title="Girls Ballet\n Tutu", price=3.17, salesRank={"Toys & Games": 211836},
         related={"also_bought": ["B00JHONN1S", "B002BZX8Z6"], "bought_together": ["B002BZX8Z6"]}),
    line("B00JHONN1S", related={"also_bought": ["0000031852"], "also_viewed": ["NOTHERE123"]}),
    line("B002BZX8Z6", title="It's \"new\"", categories=[["Sports"], ["Clothing", "Boys"]],
         related={"buy_after_viewing": ["0000031852", "B002BZX8Z6"], "also_viewed": []}),
    line("B000000001", related={"also_viewed": ["NOTHERE123"]}),
    line("B000000002", url="", related={"also_bought": ["0000031852"]}),
    b"{'asin': __import__('os').system('touch owned')}\n",
    b"{'asin': '../../etc', 'imUrl': 'http://x/y.jpg'}\n",
    b"[" * 100_000 + b"\n",
    b"\xff\xfe\n",
    b"\n",
]  # fmt: skip


def gzipped(path: Path, lines: list[bytes]) -> Path:
    path.write_bytes(gzip.compress(b"".join(lines)))
    return path


def review(user: str, asin: str, when: int) -> bytes:
    record = {"reviewerID": user, "asin": asin, "overall": 5.0, "unixReviewTime": when}
    return json.dumps(record).encode() + b"\n"


def test_conversion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(amazon_records, "MAXIMUM_LINE", 50_000)
    meta = gzipped(tmp_path / "meta_Clothing.json.gz", META)
    said = [review("U2", "B002BZX8Z6", 9), review("U2", "0000031852", 5), b"{}\n"]
    said += [review("U2", "0000031852", 7), review("U1", "0000031852", 1)]
    said += [review("U1", "NOTHERE123", 1)]
    reviews = gzipped(tmp_path / "reviews_Clothing.json.gz", said)
    counts = amazon.convert(meta, tmp_path / "shop", reviews=reviews, purchases_from=2)
    assert counts == amazon.Counts(
        items=3, pairs=4, purchases=2, broken_lines=5, without_picture=1, unrelated=1
    )
    folder = tmp_path / "shop"
    assert (folder / "items.csv").read_text().splitlines() == [
        "item_id,title,category,image,url",
        "0000031852,Girls Ballet Tutu,Girls,images/0000031852.jpg,http://x/a.jpg",
        'B002BZX8Z6,"It\'s ""new""",Sports,images/B002BZX8Z6.jpg,http://x/a.jpg',
        "B00JHONN1S,,Girls,images/B00JHONN1S.jpg,http://x/a.jpg",
    ]
    assert (folder / "relations.csv").read_text().splitlines()[1:] == [
        "0000031852,B002BZX8Z6,also_bought",
        "0000031852,B00JHONN1S,also_bought",
        "0000031852,B002BZX8Z6,bought_together",
        "0000031852,B002BZX8Z6,buy_after_viewing",
    ]
    assert (folder / "purchases.csv").read_text().splitlines()[1:] == [
        "U2,0000031852",
        "U2,B002BZX8Z6",
    ]
    assert not (tmp_path / "owned").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        *("meta_Clothing.json.gz", "reviews_Clothing.json.gz", "shop")
    ]


def test_choice_of_category_and_depth(tmp_path: Path) -> None:
    meta = gzipped(tmp_path / "meta.json.gz", META)
    amazon.convert(meta, tmp_path / "1", within="Clothing, Shoes & Jewelry", depth=1)
    rows = (tmp_path / "1" / "items.csv").read_text().splitlines()
    assert len(rows) == 3
    assert all('"Clothing, Shoes & Jewelry"' in row for row in rows[1:])
    assert not (tmp_path / "1" / "purchases.csv").exists()
    assert amazon.convert(meta, tmp_path / "2", limit=2).items == 2


def test_category_that_is_not_there(tmp_path: Path) -> None:
    meta = gzipped(tmp_path / "meta.json.gz", META)
    with pytest.raises(
        DataError, match=r"no product in the category 'Girl', .*'Clothing, Shoes & J"
    ):
        amazon.convert(meta, tmp_path / "shop", within="Girl")


PAGE = "https://m.media-amazon.com/images/I/"


def of_2018(asin: str, **more: object) -> bytes:
    """A line as in meta_*.json.gz of 2018, entities and all."""
    record = {
        "category": ["Clothing, Shoes &amp; Jewelry", "Women", "</span></span>", "Shoes"],
        "tech1": "",
        "description": ["Soft."],
        "fit": 'class="a-normal a-align-center a-spacing-small">',
        "title": "Ladies&#39; <b>Clogs</b> &amp; more",
        "also_buy": [],
        "image": [],
        "brand": "Dansko",
        "rank": "1,234 in Clothing",
        "also_view": [],
        "details": {},
        "main_cat": "",
        "similar_item": "",
        "date": "",
        "price": "$19.99",
        "asin": asin,
        "imageURL": [f"{PAGE}{asin}._US40_.jpg"],
        "imageURLHighRes": [f"{PAGE}{asin}.jpg", f"{PAGE}{asin}-2.jpg"],
    }
    return json.dumps(record | more).encode() + b"\n"


def of_2023(parent: str, **more: object) -> bytes:
    """A line as in meta_*.jsonl.gz of 2023."""
    large = f"{PAGE}{parent}._AC_.jpg"
    side = {"thumb": large, "large": f"{PAGE}side.jpg", "variant": "PT01", "hi_res": None}
    record = {
        "main_category": "All Beauty",
        "title": "Howard Hand Cream",
        "average_rating": 4.8,
        "rating_number": 10,
        "features": [],
        "description": [],
        "price": None,
        "images": [side, {"thumb": large, "large": large, "variant": "MAIN", "hi_res": None}],
        "videos": [],
        "store": "Howard",
        "categories": [],
        "details": {"UPC": "617390882781"},
        "parent_asin": parent,
        "bought_together": None,
    }
    return json.dumps(record | more).encode() + b"\n"


def review_2023(user: str, asin: str, parent: str, when: int) -> bytes:
    record = {
        "rating": 5.0,
        "title": "Lovely",
        "text": "Lovely.",
        "images": [],
        "asin": asin,
        "parent_asin": parent,
        "user_id": user,
        "timestamp": 1_588_687_728_000 + when,
        "helpful_vote": 0,
        "verified_purchase": True,
    }
    return json.dumps(record).encode() + b"\n"


def test_files_of_2018_unpacked(tmp_path: Path) -> None:
    meta = tmp_path / "meta_Fashion.json"
    meta.write_bytes(
        of_2018("B01", also_buy=["B02", "B01"], also_view=["B03"])
        + of_2018("B02", imageURLHighRes=[], main_cat="Shoes")
        + of_2018("B03", imageURLHighRes=f"{PAGE}one.jpg", category=[], main_cat="<b>Shoes</b>")
        + of_2018("B04", imageURL=[], imageURLHighRes=[], also_buy=["B01"])
    )
    (tmp_path / "reviews.json").write_bytes(review("U", "B03", 1) + review("U", "B01", 2))
    options = {"reviews": tmp_path / "reviews.json", "purchases_from": 2}
    counts = amazon.convert(meta, tmp_path / "shop", **options)
    assert counts == amazon.Counts(3, 2, 2, broken_lines=0, without_picture=1, unrelated=0)
    items, relations, purchases = (
        (tmp_path / "shop" / f"{name}.csv").read_text().splitlines()[1:]
        for name in ("items", "relations", "purchases")
    )
    assert items == [
        f"B01,Ladies' Clogs & more,Women,images/B01.jpg,{PAGE}B01.jpg",
        f"B02,Ladies' Clogs & more,Women,images/B02.jpg,{PAGE}B02._US40_.jpg",
        f"B03,Ladies' Clogs & more,Shoes,images/B03.jpg,{PAGE}one.jpg",
    ]
    assert relations == ["B01,B02,also_bought", "B01,B03,also_viewed"]
    assert purchases == ["U,B03", "U,B01"]
    assert "Amazon 2018, meta_Fashion" in (tmp_path / "shop" / "source.json").read_text()
    assert amazon.convert(meta, tmp_path / "2", within="Clothing, Shoes & Jewelry").items == 2


def test_files_of_2023_say_why_they_relate_nothing(tmp_path: Path) -> None:
    meta = tmp_path / "meta_All_Beauty.jsonl"
    meta.write_bytes(of_2023("B1") + of_2023("B2") + of_2023("B3", images=[]))
    reviews = tmp_path / "All_Beauty.jsonl"
    said = [review_2023("U", "B11", "B1", 5), review_2023("U", "B2", "B2", 1)]
    reviews.write_bytes(b"".join(said))
    with pytest.raises(DataError) as refused:
        amazon.convert(meta, tmp_path / "shop", reviews=reviews)
    assert str(refused.value) == (
        "meta_All_Beauty.jsonl: found no product that names another, among 2 with a picture, as "
        "the files of 2023 leave bought_together empty, expected metadata of 2014 or 2018, which "
        "have relations; reviews may be of 2023."
    )
    assert not (tmp_path / "shop").exists()


def test_reviews_of_2023_become_purchases(tmp_path: Path) -> None:
    """By the parent's id beside metadata of 2023, by their own beside older metadata."""
    reviews = tmp_path / "reviews.jsonl.gz"
    said = [review_2023("U", "B11", "B1", 5), review_2023("U", "B2", "B2", 1)]
    gzipped(reviews, [*said, review_2023("U", "B1", "B1", 7)])
    (tmp_path / "new.jsonl").write_bytes(
        of_2023("B1", bought_together=["B2"]) + of_2023("B2", images=[{"hi_res": f"{PAGE}h.jpg"}])
    )
    counts = amazon.convert(
        tmp_path / "new.jsonl", tmp_path / "new", reviews=reviews, purchases_from=1
    )
    assert (counts.items, counts.pairs, counts.purchases) == (2, 1, 2)
    items = (tmp_path / "new" / "items.csv").read_text().splitlines()[1:]
    assert items[0] == f"B1,Howard Hand Cream,All Beauty,images/B1.jpg,{PAGE}B1._AC_.jpg"
    assert items[1].endswith(f",{PAGE}h.jpg")
    bought = (tmp_path / "new" / "purchases.csv").read_text().splitlines()[1:]
    assert bought == ["U,B2", "U,B1"]
    old = gzipped(tmp_path / "meta.json.gz", [of_2018("B11", also_buy=["B2"]), of_2018("B2")])
    amazon.convert(old, tmp_path / "old", reviews=reviews, purchases_from=1)
    bought = (tmp_path / "old" / "purchases.csv").read_text().splitlines()[1:]
    assert bought == ["U,B2", "U,B11"]


def test_bad_files_leave_nothing(tmp_path: Path) -> None:
    whole = gzipped(tmp_path / "meta.json.gz", META).read_bytes()
    cases = {
        "damaged or cut off": whole[:-20],
        "damaged or cut off gzip data": b"no gzip",
        r"no related products with pictures \(1 broken": gzip.compress(b"<html>\n"),
        "no product that names another, among 1 with": gzip.compress(line("A1")),
    }
    for sentence, content in cases.items():
        (tmp_path / "meta.json.gz").write_bytes(content)
        with pytest.raises(DataError, match=sentence):
            amazon.convert(tmp_path / "meta.json.gz", tmp_path / "shop")
    with pytest.raises(DataError, match="no such file"):
        amazon.convert(tmp_path / "none.json.gz", tmp_path / "shop")
    with pytest.raises(DataError, match="there already"):
        amazon.convert(tmp_path / "none.json.gz", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["meta.json.gz"]


@pytest.mark.slow
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    code = (
        "import resource, sys; from relrec_core.products.data import amazon; "
        "amazon.main(['convert', *sys.argv[1:]]); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )

    def kilobytes(count: int) -> int:
        meta = tmp_path / f"{count}.json.gz"
        with gzip.open(meta, "wb", compresslevel=1) as file:
            for n in range(count):
                others = [f"B{(n * k + 1) % count:09d}" for k in range(2, 12)]
                file.write(line(f"B{n:09d}", title="t" * 4000, related={"also_bought": others}))
        command = [sys.executable, "-c", code, str(meta), str(tmp_path / str(count))]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return int(done.stdout.split()[-1])

    assert kilobytes(8_000) - kilobytes(1_000) < 20_000


def test_command_line(shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = [
        line("A1", shop.url("a"), related={"also_bought": ["A2"]}),
        line("A2", shop.url("gone")),
        line("A3", shop.url("c"), related={"also_viewed": ["A1", "A2"]}),
    ]
    meta = gzipped(tmp_path / "meta.json.gz", lines)
    folder = str(tmp_path / "shop")
    assert amazon.main(["convert", str(meta), folder]) == 0
    assert "items: 3, pairs: 3, purchases: 0, broken lines: 0" in capsys.readouterr().out
    assert amazon.main(["images", folder, "--per-second", "100"]) == 0
    assert "there: 0, fetched: 2, dead: 1, failed: 0" in capsys.readouterr().out
    assert catalogue.load(Path(folder)).relation_names == ("also_viewed",)
    assert amazon.main(["convert", str(meta), folder]) == 1
    assert "expected a new folder" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        amazon.main(["images", folder, "--per-second", "0"])
