"""Ratings read block by block are those that are read at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
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
