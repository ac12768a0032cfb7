"""Training on simulated sessions: it learns, repeats, resumes, reads shards, and runs on two."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from relrec_core.errors import CheckpointError, ConfigError, DataError, SourceError
from relrec_core.experts.mixture import weight_sums
from relrec_core.runs.config import load
from relrec_core.runs.directory import Run, list_runs
from relrec_core.runs.execution import Cancelled
from relrec_core.runs.launch import TRAIN
from relrec_core.sessions import store
from relrec_core.sessions.model.network import network
from relrec_core.sessions.simulation.simulator import SimulationSettings, write
from relrec_core.sessions.training import scoring
from relrec_core.sessions.training.prepare import prepare_simulated
from relrec_core.sessions.training.train import FIRST_RATE, RISING, Config, Fit, train
from tests.trainings import ROUNDING, STANDING, execute, losses, same, same_gradients
from tests.waiting import LONG

pytestmark = pytest.mark.numerics

TWO = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELREC_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RELREC_READ_ONLY", raising=False)


def config(**changes: Any) -> Config:
    settings: dict[str, Any] = {
        "sessions": 240,
        "catalogue": 2_000,
        "width": 16,
        "blocks": 1,
        "ratio": 2,
        "schedule": "plateau",
        "learning_rate": 0.001,
        "epochs": 4,
        "batch_size": 64,
        "threads": 1,
        "device": "cpu",
    }
    return Config(**{**settings, **changes})


def trained(settings: Config) -> Run:
    return execute(Run.create("sessions", settings), settings, train)


@pytest.mark.slow
def test_it_learns_better_than_both_baselines() -> None:
    settings = config(
        sessions=2_500, width=32, epochs=7, batch_size=32, learning_rate=0.005, plateau=3
    )
    run = trained(settings)
    assert run.status().state == "done"
    card = run.card()
    metrics = card.metrics
    better = max(metrics["last_baseline_accuracy"], metrics["mean_baseline_accuracy"])
    assert metrics["test_accuracy"] > better + 0.05
    predictor, source = store.predictor(run), store.open_source(settings)
    assert predictor.dataset_hash == source.content_hash == card.data.content_hash
    judged = scoring.judged(source, "test", predictor)
    again = judged.scores(judged.prediction.probability)
    assert metrics["test_accuracy"] == pytest.approx(again.accuracy, abs=1e-4)
    assert metrics["test_maa"] == pytest.approx(again.maa, abs=1e-4)
    assert metrics["last_baseline_first"] == pytest.approx(
        judged.scores(judged.last).first, abs=1e-4
    )
    assert card.epochs == int(np.argmin(losses(run, "validation_loss"))) + 1
    assert card.data.synthetic and "simulated" in card.data.title.lower()
    assert len(card.details["experts"]) == 8


@pytest.mark.parametrize(
    ("model", "schedule"),
    [
        ("transformer", "plateau"),
        ("transformer", "one-cycle"),
        ("gru", "one-cycle"),
        ("control", "plateau"),
    ],
)
def test_every_model_learns_repeats_and_resumes_to_the_same_weights(
    model: str, schedule: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = config(model=model, schedule=schedule)
    whole, again = trained(settings), trained(settings)
    assert same(whole, again) and whole.metrics() == again.metrics()
    assert losses(whole)[-1] < losses(whole)[0]
    assert not same(whole, trained(config(model=model, schedule=schedule, seed=1)))

    log = Run.log_metrics

    def stopping(self: Run, step: int, **values: Any) -> None:
        log(self, step, **values)
        if step == 2:
            self.request_cancel()

    broken = Run.create("sessions", settings)
    with monkeypatch.context() as patch:
        patch.setattr(Run, "log_metrics", stopping)
        with pytest.raises(Cancelled):
            execute(broken, settings, train)
    assert broken.status().state == "cancelled" and len(broken.metrics()) == 2
    with pytest.raises(CheckpointError, match="has no checkpoint"):
        store.predictor(broken)
    broken.withdraw_cancel()
    execute(broken, settings, train)
    assert same(whole, broken) and broken.metrics() == whole.metrics()
    assert broken.card().metrics == whole.card().metrics


def test_the_rate_falls_on_a_plateau_and_training_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    found = iter([0.5, 0.4, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6])
    monkeypatch.setattr(Fit, "_validate", lambda self: (next(found), 0.5))
    settings = config(
        epochs=50, plateau=2, patience=6, learning_rate=0.01, reduction=0.1, smallest_rate=5e-4
    )
    run = trained(settings)
    rates = losses(run, "learning_rate")
    assert rates == pytest.approx([0.01] * 4 + [0.001] * 2 + [5e-4] * 2)
    assert run.card().epochs == 2


def test_a_cycle_rises_and_falls_along_cosines_and_is_gone_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Fit, "_validate", lambda self: (0.5, 0.5))  # it never gets better
    settings = config(
        schedule="one-cycle", learning_rate=0.01, smallest_rate=1e-4, epochs=20, patience=1
    )
    run = trained(settings)
    steps = 20 * -(-store.open_source(settings).parts["train"] // 64)
    top = RISING * (steps + 1) - 1  # the step with the largest rate

    def rate(step: int) -> float:
        if step <= top:
            low, way = 0.01 / FIRST_RATE, 1 - step / top
        else:
            low, way = 1e-4, (step - top) / (steps - top)
        return low + (0.01 - low) * (1 + np.cos(np.pi * way)) / 2

    found = losses(run, "learning_rate")
    assert found == pytest.approx([rate(steps * n // 20) for n in range(1, 21)], rel=1e-9)
    assert found[-1] == pytest.approx(1e-4) and max(found) > 0.0095


def test_simulated_sessions_have_a_recipe_and_what_was_stored_before_has_none() -> None:
    recipe = Config.recipes["simulated"]
    for found in (Config(), Config(dataset="simulated")):
        assert found.model_dump() == Config.stored(recipe).model_dump()
    assert Config(dataset="logs").schedule == "plateau"
    assert Config(epochs=3).model_dump() == found.model_dump() | {"epochs": 3}
    before = {k: v for k, v in Config(dataset="logs").model_dump().items() if k != "schedule"}
    assert Config.stored(before | {"dataset": "simulated"}).schedule == "plateau"
    assert Config.stored({"data": "logs"}) == Config(dataset="logs")


def test_shards_files_and_memory_are_the_same_data(tmp_path: Path) -> None:
    made = SimulationSettings(tracks=2_000)
    prepare_simulated(240, tmp_path / "shards", settings=made, shard_sessions=50)
    write(tmp_path / "files", 240, settings=made)
    shards, files = (trained(config(dataset=str(tmp_path / name))) for name in ("shards", "files"))
    simulated = trained(config())
    for run in (shards, files):
        data = run.card().data
        expected = simulated.card().data
        assert data.content_hash == expected.content_hash
        assert data.counts == expected.counts
    assert same(files, simulated)
    assert losses(shards)[0] == pytest.approx(losses(files)[0], rel=0.05)  # another order
    one, two = (store.open_source(r.settings(Config)) for r in (shards, files))
    predictor = store.predictor(files)
    np.testing.assert_allclose(
        scoring.judged(one, "test", predictor).prediction.probability,
        scoring.judged(two, "test", predictor).prediction.probability,
        atol=1e-4,
    )


@pytest.mark.slow
def test_two_processes_learn_what_one_learns() -> None:
    """The command line under torchrun: same total batch, so the same gradients up to rounding."""
    rates = {"learning_rate": STANDING, "smallest_rate": STANDING}
    settings = config(batch_size=37, epochs=2, **rates)
    one = trained(settings)
    options = [
        f"--{name.replace('_', '-')}={value}" for name, value in settings.model_dump().items()
    ]
    child = subprocess.run(
        [sys.executable, *TWO, *TRAIN, "sessions", *options],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=LONG,
        check=False,
    )
    assert child.returncode == 0, child.stdout + child.stderr
    (two,) = (run for run in list_runs("sessions") if run.name != one.name)
    assert two.settings(Config) == settings
    same_gradients(one, two)
    for name in ("train_loss", "validation_loss"):
        assert losses(two, name) == pytest.approx(losses(one, name), rel=ROUNDING)
    test = next(store.open_source(settings).sessions("test"))[1]
    alone, shared = (store.predictor(run).predict(test) for run in (one, two))
    np.testing.assert_allclose(shared.probability, alone.probability, rtol=ROUNDING)


@pytest.mark.parametrize("model", ["transformer", "gru", "control"])
def test_gradients_of_two_shares_add_up_to_those_of_the_batch(model: str) -> None:
    """In double precision, so that only rounding at the 15th digit is left."""
    settings = config(model=model)
    source = store.open_source(settings)
    batch = next(source.sessions("train"))[1]
    net = network(source.encoding, settings).double()

    def part(rows: slice) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        mask = batch.mask_b[rows]
        z = net(batch.a[rows].double(), batch.b[rows].double(), batch.mask_a[rows], mask)
        return z, batch.target[rows].double(), net.weights(z), mask

    def gradients(*parts: slice) -> list[torch.Tensor]:
        net.zero_grad()
        shares = [part(rows) for rows in parts]
        totals = torch.stack([weight_sums(w, mask) for _, _, w, mask in shares]).sum(0)
        for share in shares:
            net.loss(*share, totals).backward()
        return [p.grad.clone() for p in net.parameters() if p.grad is not None]

    whole = gradients(slice(None))
    assert len(whole) == len(list(net.parameters()))
    for one, two in zip(whole, gradients(slice(70), slice(70, None)), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-9, atol=1e-12)


def test_the_real_slice_trains_with_the_experts_that_are_left(mssd_slice: Path) -> None:
    run = trained(config(dataset=str(mssd_slice.parent), epochs=2))
    card = run.card()
    assert card.details["absent"] and 1 <= len(card.details["experts"]) < 8
    assert not card.data.synthetic
    assert 0 <= card.metrics["test_accuracy"] <= 1


def test_missing_and_too_little_data_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no session data 'nowhere'"):
        trained(config(dataset="nowhere"))
    write(tmp_path / "few", 2, settings=SimulationSettings(tracks=2_000))
    with pytest.raises(DataError, match="enough sessions to split"):
        trained(config(dataset=str(tmp_path / "few")))


def test_a_state_of_another_model_is_refused() -> None:
    settings = config(epochs=1)
    run = Run.create("sessions", settings)
    run.write_state({"net.x": torch.zeros(1)}, {"rate": 0.1})
    with pytest.raises(CheckpointError, match="cannot be resumed"):
        execute(run, settings, train)


def test_settings_that_call_the_data_set_data_still_open(tmp_path: Path) -> None:
    shipped = Run.open(store.SHIPPED)
    assert (
        shipped.settings(Config).dataset == store.predictor(shipped).config.dataset == "simulated"
    )
    file = tmp_path / "config.json"
    file.write_text('{"data": "logs", "epochs": 3}')
    assert load(Config, file, {}) == Config(dataset="logs", epochs=3)
    assert load(Config, file, {"dataset": "other"}) == Config(dataset="other", epochs=3)
    with pytest.raises(ConfigError, match="Unknown setting 'date'"):
        load(Config, file, {"date": "other"})
