"""Training that begins with the factors of the ratings: near them, repeatable, said on the card."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from relrec_core.movies.config import Config
from relrec_core.movies.data.features import feature_space
from relrec_core.movies.data.interactions import load
from relrec_core.movies.data.split import split
from relrec_core.movies.model.metrics import MOST_AT_ONCE, recall, recall_of_users
from relrec_core.movies.model.network import RecoNet
from relrec_core.movies.model.weights import Weights
from relrec_core.movies.training import warm_start
from relrec_core.movies.training.train import train
from relrec_core.movies.training.warm_start import start_from_factors
from relrec_core.runs.directory import Run
from tests.movies import planted
from tests.trainings import execute, same

pytestmark = pytest.mark.numerics

SETTINGS = {
    "dim": 8,
    "epochs": 4,
    "evaluate_every": 2,
    "batch_size": 32,
    "threads": 1,
    "device": "cpu",
    "negatives": 40,
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tastes") / "tastes"
    return planted.folder(path, viewers=80, films=120, groups=2)


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELREC_HOME", str(tmp_path / "home"))


def test_the_first_weights_are_the_factors_and_what_finds_the_users_again(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm_start, "STEPS", 400)
    data = load(made)
    space, parts = feature_space(data), split(data, 0)
    net = RecoNet(space.n_features, space.n_items, 8)
    start_from_factors(net, parts.train, space, seed=0, ridge=0.3)
    embeddings, outputs = net.embeddings.detach().numpy(), net.outputs.detach().numpy()
    assert np.square(embeddings).mean() == pytest.approx(np.square(outputs).mean(), rel=1e-3)
    users, movies = warm_start._factors(parts.train, 8, seed=0)
    scale = outputs[0, 0] / movies[0, 0]
    np.testing.assert_allclose(outputs, movies * scale, rtol=1e-4, atol=1e-6)
    profiles = space.bags(parts.train).toarray().astype(np.float64)
    profiles /= np.maximum(profiles.sum(axis=1, keepdims=True), 1)
    gram = profiles.T @ profiles
    had = np.diag(gram) > 0
    equations = (gram + 0.3 * np.diag(np.diag(gram)))[np.ix_(had, had)]
    wanted = np.zeros_like(embeddings)
    wanted[had] = np.linalg.solve(equations, (profiles.T @ users)[had])
    own = (wanted * embeddings).sum() / np.square(wanted).sum()
    np.testing.assert_allclose(embeddings, own * wanted, rtol=1e-3, atol=1e-4 * np.abs(own))
    assert had.any() and (space.n_features > space.n_items)
    again = RecoNet(space.n_features, space.n_items, 8)
    start_from_factors(again, parts.train, space, seed=0, ridge=0.3)
    np.testing.assert_array_equal(again.embeddings.detach().numpy(), embeddings)


def test_factors_that_learning_makes_worse_are_kept(made: Path) -> None:
    settings = Config(
        dataset=str(made), start="factors", attributes=False, **{**SETTINGS, "learning_rate": 1.0}
    )
    run = execute(Run.create("movies", settings), settings, train)
    measured = {
        int(r["step"]): float(r["dev_recall_50"]) for r in run.metrics() if "dev_recall_50" in r
    }
    assert measured[0] > max(measured[2], measured[4])
    assert run.card().epochs == 0
    data = load(made)
    space, known = feature_space(data, False), split(data, 0).known
    net = RecoNet(space.n_features, space.n_items, 8)
    start_from_factors(net, known, space, settings.seed, settings.ridge)
    stored = Weights.from_arrays(*run.read_arrays())
    np.testing.assert_array_equal(stored.embeddings, net.embeddings.detach().numpy())


@pytest.mark.parametrize("hidden", [0, 6])
def test_a_sampled_training_repeats_and_its_card_says_how_it_learned(
    made: Path, hidden: int
) -> None:
    settings = Config(dataset=str(made), loss="sampled", hidden=hidden, **SETTINGS)
    first, again = (execute(Run.create("movies", settings), settings, train) for _ in range(2))
    assert same(first, again)
    start = "random weights" if hidden else "factors of alternating least squares"
    assert first.card().details == {
        "loss": "softmax over the own and 40 sampled movies, corrected",
        "start": start,
    }
    losses = [float(r["search_loss"]) for r in first.metrics() if "search_loss" in r]
    assert np.isfinite(losses).all()


def test_a_layer_has_no_factors() -> None:
    with pytest.raises(ValueError, match="a start from factors has no hidden units"):
        Config(start="factors", hidden=4)


def test_recall_block_by_block_is_the_recall(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = load(made)
    parts = split(data, 0)
    scores = np.random.default_rng(0).random(parts.train.shape).astype(np.float32)
    whole = recall(scores, parts.train, parts.dev)
    assert recall_of_users(lambda rows: scores[rows], parts.train, parts.dev) == whole
    assert scores.size < MOST_AT_ONCE
    monkeypatch.setattr("relrec_core.movies.model.metrics.MOST_AT_ONCE", 7 * scores.shape[1])
    assert recall_of_users(lambda rows: scores[rows], parts.train, parts.dev) == whole
    monkeypatch.setattr("relrec_core.movies.model.metrics.MOST_SCORES", 9 * scores.shape[1])
    few = recall_of_users(lambda rows: scores[rows], parts.train, parts.dev)
    assert few.viewers <= 9
