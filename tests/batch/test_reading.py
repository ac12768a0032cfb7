"""What is looked for in a data set of explanations is what filtering its rows would find."""

from __future__ import annotations

from pathlib import Path

import pytest

from relrec_core import explain, paths
from relrec_core.batch import reading
from relrec_core.batch.dataset import Dataset
from relrec_core.errors import DataError
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


def test_a_damaged_description_is_one_sentence(movies: Dataset) -> None:
    folder = paths.explanations_dir() / "broken"
    folder.mkdir()
    (folder / "dataset.json").write_text("[]")
    with pytest.raises(DataError, match=r"dataset\.json: found other content"):
        reading.kept(WINGS["movies"].batch)
    (folder / "dataset.json").unlink()
