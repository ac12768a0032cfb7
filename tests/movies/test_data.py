"""What a folder of CSV files may hold, and the sentence for everything it may not."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relrec_core.errors import DataError
from relrec_core.movies.data import interactions as movies
from relrec_core.movies.data.datasets import data_folder
from relrec_core.movies.data.interactions import MovieData, load

RATINGS = "user_id,item_id,rating,timestamp\n1,10,4,100\n1,20,2.5,50\n2,10,5,7\n"
ITEMS = 'item_id,title,year,genres\n10,"Fish, A",1988,Comedy|Crime\n20,Alien,,\n30,Dune,1984,SF\n'
USERS = "user_id,gender,age\n2,F,17\n1,M,18\n"


def folder(path: Path, **files: str | bytes) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        raw = content if isinstance(content, bytes) else content.encode()
        ending = ".json" if name == "source" else ".csv"
        (path / f"{name}{ending}").write_bytes(raw)
    return path


def loaded(path: Path, **files: str | bytes) -> MovieData:
    return load(folder(path, **{"interactions": RATINGS, **files}))


HEAD = "user_id,item_id,rating\n"
PROBLEMS: list[tuple[str, dict[str, str | bytes], str]] = [
    ("empty file", {"interactions": ""}, "interactions.csv: found an empty file"),
    ("only a BOM", {"interactions": b"\xef\xbb\xbf\n"}, "interactions.csv: found an empty file"),
    ("header only", {"interactions": HEAD}, "interactions.csv, line 2: found a header without"),
    (
        "missing column",
        {"interactions": "user_id,film\n1,2\n"},
        "interactions.csv, line 1: found columns user_id, film, expected also item_id.",
    ),
    (
        "row too short",
        {"interactions": HEAD + "1,2,3\n\n1,3\n"},
        "interactions.csv, line 4: found 2 value(s), expected 3, as many as columns.",
    ),
    (
        "row too long",
        {"interactions": HEAD + "1,2,3\n1,3,4,5\n"},
        "interactions.csv, line 3: found 4 value(s), expected 3, as many as columns.",
    ),
    (
        "every row too long",
        {"interactions": HEAD + "1,2,3,4\n1,3,4,5\n"},
        "interactions.csv, line 2: found 4 value(s), expected 3, as many as columns.",
    ),
    (
        "quotes open",
        {"interactions": HEAD + '1,2,3\n1,3,"4\n2,3,4\n'},
        "interactions.csv, line 3: found quotes that do not pair",
    ),
    (
        "not UTF-8",
        {"interactions": (HEAD + "1,2,3\n1,").encode() + b"\xe9,3\n"},
        "interactions.csv, line 3: found byte 0xe9, expected text in UTF-8.",
    ),
    (
        "not UTF-8 after a BOM",
        {"interactions": b"\xef\xbb\xbf" + HEAD.encode() + b"1,\xff,3\n"},
        "interactions.csv, line 2: found byte 0xff, expected text in UTF-8.",
    ),
    (
        "empty id",
        {"interactions": HEAD + "1,2,3\n1, ,3\n"},
        "interactions.csv, line 3, column 'item_id': found an empty value, expected an id.",
    ),
    *(
        (
            f"rating {text or 'empty'}",
            {"interactions": HEAD + f"1,2,3\n1,3,{text}\n"},
            f"interactions.csv, line 3, column 'rating': found '{text}', "
            "expected a number above 0 and at most 5.",
        )
        for text in ("good", "", "nan", "inf", "0", "6", "-1")
    ),
    (
        "a line break in quotes before it",
        {"interactions": 'user_id,item_id,rating,note\n1,2,3,"a\nb"\n\n1,3,9,c\n'},
        "interactions.csv, line 5, column 'rating': found '9'",
    ),
    (
        "timestamp",
        {"interactions": "user_id,item_id,timestamp\n1,2,monday\n"},
        "interactions.csv, line 2, column 'timestamp': found 'monday', expected a number",
    ),
    (
        "duplicate pair",
        {"interactions": HEAD + "1,2,3\n1,3,3\n1,2,4\n"},
        "interactions.csv, line 4: found user_id 1, item_id 2 a second time",
    ),
    (
        "orphan item",
        {"items": "item_id\n10\n"},
        "interactions.csv, line 3, column 'item_id': found '20', expected one that items.csv",
    ),
    (
        "orphan user",
        {"users": "user_id\n1\n"},
        "interactions.csv, line 4, column 'user_id': found '2', expected one that users.csv",
    ),
    (
        "duplicate item",
        {"items": ITEMS + "10,Again,,\n"},
        "items.csv, line 5: found item_id 10 a second time",
    ),
    (
        "duplicate user",
        {"users": USERS + "2,M,9\n"},
        "users.csv, line 4: found user_id 2 a second time",
    ),
    (
        "items without ids",
        {"items": "title\nAlien\n"},
        "items.csv, line 1: found columns title, expected also item_id.",
    ),
    ("empty users", {"users": " \n"}, "users.csv: found an empty file, expected a header"),
    *(
        (
            f"year {year}",
            {"items": f"item_id,year\n10,1999\n20,{year}\n"},
            f"items.csv, line 3, column 'year': found '{year}', expected four digits or nothing.",
        )
        for year in ("soon", "99", "1995.5", "inf")
    ),
    *(
        (
            f"age {age}",
            {"users": f"user_id,age\n2,30\n1,{age}\n"},
            f"users.csv, line 3, column 'age': found '{age}', expected years from 0 to 150.",
        )
        for age in ("-1", "151", "inf")
    ),
    (
        "an attribute called film",
        {"items": "item_id,films\n10,a\n20,b\n"},
        "items.csv, line 1: found column 'films', expected another name",
    ),
    ("source not JSON", {"source": '{"name": '}, "source.json: found text that is not JSON"),
    ("source not text", {"source": b"\xff\xfe"}, "source.json: found text that is not JSON"),
    ("source a list", {"source": "[1]"}, "source.json: found a JSON list or value, expected an"),
]


@pytest.mark.parametrize(("files", "said"), [p[1:] for p in PROBLEMS], ids=[p[0] for p in PROBLEMS])
def test_each_problem_names_file_row_and_column(
    tmp_path: Path, files: dict[str, str | bytes], said: str
) -> None:
    with pytest.raises(DataError) as caught:
        loaded(tmp_path, **files)
    sentence = str(caught.value)
    assert sentence.startswith(said)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert caught.value.file.parent == tmp_path


def test_a_folder_without_interactions(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^interactions\.csv: found no such file, expected a CSV"):
        load(tmp_path)


def test_interactions_in_parquet_are_the_same_data(tmp_path: Path) -> None:
    files = {"items": ITEMS, "users": USERS}
    table = loaded(tmp_path / "csv", **files)
    there = folder(tmp_path / "parquet", **files)
    pd.read_csv(tmp_path / "csv" / "interactions.csv").to_parquet(there / "interactions.parquet")
    found = load(there)
    assert found.content_hash == table.content_hash
    pd.testing.assert_frame_equal(found.ratings, table.ratings)
    assert data_folder(str(there)) == there
    folder(there, users="user_id\n1\n")
    with pytest.raises(
        DataError, match=r"interactions\.parquet, line 3, column 'user_id': found '2'"
    ):
        load(there)
    folder(there, interactions=RATINGS)
    with pytest.raises(DataError, match=r"interactions\.csv beside it, expected one file of inter"):
        load(there)


def test_everything_of_a_written_folder_is_read(tmp_path: Path) -> None:
    source = {"name": "mine", "title": "My films", "licence": "CC0", "more": [1]}
    data = loaded(tmp_path, items=ITEMS, users=USERS, source=json.dumps(source))
    assert (data.name, data.title, data.licence) == ("mine", "My films", "CC0")
    assert data.item_attributes == ("genres", "decade")
    assert data.user_attributes == ("gender", "age")
    assert data.unrated == 1
    assert data.items["item_id"].tolist() == ["10", "20"]
    assert data.items["title"].tolist() == ["Fish, A", "Alien"]
    assert data.items["year"].isna().tolist() == [False, True]
    assert data.items["decade"].tolist() == ["1980s", ""]
    assert data.items["genres"].tolist() == ["Comedy|Crime", ""]
    assert data.users.to_numpy().tolist() == [["1", "M", "18 to 24"], ["2", "F", "under 18"]]
    expected = [[0, 0, 4.0, 100.0], [0, 1, 2.5, 50.0], [1, 0, 5.0, 7.0]]
    assert data.ratings.to_numpy().tolist() == expected


@pytest.mark.parametrize("form", ["bom", "windows", "mac", "blank lines", "quotes", "no last end"])
def test_the_same_table_in_other_clothes_is_the_same_data(tmp_path: Path, form: str) -> None:
    def dressed(text: str) -> bytes:
        return {
            "bom": b"\xef\xbb\xbf" + text.encode(),
            "windows": text.replace("\n", "\r\n").encode(),
            "mac": text.replace("\n", "\r").encode(),
            "blank lines": text.replace("\n", "\n\n  \n").encode(),
            "quotes": text.replace(",10,", ',"10",').encode(),
            "no last end": text.rstrip().encode(),
        }[form]

    plain = loaded(tmp_path / "plain", items=ITEMS, users=USERS)
    other = loaded(
        tmp_path / "other",
        interactions=dressed(RATINGS),
        items=dressed(ITEMS),
        users=dressed(USERS),
    )
    assert other.content_hash == plain.content_hash
    for name in ("users", "items", "ratings"):
        pd.testing.assert_frame_equal(getattr(plain, name), getattr(other, name))


def test_interactions_alone_are_enough(tmp_path: Path) -> None:
    data = load(folder(tmp_path, interactions="user_id,item_id\nb,x9\na,x10\nb,2\nb,10\n"))
    assert data.items["item_id"].tolist() == ["2", "10", "x10", "x9"]
    assert data.items["title"].tolist() == ["2", "10", "x10", "x9"]
    assert data.users["user_id"].tolist() == ["a", "b"]
    assert (data.ratings["rating"] == 5).all()
    assert (data.item_attributes, data.user_attributes, data.unrated) == ((), (), 0)
    assert (data.name, data.licence) == (tmp_path.name, "not stated")


ROWS = [(u, i, 1 + (u * 7 + i * 3) % 5) for u in range(1, 8) for i in range(1, 7) if (u + i) % 3]


def _ratings(rows: list[tuple[int, int, int]], timestamps: list[int]) -> str:
    lines = (f"{u},{i},{r},{t}" for (u, i, r), t in zip(rows, timestamps, strict=True))
    return "user_id,item_id,rating,timestamp\n" + "\n".join(lines) + "\n"


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    rows=st.permutations(ROWS),
    start=st.integers(0, 10**9),
    at=st.integers(0, len(ROWS) - 1),
    by=st.integers(1, 4),
)
def test_the_hash_is_of_the_ratings_not_of_their_order_or_times(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[int, int, int]],
    start: int,
    at: int,
    by: int,
) -> None:
    path = tmp_path_factory.mktemp("hash")
    times = list(range(len(ROWS)))
    original = loaded(path, interactions=_ratings(ROWS, times)).content_hash
    shuffled = _ratings(rows, [start + t for t in times])
    assert loaded(path, interactions=shuffled).content_hash == original
    user, item, rating = rows[at]
    rows = [*rows[:at], (user, item, 1 + (rating - 1 + by) % 5), *rows[at + 1 :]]
    assert loaded(path, interactions=_ratings(rows, times)).content_hash != original


@pytest.mark.parametrize(
    "changed",
    [
        {"items": ITEMS.replace("Crime", "War")},
        {"items": ITEMS.replace("Alien", "Aliens")},
        {"users": USERS.replace("F", "M")},
        {"interactions": RATINGS.replace("2,10,5,7\n", "2,20,5,7\n")},
    ],
)
def test_the_hash_sees_attributes_titles_and_pairs(tmp_path: Path, changed: dict[str, str]) -> None:
    first = loaded(tmp_path, items=ITEMS, users=USERS).content_hash
    assert loaded(tmp_path, **{"items": ITEMS, "users": USERS, **changed}).content_hash != first


@settings(max_examples=30, deadline=None, derandomize=True)
@given(age=st.floats(0, 150))
def test_every_age_has_the_band_it_says(
    tmp_path_factory: pytest.TempPathFactory, age: float
) -> None:
    data = loaded(tmp_path_factory.mktemp("age"), users=f"user_id,age\n1,{age}\n2,retired\n")
    band, other = data.users["age"]
    low, _, high = band.replace("under ", "0 to ").partition(" to ")
    if band.startswith("under"):
        assert age < int(high)
    elif band.endswith("or older"):
        assert age >= int(band.split()[0])
    else:
        assert int(low) <= age < int(high) + 1
    assert other == "retired"


def test_real_data_is_complete(ml_100k: Path) -> None:
    data = load(ml_100k)
    assert (len(data.users), len(data.items), len(data.ratings)) == (943, 1682, 100_000)
    assert data.item_attributes == ("genres", "decade")
    assert set(data.user_attributes) == {"gender", "age", "occupation"}
    assert set(data.users["age"]) == {name for _, name in movies.AGE_BANDS}
    assert np.bincount(data.ratings["user"]).min() == 20
    assert not data.ratings.duplicated(["user", "item"]).any()
