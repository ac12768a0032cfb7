"""Joined models: every score is the mean, and explained like any other; misfits are refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given

from relrec_core.errors import CheckpointError
from relrec_core.movies import store
from relrec_core.movies.config import Config
from relrec_core.movies.explanation.explain import explain
from relrec_core.movies.model.weights import Weights
from relrec_core.movies.training import joining
from relrec_core.movies.training.train import train
from relrec_core.runs.directory import Run, list_runs
from tests.movies import planted
from tests.movies.made import SEEDS, made
from tests.trainings import execute

pytestmark = pytest.mark.numerics

SETTINGS = {
    "attributes": False,
    "dim": 8,
    "epochs": 2,
    "evaluate_every": 1,
    "batch_size": 32,
    "threads": 1,
    "device": "cpu",
}


@given(SEEDS)
def test_a_joined_score_is_the_mean_of_the_members_scores(seed: int) -> None:
    members = [made(seed + n, 0)[0] for n in range(3)]
    bag = made(seed, 0)[1]
    mean = np.mean([one.logits(bag).astype(np.float64) for one in members], axis=0)
    size = max(float(np.abs(one.outputs).max()) for one in members)
    np.testing.assert_allclose(Weights.joined(members).logits(bag), mean, atol=1e-5 * (1 + size))


def test_models_that_do_not_fit_together_are_refused() -> None:
    one, layered = made(1, 0)[0], made(1, 3)[0]
    with pytest.raises(CheckpointError, match="hidden units"):
        Weights.joined([one, layered])
    for other in (replace(one, dataset_hash="x"), replace(one, values=one.values[::-1])):
        with pytest.raises(CheckpointError, match="different data or attributes"):
            Weights.joined([one, other])


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Run]]:
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("home")
        patch.setenv("RELREC_HOME", str(home))
        folder = str(planted.folder(home / "tastes", viewers=60, films=60, groups=2))
        runs = []
        for more in ({"start": "random"}, {"start": "factors"}, {"split_seed": 1}):
            settings = Config(dataset=folder, **SETTINGS, **more)
            runs.append(execute(Run.create("movies", settings, "member"), settings, train))
        return home, runs


@pytest.fixture(autouse=True)
def same_home(members: tuple[Path, list[Run]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELREC_HOME", str(members[0]))


def test_a_joined_run_is_shown_and_explained_like_any_other(
    members: tuple[Path, list[Run]], capsys: pytest.CaptureFixture[str]
) -> None:
    names = [run.name for run in members[1][:2]]
    assert joining.main([names[0], str(members[1][1].path), "--activate"]) == 0
    run = Run.open(Path(capsys.readouterr().out.removeprefix("Joined: ").strip()))
    assert store.shown_run().path == run.path
    assert run.settings(Config).dim == 16
    assert run.card().details["joined"] == names
    recommender = store.recommender(run)
    user = recommender.profile(str(recommender.data.users["user_id"].iloc[0]))
    single = [store.recommender(one).weights.logits(user.features) for one in members[1][:2]]
    joined = recommender.weights.logits(user.features)
    np.testing.assert_allclose(joined, np.mean(single, axis=0), atol=1e-5)
    assert explain(recommender, user, recommender.rank(user).items[0]).audit.ledger.closes()


@pytest.mark.parametrize(
    ("chosen", "why"),
    [((0,), "two different runs"), ((0, 0), "two different runs"), ((0, 2), "one split seed")],
)
def test_what_cannot_be_joined_is_said_and_leaves_nothing(
    members: tuple[Path, list[Run]],
    chosen: tuple[int, ...],
    why: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = len(list_runs("movies"))
    assert joining.main([members[1][n].name for n in chosen]) == 1
    assert why in capsys.readouterr().err
    assert joining.main([members[1][0].name, "no such run"]) == 1
    assert "no run 'no such run'" in capsys.readouterr().err
    assert len(list_runs("movies")) == before


def test_more_dimensions_than_a_model_may_have_are_refused(
    members: tuple[Path, list[Run]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = len(list_runs("movies"))
    whole = Weights.joined
    monkeypatch.setattr(Weights, "joined", lambda found: whole([*found] * 65))  # 65 x 16
    assert joining.main([run.name for run in members[1][:2]]) == 1
    assert "1040" in (said := capsys.readouterr().err) and "1024" in said
    assert len(list_runs("movies")) == before
