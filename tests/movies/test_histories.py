"""Users of a file are read as they are written, and explained as a new profile is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from relrec_core import explain
from relrec_core.batch import reading
from relrec_core.batch.dataset import Dataset
from relrec_core.errors import DataError
from relrec_core.movies import store
from relrec_core.movies.data import histories
from relrec_core.movies.data.histories import Histories
from relrec_core.movies.explanation.explain import explain as explained
from relrec_core.movies.model.ranking import Recommender

MOVIES = ["a", "b", "c", "d"]
ROWS = pl.DataFrame(
    {
        "user_id": ["x", "y", "x", "z", "y", "x", "y", "w"],
        "item_id": ["b", "a", "d", "c", "d", "b", "?", "?"],
        "rating": [5.0, 2.5, 3.0, 4.0, 4.0, 5.0, 5.0, 5.0],
    }
)


def read(found: Histories) -> dict[str, tuple[list[int], list[int]]]:
    """Of each user the movies seen and liked, by three users at a time."""
    told = {}
    for at in range(0, len(found.users), 2):
        last = min(at + 2, len(found.users))
        seen, liked = found.seen(at, last), found.history(at, last)
        for row in range(last - at):
            name = str(found.users[at + row])
            told[name] = tuple(np.flatnonzero(of[[row]].toarray()).tolist() for of in (seen, liked))
    return told


@pytest.mark.parametrize("block", [1, 3, 100])
def test_every_user_has_what_the_file_says_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(histories, "BLOCK", block)
    ROWS.write_parquet(parquet := tmp_path / f"{block}.parquet")
    ROWS.write_csv(table := tmp_path / f"{block}.csv")
    expected = {"x": ([1, 3], [1, 3]), "y": ([0, 3], [3]), "z": ([2], [2])}
    found = histories.opened(parquet, MOVIES)
    assert read(found) == read(histories.opened(table, MOVIES)) == expected
    assert found.unknown == 2 and found.seen(0, 1).max() == 1
    parquet_again = histories.opened(parquet, MOVIES)
    assert parquet_again.content_hash == found.content_hash
    assert read(histories.opened(parquet, ["d", "b"])) == {"x": ([0, 1], [0, 1]), "y": ([0], [0])}


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (ROWS.drop("item_id"), "also item_id"),
        (ROWS.with_columns(item_id=pl.lit("?")), "none of a movie the model knows"),
        (ROWS.with_columns(user_id=pl.lit(" ")), "without user_id or item_id"),
        (ROWS.with_columns(rating=pl.lit("good")), "rating that is no number"),
    ],
)
def test_what_is_no_history_is_said(tmp_path: Path, frame: pl.DataFrame, said: str) -> None:
    for file, write in (
        (tmp_path / "h.csv", frame.write_csv),
        (tmp_path / "h.parquet", frame.write_parquet),
    ):
        write(file)
        with pytest.raises(DataError, match=said):
            histories.opened(file, MOVIES)
        file.write_bytes(b"\x00PAR1\xff" * 9)
        with pytest.raises(DataError):
            histories.opened(file, MOVIES)
    with pytest.raises(DataError, match="no such file"):
        histories.opened(tmp_path / "nothing.csv", MOVIES)


def test_their_recommendations_are_explained_like_new_profiles(
    ml_100k: Path, tmp_path: Path
) -> None:
    recommender: Recommender = store.recommender(store.shown_run())
    ids = recommender.data.items["item_id"].astype(str).to_numpy()
    chance = np.random.default_rng(0)
    films = {f"new {n}": chance.choice(len(ids), 3 + n, replace=False) for n in range(5)}
    rows = [(name, ids[film]) for name, of in films.items() for film in of]
    frame = pl.DataFrame(rows, schema=["user_id", "item_id"], orient="row")
    frame.sample(fraction=1, shuffle=True, seed=0).write_parquet(tmp_path / "h.parquet")
    out = tmp_path / "out"
    asked = ["movies", "--top", "2", "--processes", "1", "--audit", "--counterfactual"]
    more = ["--histories", str(tmp_path / "h.parquet"), "--out", str(out)]
    assert explain.main([*asked, *more]) == 0
    written = pl.read_parquet(out / "*.parquet")
    assert len(written) == 10
    places = {name: row for row, name in enumerate(ids)}
    for row in written.iter_rows(named=True):
        profile = recommender.new_profile(films[row["user"]])
        told = explained(recommender, profile, places[row["item"]])
        assert told.rank == row["rank"]
        assert row["score"] == pytest.approx(told.score, abs=1e-9)
        tests = (told.audit.deletion, told.audit.replacement)
        assert row["confirmed"] == all(test is None or test.confirmed for test in tests)
        assert (row["counterfactual"] is None) or row["rank"] == 1
    dataset = Dataset.open(out)
    assert reading.audited(dataset) == (10, written["confirmed"].sum())
    for outcome in (True, False):
        found = reading.rows(dataset, {}, confirmed=outcome)
        assert found.count == (written["confirmed"] == outcome).sum()
    assert explain.main([*asked, "--out", str(out)]) == 1  # the model's own users are others
