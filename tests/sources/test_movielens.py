"""MovieLens becomes the same canonical form from every layout."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relrec_core.errors import DataError
from relrec_core.sources import fetch, movielens
from relrec_core.sources.registry import SOURCES
from tests.sources import layouts


@pytest.mark.parametrize(
    ("text", "title", "year"),
    [
        ("Toy Story (1995)", "Toy Story", "1995"),
        ("  Seven   (Se7en) (1995) ", "Seven (Se7en)", "1995"),
        ("Associate, The (L'Associe)(1982)", "Associate, The (L'Associe)", "1982"),
        ("Land Before Time III (1995) (V)", "Land Before Time III", "1995"),
        ("unknown", "unknown", ""),
        ("(1995)", "(1995)", ""),
        ("Cafe\u0301 (1994)", "Café", "1994"),
        ("2001 (A Space Odyssey)", "2001 (A Space Odyssey)", ""),
    ],
)
def test_titles(text: str, title: str, year: str) -> None:
    assert movielens.parse_title(text) == (title, year)


@given(st.text(min_size=1), st.integers(1000, 9999), st.sampled_from(["", " (V)", " (TV)", "  "]))
def test_title_survives_the_year_and_its_marks(text: str, year: int, mark: str) -> None:
    title, found = movielens.parse_title(text)
    if not title or found:
        return
    assert movielens.parse_title(f"{title} ({year}){mark}") == (title, str(year))
    assert movielens.parse_title(title) == (title, "")


def test_official_and_recbole_layout_give_the_same_files(ml_100k: Path, tmp_path: Path) -> None:
    raw = layouts.unpacked(layouts.official_100k(ml_100k), tmp_path)
    frames = movielens.parse_official_100k(raw / "ml-100k")
    assert frames.content_hash() == SOURCES["ml-100k"].content_hash
    assert len(frames.interactions) == 100_000
    assert (len(frames.users), len(frames.items)) == (943, 1682)
    frames.write(tmp_path)
    for file in movielens.FILES:
        assert (tmp_path / file).read_bytes() == (ml_100k / file).read_bytes()


def test_ml_1m_codes_and_titles(tmp_path: Path) -> None:
    files = {
        "ratings.dat": "2::9::4::20\n1::9::5::30\n1::3::2::10\n",
        "movies.dat": "9::Café,  Le(1982)::War|Drama\n3::Plain (1990)::Comedy\n",
        "users.dat": "2::F::56::0::00000\n1::M::1::10::00000-0000\n",
    }
    encoded = {name: text.encode("latin-1") for name, text in files.items()}
    frames = movielens.parse_official_1m(layouts.unpacked(encoded, tmp_path))
    assert frames.interactions == ((1, 3, 2, 10), (1, 9, 5, 30), (2, 9, 4, 20))
    assert frames.items == ((3, "Plain", "1990", "Comedy"), (9, "Café, Le", "1982", "Drama|War"))
    assert frames.users == ((1, "M", 1, "K-12 student"), (2, "F", 56, "other"))
    (tmp_path / "users.dat").write_text("1::M::1::21::00000\n")
    with pytest.raises(DataError, match="found '21', expected an occupation code from 0 to 20"):
        movielens.parse_official_1m(tmp_path)


def test_ml_1m_round_trip(ml_1m: Path, tmp_path: Path) -> None:
    raw = layouts.unpacked(layouts.official_1m(ml_1m), tmp_path)
    frames = movielens.parse_official_1m(raw / "ml-1m")
    assert frames.content_hash() == SOURCES["ml-1m"].content_hash
    assert frames.interactions == tuple(sorted(frames.interactions))
    frames.write(tmp_path)
    for file in movielens.FILES:
        assert (tmp_path / file).read_bytes() == (ml_1m / file).read_bytes()


def test_hash_sees_every_value_but_timestamps() -> None:
    base = movielens.Frames(
        (movielens.Interaction(1, 2, 3, 4),),
        (movielens.Item(2, "A", "1990", "Drama"),),
        (movielens.User(1, "F", 30, "writer"),),
    )

    def hash_with(**changed: tuple[object, ...]) -> str:
        return movielens.Frames(**{**vars(base), **changed}).content_hash()

    same = hash_with(interactions=(movielens.Interaction(1, 2, 3, 9),))
    others = {
        hash_with(interactions=(movielens.Interaction(1, 2, 4, 4),)),
        hash_with(items=(movielens.Item(2, "A", "1991", "Drama"),)),
        hash_with(users=(movielens.User(1, "F", 30, "artist"),)),
    }
    assert same == base.content_hash()
    assert len(others | {same}) == 4


@pytest.mark.parametrize(
    ("file", "line", "sentence"),
    [
        ("u.data", b"1\t2\t3\n", "u.data, line 1: found 3 values, expected 4."),
        ("u.data", b"1\t2\tx\t4\n", "u.data, line 1: found 'x', expected a whole number."),
        ("u.item", b"1|A (1990)||||" + b"|".join([b"2"] * 19), "expected only 0 and 1"),
    ],
)
def test_bad_line_is_named(
    file: str, line: bytes, sentence: str, ml_100k: Path, tmp_path: Path
) -> None:
    files = layouts.official_100k(ml_100k) | {f"ml-100k/{file}": line}
    raw = layouts.unpacked(files, tmp_path) / "ml-100k"
    with pytest.raises(DataError, match=sentence):
        movielens.parse_official_100k(raw)


def test_installed_is_what_the_wheel_or_the_archive_gave(ml_100k: Path) -> None:
    assert fetch.installed("ml-100k") == ml_100k
    items = {row["item_id"]: row for row in layouts.rows(ml_100k, "items.csv")}
    assert items["267"] == {"item_id": "267", "title": "unknown", "year": "", "genres": "unknown"}
    assert items["1412"]["title"] == "Land Before Time III: The Time of the Great Giving"
    assert items["1412"]["year"] == "1995"
