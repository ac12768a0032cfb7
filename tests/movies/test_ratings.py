"""Ratings read block by block are those that are read at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relrec_core.errors import DataError
from relrec_core.movies.data import ratings
from relrec_core.movies.data.ratings import Columns, read

COLUMNS = Columns("user", "item", "rating", "timestamp")
IDS = st.text(st.characters(codec="utf-8", exclude_characters=',"\r\n'), min_size=1).filter(
    lambda text: text.strip() != ""
)


def written(path: Path, rows: list[tuple[object, ...]], quote: str) -> Path:
    """Quotes around the first value of each row, or none."""
    lines = [",".join([f"{quote}{first}{quote}", *map(str, rest)]) for first, *rest in rows]
    path.write_text("\n".join(["user,item,rating,timestamp", *lines]), "utf-8", newline="\n")
    return path


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    rows=st.lists(
        st.tuples(
            IDS,
            st.integers(0, 99),
            st.sampled_from([0.5, 1, "3.50", " 4", "5e0"]),
            st.integers(0, 2**40),
        ),
        min_size=1,
        max_size=30,
    ),
    block=st.integers(1, 60),
)
def test_blocks_of_any_size_give_the_same(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[object, ...]], block: int
) -> None:
    folder = tmp_path_factory.mktemp("ratings")
    whole = read(written(folder / "quoted.csv", rows, '"'), COLUMNS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ratings, "BLOCK", block)
        parts = read(written(folder / "plain.csv", rows, ""), COLUMNS)
    assert (parts.users, parts.items) == (whole.users, whole.items)
    assert [parts.users[k] for k in parts.user] == [row[0] for row in rows]
    assert list(parts.lines) == list(whole.lines) == list(range(2, len(rows) + 2))
    for name in ("user", "item", "rating", "timestamp"):
        np.testing.assert_array_equal(getattr(parts, name), getattr(whole, name))
    assert parts.rating.tolist() == [float(str(row[2])) for row in rows]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (b"1,2,3", "line 9: found 3 value"),
        (b"1,2,3,4,5", "line 9: found 5 value"),
        (b"1,2,x,4", "line 9, column 'rating': found 'x'"),
        (b"1, ,3,4", "line 9, column 'item': found an empty value"),
        (b"1,2,3,never", "line 9, column 'timestamp': found 'never'"),
        (b"1,\xff,3,4", "line 9: found byte 0xff"),
    ],
)
@pytest.mark.parametrize("block", [1, 20, 1000])
def test_the_line_is_named_wherever_a_block_begins(
    bad: bytes, said: str, block: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ratings, "BLOCK", block)
    rows = [f"{n},{n},3,{n}".encode() for n in range(9)]
    file = tmp_path / "ratings.csv"
    file.write_bytes(b"\n".join([b"user,item,rating,timestamp", *rows[:7], bad, *rows[7:]]))
    with pytest.raises(DataError, match=said):
        read(file, COLUMNS)


TYPED = pl.DataFrame(
    {
        "user": [7, 7, 12, 7],
        "item": ["b", "a", "b", "ü"],
        "rating": [0.5, 4.0, 3.5, 5.0],
        "timestamp": [30, 10, 20, 2**40],
    }
)


@pytest.mark.parametrize("rows", [1, 3, 100])
def test_a_parquet_file_gives_what_the_same_csv_file_gives(
    tmp_path: Path, rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ratings, "ROWS", rows)
    TYPED.write_csv(tmp_path / "a.csv")
    TYPED.with_columns(pl.col("rating").cast(pl.Float32)).write_parquet(tmp_path / "a.parquet")
    one, other = (read(tmp_path / name, COLUMNS) for name in ("a.csv", "a.parquet"))
    assert (one.users, one.items) == (other.users, other.items) == (["7", "12"], ["b", "a", "ü"])
    for name in ("user", "item", "rating", "timestamp"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    assert list(other.lines) == [1, 2, 3, 4]  # rows of the table: there is no header


def test_days_and_dictionaries_in_a_parquet_file_are_read(tmp_path: Path) -> None:
    days = pl.Series(["2020-01-02", "2020-01-01"]).str.to_datetime()
    frame = TYPED.head(2).with_columns(timestamp=days, item=pl.col("item").cast(pl.Categorical))
    frame.drop("rating").write_parquet(tmp_path / "a.parquet")
    found = read(tmp_path / "a.parquet", COLUMNS)
    assert found.items == ["b", "a"] and found.rating.tolist() == [5, 5]
    assert found.timestamp[0] - found.timestamp[1] == 24 * 3600


def changed(column: str, value: object, row: int = 2) -> pl.DataFrame:
    kind = pl.Series([value]).dtype
    values = TYPED[column].cast(kind, strict=False).to_list()
    values[row] = value
    return TYPED.with_columns(pl.Series(column, values, dtype=kind))


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (TYPED.drop("item"), "found columns user, rating, timestamp, expected also item"),
        (TYPED.head(0), "a table without rows, expected at least one row"),
        (changed("item", " "), "line 3, column 'item': found an empty value, expected an id"),
        (TYPED.with_columns(item=pl.lit(None)), "line 1, column 'item': found an empty value"),
        (changed("user", 1.5), "column 'user': found numbers with decimals, expected ids"),
        (changed("rating", 9.0), "line 3, column 'rating': found '9.0', expected a number above 0"),
        (changed("rating", float("nan")), "line 3, column 'rating': found 'NaN', expected a numb"),
        (changed("rating", "good", 1), "line 2, column 'rating': found 'good', expected a number"),
        (changed("timestamp", "late"), "line 3, column 'timestamp': found 'late', expected"),
        (TYPED.with_columns(rating=pl.lit(None)), "line 1, column 'rating': found '', expected"),
        (TYPED.with_columns(item=pl.concat_list("user")), "column 'item': found values of type"),
        (changed("item", "x" * 1_001), "column 'item': found a value of 1,001 bytes"),
    ],
)
def test_what_is_wrong_in_a_parquet_file_is_said(
    tmp_path: Path, frame: pl.DataFrame, said: str
) -> None:
    frame.write_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match=said) as caught:
        read(tmp_path / "a.parquet", COLUMNS)
    assert caught.value.file == tmp_path / "a.parquet"


@pytest.mark.parametrize(
    "content", [b"", b"PAR1", b"PAR1" + bytes(99) + b"PAR1", b"user,item\n1,2"]
)
def test_what_is_no_parquet_file_is_said(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(DataError, match="a truncated or damaged file, expected a whole Parquet"):
        read(tmp_path / "a.parquet", COLUMNS)
