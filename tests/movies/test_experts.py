"""Experts on planted films: closed to what they do not read, trained, resumed, explained."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from relrec_core.errors import CheckpointError, ConfigError, DataError, ProfileError
from relrec_core.evaluation import measure
from relrec_core.experts.subsets import Family
from relrec_core.movies.data.interactions import load
from relrec_core.movies.evaluation import evaluate
from relrec_core.movies.evaluation.study import Study
from relrec_core.movies.experts import store
from relrec_core.movies.experts.data.inputs import EXPERTS, GROUPS, TASTE_SPREAD, Attributes
from relrec_core.movies.experts.evaluation.study import training_code as experts_code
from relrec_core.movies.experts.explanation.explain import Explainer
from relrec_core.movies.experts.explanation.resampling import added, exchange_test, others
from relrec_core.movies.experts.explanation.result import ExpertExplanation, expert_title
from relrec_core.movies.experts.model.network import NetworkOfExperts, network
from relrec_core.movies.experts.training.train import Config, train
from relrec_core.runs.active import make_active
from relrec_core.runs.config import load as load_config
from relrec_core.runs.directory import Run, list_runs
from relrec_core.runs.execution import Cancelled
from relrec_core.runs.launch import TRAIN
from tests.movies import planted
from tests.trainings import ROUNDING, STANDING, execute, losses, same, same_gradients
from tests.waiting import LONG

pytestmark = pytest.mark.numerics

TWO = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELREC_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RELREC_READ_ONLY", raising=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted.folder(tmp_path_factory.mktemp("experts") / "planted")


def config(made: Path, **changes: Any) -> Config:
    chosen: dict[str, Any] = {
        "dataset": str(made),
        "taste": 8,
        "content": 4,
        "width": 16,
        "layers": 2,
        "batch_size": 64,
        "epochs": 6,
        "patience": 6,
        "threads": 1,
        "device": "cpu",
    }
    return Config(**{**chosen, **changes})


def trained(settings: Config) -> Run:
    return execute(Run.create(store.TRAINER, settings), settings, train)


def test_what_an_expert_does_not_read_does_not_move_it_by_one_bit(made: Path) -> None:
    torch.manual_seed(0)
    net = network(Attributes.of(load(made)), config(made))
    assert isinstance(net, NetworkOfExperts)
    x = net.pairs(torch.arange(5), torch.arange(10).view(5, 2)).detach()  # (5, 2, C)
    before = net.judge(x)  # (5, 2, K)
    widths = net.inputs.widths
    assert tuple(widths) == GROUPS
    for group, end in zip(widths, accumulate(widths.values()), strict=True):
        changed = x.clone()
        changed[..., end - widths[group] : end] = 10 * torch.randn(5, 2, widths[group])
        after = net.judge(changed)
        for i, read in enumerate(EXPERTS.values()):
            assert torch.equal(after[..., i], before[..., i]) == (group not in read)


def test_gradients_of_an_expert_stay_inside_what_it_reads(made: Path) -> None:
    torch.manual_seed(0)
    net = network(Attributes.of(load(made)), config(made, width=64))
    x = net.pairs(torch.arange(5), torch.arange(10).view(5, 2)).detach().requires_grad_()
    widths = net.inputs.widths
    for i, read in enumerate(EXPERTS.values()):
        (grad,) = torch.autograd.grad(net.judge(x)[..., i].sum(), x)
        for group, end in zip(widths, accumulate(widths.values()), strict=True):
            assert bool(grad[..., end - widths[group] : end].any()) == (group in read)


def test_the_match_is_the_product_of_both_tastes(made: Path) -> None:
    torch.manual_seed(0)
    inputs = network(Attributes.of(load(made)), config(made)).inputs
    x = torch.cat([inputs.viewers(torch.tensor([3])), inputs.films(torch.tensor([7]))], -1)
    expected = inputs.viewer_taste[3] * inputs.film_taste[7] / TASTE_SPREAD
    torch.testing.assert_close(inputs.matched(x)[0, x.shape[1] :], expected)
    torch.testing.assert_close(inputs.matched(x)[:, : x.shape[1]], x)


def test_content_alone_does_not_know_who_somebody_is(made: Path) -> None:
    net = network(Attributes.of(load(made)), config(made, model="content"))
    attributes = net.inputs.viewer_attributes
    twins = [row for row in range(1, len(attributes)) if (attributes[row] == attributes[0]).all()]
    films = torch.arange(5)[None]
    with torch.no_grad():
        z = [net(torch.tensor([row]), films) for row in (0, twins[0])]
    torch.testing.assert_close(z[0], z[1], rtol=0, atol=0)


@pytest.mark.parametrize("model", ["experts", "control", "content"])
def test_it_learns_the_planted_groups(made: Path, model: str) -> None:
    run = trained(config(made, model=model, epochs=30, learning_rate=0.01))
    assert run.status().state == "done"
    loss = losses(run)
    assert loss[-1] < loss[0]
    card = run.card()
    assert card.metrics["test_viewers"] == 60
    assert sum(a.size for a in run.read_arrays()[0].values()) == card.parameters
    assert bool(card.details["experts"]) == (model == "experts")
    measured = losses(run, "validation_ndcg")
    assert card.epochs == int(np.argmax(measured)) + 1


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights(made: Path) -> None:
    assert same(trained(config(made)), trained(config(made)))
    assert not same(trained(config(made)), trained(config(made, seed=1)))


@pytest.mark.parametrize("step", [1, 3, 6])
@pytest.mark.parametrize("model", ["experts", "control", "content"])
def test_a_cancelled_run_resumes_to_the_very_same_weights(
    made: Path, monkeypatch: pytest.MonkeyPatch, step: int, model: str
) -> None:
    """The last step ends the search: what is left is the epoch with the validation films."""
    settings = config(made, model=model)
    whole = trained(settings)
    log = Run.log_metrics

    def logging(self: Run, at: int, **values: Any) -> None:
        log(self, at, **values)
        if at == step:
            self.request_cancel()

    monkeypatch.setattr(Run, "log_metrics", logging)
    broken = Run.create(store.TRAINER, settings)
    with pytest.raises(Cancelled):
        execute(broken, settings, train)
    assert broken.status().state == "cancelled"
    assert [row["step"] for row in broken.metrics()] == list(range(1, step + 1))
    monkeypatch.setattr(Run, "log_metrics", log)
    broken.withdraw_cancel()
    execute(broken, settings, train)
    assert same(whole, broken)
    assert broken.metrics() == whole.metrics()


@pytest.mark.slow
@pytest.mark.parametrize("model", ["experts", "control", "content"])
def test_two_processes_learn_what_one_learns(made: Path, model: str) -> None:
    """The command line under torchrun: same total batch, so the same gradients up to rounding."""
    settings = config(made, model=model, epochs=2, batch_size=37, learning_rate=STANDING)
    one = trained(settings)
    options = [
        f"--{name.replace('_', '-')}={value}"
        for name, value in settings.model_dump(exclude_defaults=True).items()
    ]
    child = subprocess.run(
        [sys.executable, *TWO, *TRAIN, store.TRAINER, *options],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=LONG,
        check=False,
    )
    assert child.returncode == 0, child.stdout + child.stderr
    (two,) = (run for run in list_runs(store.TRAINER) if run.name != one.name)
    assert two.settings(Config) == settings
    same_gradients(one, two)
    assert losses(two) == pytest.approx(losses(one), rel=ROUNDING)


def explainer(made: Path) -> Explainer:
    run = trained(config(made))
    make_active(run)
    assert store.shown_run().name == run.name
    return Explainer.of(store.shown_run(), load(made))


def test_an_explanation_proves_itself_and_survives_a_round_trip(made: Path) -> None:
    found = explainer(made)
    viewer = str(found.data.users["user_id"].iloc[3])
    films = found.best(viewer, 5)
    assert not set(films) & set(found.learnt[3].indices.tolist())
    said = found.explain(viewer, films, focus=2, donors=20)
    assert said == found.explain(viewer, films, focus=2, donors=20)
    for film in said.films:
        assert sum(film.attribution.values()) == pytest.approx(1, abs=1e-12)
        parts = (film.attribution[e] * film.experts[e] for e in EXPERTS)
        assert sum(parts) == pytest.approx(film.probability, abs=1e-12)
        assert not film.learnt
    assert said.audit.shares.closes(1e-12) and said.audit.ledger.closes(1e-12)
    assert said.audit.deletion.score == pytest.approx(said.focused.sure)
    assert ExpertExplanation.from_json(said.to_json()) == said
    assert said.to_frame()["contribution"].sum() == pytest.approx(said.score)
    assert len(said.to_table()) == 5
    named = (
        rf"to {re.escape(said.focused.title)} for User {viewer}.*‘{expert_title(said.focused.top)}’"
    )
    assert re.search(named, said.sentence())


def test_a_donor_that_is_the_pair_itself_changes_nothing(made: Path) -> None:
    found = explainer(made)

    own = found.predictor.inputs([3], [7])
    for expert in EXPERTS:
        test = exchange_test(found.predictor, found.family, (3, 7), expert, own)
        assert test.after_top == pytest.approx(test.score)
        assert test.after_random == pytest.approx(test.score)


def test_what_each_expert_adds_is_compared_with_as_much_else(made: Path) -> None:
    family = Family(groups={g: (g,) for g in GROUPS}, experts=EXPERTS)
    content, taste = ("viewer content", "film content"), ("viewer taste", "film taste")
    expected = {
        "content": (content, taste),
        "user": (taste[:1], taste[1:]),
        "film": (taste[1:], taste[:1]),
        "taste": (taste, content),
    }
    for expert, pair in expected.items():
        assert (added(family, expert), others(family, expert)) == pair


def test_bad_input_is_answered_in_a_sentence(made: Path, tmp_path: Path) -> None:
    found = explainer(made)
    with pytest.raises(ProfileError, match="no user 'nobody' in planted"):
        found.explain("nobody", [0])
    with pytest.raises(ProfileError, match="There is no movie 40; there are 40"):
        found.explain("1", [40])
    with pytest.raises(ProfileError, match="There are 1 movies; there is no number 3"):
        found.explain("1", [0], focus=2)
    other = load(planted.folder(tmp_path / "other", seed=1))
    with pytest.raises(
        CheckpointError, match=r"trained on other data than 'other'.*--dataset other"
    ):
        store.predictor(store.shown_run(), other)
    control = trained(config(made, model="control", epochs=1))
    with pytest.raises(ProfileError, match="has no experts"):
        Explainer.of(control, load(made))
    with pytest.raises(ConfigError, match="'model': found 'oracle', allowed is one of experts"):
        load_config(Config, None, {"model": "oracle"})
    short = planted.folder(tmp_path / "short")
    frame = pd.read_csv(short / "interactions.csv").groupby("user_id").head(2)
    frame.to_csv(short / "interactions.csv", index=False)
    with pytest.raises(DataError, match=r"120 ratings of 60 users.*three ratings or more"):
        trained(config(short))


@pytest.mark.slow
def test_tables_have_every_method_and_expert_and_train_once(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Study(str(made), seeds=(0, 1), quick=True)
    first = measure.evaluate("experts", evaluate.TABLES, study)
    frame = first.frame.set_index("method")
    assert list(frame.index) == [
        "Popularity",
        "EASE",
        "ALS",
        "NCF of content alone",
        "Plain NCF (control)",
        "NCF of experts",
    ]
    assert frame[["hit_rate_10", "ndcg_10"]].stack().between(0, 1).all()
    assert (frame["cases"] == 60).all() and (frame["parameters"] > 0).all()
    assert first.conditions["training_code"] == experts_code()
    assert first.conditions["split"].startswith("leave-one-out")

    def never(*arguments: object) -> None:
        raise AssertionError("computed a second time")

    monkeypatch.setattr("relrec_core.movies.experts.evaluation.study.train", never)
    monkeypatch.setattr("relrec_core.movies.experts.evaluation.baselines.measured", never)
    again = measure.evaluate("experts", evaluate.TABLES, Study(str(made), seeds=(0, 1), quick=True))
    columns = ["method", "hit_rate_10", "ndcg_10"]
    pd.testing.assert_frame_equal(again.frame[columns], first.frame[columns])
    shares = measure.evaluate("deciders", evaluate.TABLES, study).frame
    assert list(shares["expert"]) == list(EXPERTS)
    assert shares["mean_share"].sum() == pytest.approx(1)
    assert shares["top_share"].sum() == pytest.approx(1)
