"""Training on planted tastes: it learns, repeats, resumes, survives kills, and runs on two."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from relrec_core.errors import CheckpointError, DataError, RunError
from relrec_core.movies import store
from relrec_core.movies.config import Config
from relrec_core.movies.data.datasets import open_data
from relrec_core.movies.data.split import split
from relrec_core.movies.model.metrics import recall
from relrec_core.movies.training.train import train
from relrec_core.runs.directory import Run, list_runs
from relrec_core.runs.execution import Cancelled
from relrec_core.runs.launch import TRAIN, launch, resume
from relrec_core.train import main
from tests.movies import planted
from tests.trainings import ROUNDING, STANDING, execute, same, same_gradients
from tests.waiting import LONG, until

pytestmark = pytest.mark.numerics

TWO = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELREC_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RELREC_READ_ONLY", raising=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tastes among more films than recall@50 can hold."""
    path = tmp_path_factory.mktemp("tastes") / "tastes"
    return planted.folder(path, viewers=80, films=120, groups=2)


def config(made: Path, **changes: Any) -> Config:
    settings: dict[str, Any] = {
        "dataset": str(made),
        "dim": 8,
        "epochs": 12,
        "evaluate_every": 4,
        "patience": 50,
        "batch_size": 32,
        "learning_rate": 0.02,
        "dropout": 0.2,
        "averaging": 0.9,
        "threads": 1,
        "device": "cpu",
    }
    return Config(**{**settings, **changes})


def trained(settings: Config) -> Run:
    return execute(Run.create("movies", settings), settings, train)


def arrays(run: Run) -> dict[str, np.ndarray]:
    return run.read_arrays()[0]


def losses(run: Run) -> list[float]:
    return [
        float(row[name])
        for name in ("search_loss", "refit_loss")
        for row in run.metrics()
        if name in row
    ]


def in_proportion(epochs: int, run: Run) -> int:
    """The refit has more films to learn from, and takes as many more epochs."""
    parts = split(open_data(run.settings(Config).dataset), 0)
    return round(epochs * (parts.train.nnz + parts.dev.nnz) / parts.train.nnz)


def test_it_learns_the_tastes_better_than_popularity(made: Path) -> None:
    run = trained(config(made, epochs=60, evaluate_every=10))
    assert run.status().state == "done"
    recommender = store.recommender(run)
    known, test = recommender.history, recommender.held_out
    found = recall(recommender.weights.logits_of_all(recommender.bags), known, test)
    popular = np.tile(known.toarray().sum(axis=0), (known.shape[0], 1)).astype(np.float32)
    assert found.macro > recall(popular, known, test).macro + 0.05
    card = run.card()
    assert card.metrics["test_recall_50"] == pytest.approx(found.macro, abs=1e-4)
    assert card.metrics["test_recall_50_pooled"] == pytest.approx(found.pooled, abs=1e-4)
    assert card.data.content_hash == recommender.data.content_hash
    assert (card.seed, card.split["seed"]) == (0, 0)
    measured = {
        row["step"]: row["dev_recall_50"] for row in run.metrics() if "dev_recall_50" in row
    }
    assert list(measured) == [10, 20, 30, 40, 50, 60]
    best = max(measured, key=lambda step: (measured[step], -step))
    assert card.epochs == in_proportion(best, run)
    refit = [row for row in run.metrics() if "refit_loss" in row]
    assert len(refit) == card.epochs
    assert refit[-1]["refit_loss"] < refit[0]["refit_loss"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"hidden": 6},
        {"examples": "removal"},
        {"hidden": 6, "examples": "removal", "averaging": 0.0},
        {"attributes": False, "penalty": 1e-4, "attribute_dropout": 0.3},
        {"batch_size": 1, "epochs": 2, "evaluate_every": 1},
    ],
    ids=lambda c: ", ".join(f"{k}={v}" for k, v in c.items()) or "default",
)
def test_every_variant_learns_repeats_and_stays_finite(made: Path, changes: dict[str, Any]) -> None:
    settings = config(made, **changes)
    first, again = trained(settings), trained(settings)
    assert same(first, again)
    assert losses(first) == losses(again)
    assert np.isfinite(losses(first)).all()
    search = [float(r["search_loss"]) for r in first.metrics() if "search_loss" in r]
    assert search[-1] < search[0]
    assert all(np.isfinite(a).all() for a in arrays(first).values())
    assert ("layer" in arrays(first)) == (settings.hidden > 0)
    recommender = store.recommender(first)
    assert len(recommender.rank(recommender.profile("1"), 5).items) == 5


def test_other_seeds_give_other_weights(made: Path) -> None:
    first = trained(config(made, epochs=4))
    for other in ({"seed": 1}, {"split_seed": 1}):
        assert not same(first, trained(config(made, epochs=4, **other)))


def test_the_search_stops_when_patience_ends(made: Path) -> None:
    run = trained(config(made, epochs=400, evaluate_every=1, patience=3, learning_rate=0.5))
    measured = [row["dev_recall_50"] for row in run.metrics() if "dev_recall_50" in row]
    assert len(measured) == int(np.argmax(measured)) + 1 + 3 < 400
    assert run.card().epochs == in_proportion(int(np.argmax(measured)) + 1, run)


def cancelled_at(monkeypatch: pytest.MonkeyPatch, step: int) -> Callable[[], None]:
    """Ask each run to stop once it has logged `step`; returns what takes that back."""
    log = Run.log_metrics

    def logging(self: Run, at: int, **values: Any) -> None:
        log(self, at, **values)
        if at == step:
            self.request_cancel()

    monkeypatch.setattr(Run, "log_metrics", logging)
    return lambda: monkeypatch.setattr(Run, "log_metrics", log)


