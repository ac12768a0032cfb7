"""What is looked for in a data set of explanations is what filtering its rows would find."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from relrec_core import explain, paths
from relrec_core.batch import reading
from relrec_core.batch.dataset import Dataset
from relrec_core.errors import DataError
from relrec_core.movies import store
from relrec_core.movies.explanation.all_users import AllUsers
from relrec_core.wings import WINGS


@pytest.fixture(scope="module")
def movies(ml_100k: Path) -> Dataset:
    assert explain.main(["movies", "--top", "3", "--processes", "1"]) == 0
    (dataset,) = reading.kept(WINGS["movies"].batch)
    assert reading.kept(WINGS["sessions"].batch) == []
    return dataset


def test_rows_are_filtered_by_text_and_by_reason(movies: Dataset) -> None:
    every = reading.rows(movies, {}, n=10_000).rows.to_dicts()
    assert len(every) == 943 * 3
    one = reading.rows(movies, {"user": "1"})
    assert one.count == 3 and set(one.rows["user"]) == {"1"}  # not 10, 11, ...
    wanted = reading.rows(movies, {"title": "STAR wars"}, n=5)
    assert wanted.count == sum("star wars" in row["title"].lower() for row in every) > 5
    assert len(wanted.rows) == 5
    named = reading.rows(movies, {}, "alien")
    held = [any("alien" in c["name"].lower() for c in row["contributions"]) for row in every]
    assert named.count == sum(held) > 0
    assert reading.rows(movies, {"title": "(.*"}).count == 0


def test_means_of_groups_sum_to_the_mean_score(movies: Dataset) -> None:
    means = reading.groups(movies)
    scores = reading.rows(movies, {}, n=10_000).rows["score"]
    assert means["value"].sum() == pytest.approx(scores.mean(), abs=1e-9)
    assert means["group"][0] == "base" and means["value"][1:].is_sorted(descending=True)


def test_the_movies_recommended_most_are_those_of_the_sums_over_all_users(movies: Dataset) -> None:
    recommender = store.recommender(store.shown_run())
    every = AllUsers.of(recommender, 3).movies()
    ids = recommender.data.items["item_id"].astype(str).to_numpy()
    expected = {ids[row.item]: row for row in every.itertuples()}
    found = reading.most_recommended(movies, len(ids))
    assert set(found["item"]) == set(expected) and found["users"].sum() == 943 * 3
    assert found["users"].is_sorted(descending=True)
    for row in found.iter_rows(named=True):
        of = expected[row["item"]]
        assert row["users"] == of.users and row["reason"] in recommender.labels
        assert (row["score"], row["base"], row["own"]) == pytest.approx(
            (of.score, of.base, of.own), abs=1e-4
        )
    sums: Counter[tuple[str, str]] = Counter()
    for row in reading.rows(movies, {}, n=10_000).rows.iter_rows(named=True):
        for part in row["contributions"]:
            sums[row["item"], part["name"]] += part["value"]
    for row in found[:50].iter_rows(named=True):
        most = max(value for (item, _), value in sums.items() if item == row["item"])
        assert sums[row["item"], row["reason"]] == pytest.approx(most, abs=1e-9)


def test_the_data_set_of_a_run_and_its_own_users_is_found(movies: Dataset) -> None:
    module, run = WINGS["movies"].batch, store.shown_run().name
    data_hash = str(movies.about.of["data_hash"])
    assert reading.whole(module, run, data_hash) == movies
    assert reading.whole(module, "another", data_hash) is None
    assert reading.whole(module, run, "other data") is None
    kept = movies.file(0).rename(movies.folder / "away")
    assert reading.whole(module, run, data_hash) is None
    kept.rename(movies.file(0))


def test_a_damaged_description_is_one_sentence(movies: Dataset) -> None:
    folder = paths.explanations_dir() / "broken"
    folder.mkdir()
    (folder / "dataset.json").write_text("[]")
    with pytest.raises(DataError, match=r"dataset\.json: found other content"):
        reading.kept(WINGS["movies"].batch)
    (folder / "dataset.json").unlink()
