"""The benchmark measures what it says, and its commands print and store it. No time is asserted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from relrec_core import evaluate
from relrec_core.errors import RunError
from relrec_core.measurement import row
from relrec_core.movies import store
from relrec_core.movies.data.features import feature_space
from relrec_core.movies.evaluation import benchmark
from relrec_core.movies.evaluation.counterfactuals import by_accent, by_relevance
from relrec_core.movies.explanation.counterfactual import smallest_change
from relrec_core.movies.model.ranking import Recommender
from scripts import benchmarks as command
from tests.movies import planted


@pytest.fixture
def recommender(tmp_path: Path) -> Recommender:
    data = planted.data(tmp_path / "planted")
    weights = planted.weights(feature_space(data), data.content_hash)
    return Recommender.of(data, weights, with_attributes=True, split_seed=0, run="test")


def test_every_measurement_is_a_positive_number(recommender: Recommender) -> None:
    rows = benchmark.benchmark(recommender, quick=True)
    assert all(found["value"] > 0 for found in rows)
    assert len({found["name"] for found in rows}) == len(rows)
    targets = {found["target"] for found in rows if found["target"] is not None}
    assert targets == {10, 100, 25, 3000, 1000}


def test_no_search_finds_less_than_the_smallest_set(recommender: Recommender) -> None:
    for user in recommender.data.users["user_id"][:12]:
        profile = recommender.profile(str(user))
        first = int(recommender.rank(profile, 1).items[0])
        told = smallest_change(recommender, profile, first, "first")
        others = (
            by_accent(recommender, profile, first),
            by_relevance(recommender, profile, first, "first"),
        )
        for size in others:
            assert np.isnan(size) or (told.found and 1 <= len(told.items) <= size)


def test_a_time_is_met_below_and_a_ratio_above() -> None:
    for value, most, least in ((99, True, False), (100, True, True), (101, False, True)):
        assert row("t", value, "us", at_most=100)["met"] is most
        assert row("r", value, "x", at_least=100)["met"] is least
    assert row("n", 99, "x")["met"] is None


def test_the_command_prints_and_writes_the_rows(
    recommender: Recommender,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(store, "shown_run", lambda: None)
    monkeypatch.setattr(store, "recommender", lambda run: recommender)
    file = tmp_path / "speed.json"
    code = command.main(["movies", "--quick", "--json", str(file)])
    content = json.loads(file.read_text())
    rows = content["benchmarks"]["movies"]
    assert code == (1 if any(row["met"] is False for row in rows) else 0)
    assert {"name", "value", "unit", "target", "met"} == set(rows[0])
    assert content["machine"]["threads"]
    assert "threads" in capsys.readouterr().out


def test_what_is_wrong_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def missing() -> None:
        raise RunError("There is no run.")

    monkeypatch.setattr(store, "shown_run", missing)
    assert command.main(["movies"]) == 1
    assert capsys.readouterr().err == "There is no run.\n"
    with pytest.raises(SystemExit):
        command.main(["moovies"])
    assert "there is no benchmark 'moovies'" in capsys.readouterr().err


@pytest.mark.slow
def test_evaluate_prints_the_table_and_says_what_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = str(planted.folder(tmp_path / "own"))
    common = ["--dataset", made, "--quick", "--seeds", "0"]
    assert evaluate.main(["movies", "significance", *common]) == 0
    out = capsys.readouterr().out
    assert "RecoNet + Layer" in out and "Stored as significance-own-quick." in out
    assert evaluate.main(["movies", "nothing", *common]) == 1
    assert capsys.readouterr().err.startswith("There is no table 'nothing'; the tables are")
    assert evaluate.main(["movies", "recall", "--dataset", "no-such-data"]) == 1
    assert "no-such-data" in capsys.readouterr().err