@pytest.mark.parametrize("step", [1, 6, 8, 12, 13, 18, 20])
@pytest.mark.parametrize("hidden", [0, 6])
def test_a_cancelled_run_resumes_to_the_very_same_weights(
    made: Path, monkeypatch: pytest.MonkeyPatch, step: int, hidden: int
) -> None:
    """Steps 1 to 12 are the search, the later ones the refit; states are kept every 4 epochs."""
    settings = config(made, hidden=hidden)
    whole = trained(settings)
    if whole.card().epochs + 12 <= step:
        step = whole.card().epochs + 11
    restore = cancelled_at(monkeypatch, step)
    broken = Run.create("movies", settings)
    with pytest.raises(Cancelled):
        execute(broken, settings, train)
    assert broken.status().state == "cancelled"
    assert [row["step"] for row in broken.metrics()] == list(range(1, step + 1))
    with pytest.raises(CheckpointError, match="has no checkpoint"):
        store.recommender(broken)
    restore()
    broken.withdraw_cancel()
    execute(broken, settings, train)
    assert same(whole, broken)
    assert broken.metrics() == whole.metrics()
    assert broken.card().epochs == whole.card().epochs
    with pytest.raises(RunError, match="is complete"):
        execute(broken, settings, train)


@pytest.mark.slow
def test_a_killed_training_is_seen_failed_and_resumes_to_the_same_weights(made: Path) -> None:
    settings = config(made, epochs=120, evaluate_every=5)
    run = launch("movies", settings)
    until(lambda: any(row["step"] >= 12 for row in run.metrics()))
    pid = run.status().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: not run.status().ongoing)
    assert run.status().state == "failed"
    until(lambda: bool(re.search(r"signal 9.*kept", run.status().message)))
    kept = run.read_state()
    assert kept is not None
    assert kept[1]["epoch"] % 5 == 0
    resume(run)
    until(lambda: not run.status().ongoing)
    assert run.status().state == "done", run.log_tail()
    assert same(trained(settings), run)


@pytest.mark.slow
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"hidden": 6, "examples": "removal", "batch_size": 37},
        {"loss": "sampled", "negatives": 40},
        {"loss": "sampled", "negatives": 40, "batch_size": 3, "hidden": 6},
    ],
)
def test_two_processes_learn_what_one_learns(made: Path, changes: dict[str, Any]) -> None:
    """The command line under torchrun: same total batch, so the same gradients up to rounding."""
    fixed = {"learning_rate": STANDING, "penalty": 1e-4}
    settings = config(made, epochs=6, evaluate_every=3, **fixed, **changes)
    one = trained(settings)
    options = [
        f"--{name.replace('_', '-')}={value}"
        for name, value in settings.model_dump(exclude_defaults=True).items()
    ]
    child = subprocess.run(
        [sys.executable, *TWO, *TRAIN, "movies", *options],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=LONG,
        check=False,
    )
    assert child.returncode == 0, child.stdout + child.stderr
    (two,) = (run for run in list_runs("movies") if run.name != one.name)
    assert two.settings(Config) == settings
    assert len(losses(one)) >= 6
    same_gradients(one, two)
    assert losses(two) == pytest.approx(losses(one), rel=ROUNDING)
    assert [set(row) for row in two.metrics()] == [set(row) for row in one.metrics()]
    for name, array in arrays(one).items():
        np.testing.assert_allclose(arrays(two)[name], array, rtol=ROUNDING, atol=1e-6)


def test_a_model_of_other_data_is_refused(made: Path, tmp_path: Path) -> None:
    mine = planted.folder(tmp_path / "mine", viewers=80, films=120, groups=2)
    run = trained(config(mine, epochs=1))
    store.recommender(run)
    planted.folder(mine, viewers=80, films=120, groups=2, seed=1)
    with pytest.raises(CheckpointError, match="trained on other data than 'mine'"):
        store.recommender(run)


def test_a_checkpoint_damaged_by_one_byte_is_refused(made: Path) -> None:
    run = trained(config(made, epochs=1))
    file = run.path / "checkpoint.safetensors"
    whole = file.read_bytes()
    for at in (0, 9, len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(CheckpointError, match="damaged: found sha256"):
            store.recommender(run)
    file.write_bytes(whole[:-1])
    with pytest.raises(CheckpointError, match="damaged"):
        store.recommender(run)
    file.write_bytes(whole)
    store.recommender(run)


@pytest.mark.parametrize(
    "ratings", ["1,1,5\n", "1,1,5\n1,2,5\n2,1,5\n2,2,5\n", "1,1,1\n1,2,1\n1,3,2\n1,4,1\n1,5,1\n"]
)
def test_too_little_data_is_said_in_a_sentence(
    tmp_path: Path, ratings: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "few"
    folder.mkdir()
    (folder / "interactions.csv").write_text("user_id,item_id,rating\n" + ratings)
    expected = "enough liked movies to split into training, development and test"
    with pytest.raises(DataError, match=expected):
        trained(config(folder))
    assert list_runs("movies")[0].status().state == "failed"
    assert main(["movies", f"--dataset={folder}", "--epochs=1", "--device=cpu"]) == 1
    said = capsys.readouterr().err
    assert expected in said
    assert len(said.splitlines()) == 1


def test_the_smallest_data_that_can_be_split_trains(tmp_path: Path) -> None:
    (tmp_path / "interactions.csv").write_text(
        "user_id,item_id\n" + "".join(f"{u},{i}\n" for u in "ab" for i in range(4)) + "c,0\n"
    )
    run = trained(config(tmp_path, epochs=2, evaluate_every=1))
    assert np.isfinite(losses(run)).all()
    recommender = store.recommender(run)
    assert len(recommender.rank(recommender.profile("c"), 9).items) == 3
