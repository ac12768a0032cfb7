"""MovieLens in two CSV files: fetched from a server, checked, and read as it is."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import pytest

from relrec_core.errors import DataError, SourceError
from relrec_core.movies.data.datasets import open_data
from relrec_core.sources import fetch, grouplens
from relrec_core.sources.registry import SOURCES, Url
from tests.sources import layouts
from tests.sources.server import serving

NAME = "ml-32m"
RATINGS = "userId,movieId,rating,timestamp\n1,17,4.0,944249077\n1,25,0.5,944250228\n2,17,3.5,9\n"
MOVIES = (
    "movieId,title,genres\n"
    '17,"American President, The (1995)",Comedy|Drama\n'
    "25,Zapped (no year),(no genres listed)\n"
    '30,"Say ""Hi"" (2001)",Crime\n'
)
FILES = {
    f"{NAME}/ratings.csv": RATINGS.encode(),
    f"{NAME}/movies.csv": MOVIES.encode(),
    f"{NAME}/tags.csv": b"userId,movieId,tag,timestamp\n1,17,fun,1\n",
    f"{NAME}/README.txt": b"How this data may be used.\n",
}


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELREC_HOME", str(tmp_path / "home"))


@pytest.fixture
def packed(tmp_path: Path) -> bytes:
    return layouts.zipped(FILES, tmp_path / "made.zip").read_bytes()


def served(
    monkeypatch: pytest.MonkeyPatch, url: str, md5: str, counts: tuple[int, int, int] = (3, 3, 2)
) -> None:
    source = dataclasses.replace(
        SOURCES[NAME], content_hash=grouplens.said(*counts), places=(Url(url, md5=md5),), size=10**6
    )
    monkeypatch.setitem(SOURCES, NAME, source)


def test_it_is_fetched_and_opens_as_it_is(packed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(packed) as server:
        served(monkeypatch, server.url("whole"), hashlib.md5(packed).hexdigest())
        folder = fetch.fetch(NAME)
        assert fetch.fetch(NAME) == folder == fetch.installed(NAME)
    assert sorted(path.name for path in folder.iterdir()) == [
        *("README", "movies.csv", "ratings.csv", "source.json")
    ]
    assert (folder / "ratings.csv").read_bytes() == RATINGS.encode()
    data = open_data(NAME)
    assert (data.name, data.title) == (NAME, "MovieLens 32M")
    assert data.items["title"].tolist() == ["American President, The", "Zapped (no year)"]
    assert data.items["genres"].tolist() == ["Comedy|Drama", ""]
    assert data.items["decade"].tolist() == ["1990s", ""]
    assert (data.users["user_id"].tolist(), data.unrated) == (["1", "2"], 1)
    rows = [[0, 0, 4.0, 944249077.0], [0, 1, 0.5, 944250228.0], [1, 0, 3.5, 9.0]]
    assert data.ratings.to_numpy().tolist() == rows


def test_what_is_not_whole_is_refused(packed: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(packed) as server:
        served(monkeypatch, server.url("whole"), "0" * 32)
        with pytest.raises(SourceError, match=r"the file has MD5 [0-9a-f]{32} instead of 0{32}"):
            fetch.fetch(NAME)
        md5 = hashlib.md5(packed).hexdigest()
        served(monkeypatch, server.url("whole"), md5, counts=(4, 3, 2))
        with pytest.raises(SourceError, match="is 3 ratings of 3 movies by 2 users instead of 4 r"):
            fetch.fetch(NAME)
    assert fetch.installed(NAME) is None


@pytest.mark.parametrize("form", ["folder", "inner folder"])
def test_an_unpacked_archive(form: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    served(monkeypatch, "http://127.0.0.1:9/", "")
    raw = layouts.unpacked(FILES, tmp_path / "raw")
    folder = fetch.fetch(NAME, origin=raw if form == "folder" else raw / NAME)
    assert open_data(NAME).content_hash == open_data(str(raw / NAME)).content_hash
    assert folder.name == NAME


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("ratings.csv", "1,17,5.5,1\n", "ratings.csv, line 5, column 'rating': found '5.5'"),
        ("ratings.csv", "1,99,5,1\n", "ratings.csv, line 5, column 'movieId': found '99'"),
        ("ratings.csv", "1,17,2,1\n", "ratings.csv, line 5: found user_id 1, item_id 17 a second"),
        ("movies.csv", "17,Again (1999),\n", "movies.csv, line 5: found movieId 17 a second time"),
    ],
)
def test_problems_are_named_in_the_files_own_words(
    file: str, content: str, said: str, tmp_path: Path
) -> None:
    raw = layouts.unpacked(FILES, tmp_path / "raw") / NAME
    with (raw / file).open("a") as opened:
        opened.write(content)
    with pytest.raises(DataError, match=said.replace("(", r"\(")):
        open_data(str(raw))


def test_other_columns_are_refused(tmp_path: Path) -> None:
    raw = layouts.unpacked(FILES, tmp_path / "raw") / NAME
    (raw / "movies.csv").write_text("movieId,name\n17,A\n")
    with pytest.raises(DataError, match=r"movies\.csv, line 1: found columns movieId, name"):
        grouplens.parse(raw)
