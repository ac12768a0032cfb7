"""Tables on planted data: against slow twins, resumed from cells, stored with conditions."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from relrec_core.errors import ConfigError, ReadOnlyError
from relrec_core.evaluation import measure, tables
from relrec_core.evaluation.cells import Cells
from relrec_core.evaluation.tables import stored_name
from relrec_core.movies import store
from relrec_core.movies.config import Config
from relrec_core.movies.evaluation import evaluate, study, tuning
from relrec_core.movies.evaluation.baselines.peers import PEERS
from relrec_core.movies.evaluation.study import Study
from relrec_core.runs.directory import Run
from relrec_core.runs.execution import Cancelled
from tests.movies import planted


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted.folder(tmp_path_factory.mktemp("evaluate") / "planted")


@pytest.fixture
def quick(made: Path) -> Study:
    return Study(str(made), seeds=(0, 1), quick=True)


@pytest.mark.slow
def test_recall_has_all_methods_and_is_not_computed_twice(
    quick: Study, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[float] = []
    monkeypatch.setattr(evaluate, "QUICK_METHODS", evaluate.METHODS)
    for name, candidates in PEERS.items():
        monkeypatch.setitem(PEERS, name, candidates[:2])
    first = measure.evaluate("recall", evaluate.TABLES, quick)
    frame = first.frame.set_index(["method", "attributes"])
    assert set(frame.index) == {(name, "without") for name in PEERS} | {
        (name, said)
        for name in (*dict(evaluate.MODELS), *tuning.WITH_ATTRIBUTES)
        for said in ("with", "without")
    }
    assert frame["recall_50"].between(0, 1).all()
    assert (frame["seeds"] == 2).all()
    assert frame["recall_50_sd"].notna().all()

    def never(*arguments: object) -> None:
        raise AssertionError("computed a second time")

    monkeypatch.setattr(study, "train", never)
    monkeypatch.setattr(tuning, "_measured", never)
    again = Study(str(made), seeds=(0, 1), quick=True, tell=lambda f, m: told.append(f))
    second = measure.evaluate("recall", evaluate.TABLES, again)
    columns = ["method", "attributes", "recall_50", "pooled_recall_50"]
    pd.testing.assert_frame_equal(first.frame[columns], second.frame[columns])
    assert told == sorted(told) and told[-1] == 1.0


def test_a_cell_depends_on_data_seed_settings_and_code(quick: Study) -> None:
    def first(**more: object) -> dict[str, object]:
        return quick.cells("test", __name__).get(
            quick.key(0, **more), lambda: {"n": more.get("n", 0)}
        )

    assert first() == {"n": 0}
    assert first(n=1) == {"n": 1}
    other_code = Cells("movies", "test", "other")
    assert other_code.get(quick.key(0), lambda: {"n": 9}) == {"n": 9}
    full = Study(quick.dataset, seeds=(0,), quick=False)
    assert quick.key(0) != full.key(0) != full.key(1)


def test_stored_with_conditions_and_without_places(quick: Study, made: Path) -> None:
    found = measure.evaluate("significance", evaluate.TABLES, quick)
    name = stored_name("significance", "planted", quick=True)
    again = tables.stored(store.WING, name)
    assert again is not None and found.name == name
    pd.testing.assert_frame_equal(again.frame, found.frame)
    said = json.dumps(again.conditions)
    assert str(made.parent) not in said
    assert again.conditions["data"]["content_hash"] == quick.data.content_hash
    assert again.conditions["seeds"] == [0]
    assert {"settings", "split", "machine", "seconds", "training_code"} <= set(again.conditions)


def test_unknown_tables_are_named(quick: Study) -> None:
    with pytest.raises(ConfigError, match=r"'resall'; the tables are recall, starts,"):
        measure.evaluate("resall", evaluate.TABLES, quick)


def test_read_only_computes_nothing(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELREC_READ_ONLY", "1")
    with pytest.raises(ReadOnlyError):
        measure.evaluate("recall", evaluate.TABLES, Study(str(made), seeds=(5,), quick=True))
    with pytest.raises(ReadOnlyError):
        Study(str(made), seeds=(5,), quick=True).trained(5)


def test_names_are_plain() -> None:
    assert stored_name("recall", "ml-100k") == "recall-ml-100k"
    assert stored_name("lime", "My films!", quick=True) == "lime-my-films-quick"


def test_a_training_that_was_stopped_goes_on(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, epochs = study.train, []

    def stopped(config: Config, run: Run) -> None:
        log = run.log_metrics

        def kill(step: int, **values: float) -> None:
            log(step, **values)
            if step == study.QUICK_EPOCHS + 1:  # the first epoch of the refit
                raise Cancelled

        monkeypatch.setattr(run, "log_metrics", kill)
        real(config, run)

    def resumed(config: Config, run: Run) -> None:
        before = len(run.metrics())
        real(config, run)
        epochs.append((before, len(run.metrics())))

    monkeypatch.setattr(study, "train", stopped)
    with pytest.raises(Cancelled):
        Study(str(made), seeds=(7,), quick=True).trained(7)
    monkeypatch.setattr(study, "train", resumed)
    model = Study(str(made), seeds=(7,), quick=True).trained(7)
    assert model.card.metrics["test_recall_50"] > 0
    assert epochs[0][0] > study.QUICK_EPOCHS
