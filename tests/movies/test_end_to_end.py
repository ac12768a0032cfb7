"""One honest pass over real data: train, recommend, explain, prove, store and read again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from relrec_core.movies import store
from relrec_core.movies.config import Config
from relrec_core.movies.evaluation.baselines.peers import Popularity
from relrec_core.movies.explanation.explain import explain
from relrec_core.movies.explanation.result import MovieExplanation
from relrec_core.movies.model.metrics import recall
from relrec_core.movies.model.ranking import Recommender
from relrec_core.movies.training.train import train
from relrec_core.runs.directory import Run

pytestmark = pytest.mark.numerics


@pytest.fixture(scope="module", params=[0, 32], ids=["plain", "layer"])
def recommender(
    request: pytest.FixtureRequest, ml_100k: Path, tmp_path_factory: pytest.TempPathFactory
) -> Recommender:
    settings = Config(
        dataset=str(ml_100k),
        hidden=request.param,
        dim=32,
        epochs=12,
        evaluate_every=4,
        averaging=0.9,
        learning_rate=0.01,
        batch_size=128,
        threads=1,
        device="cpu",
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RELREC_HOME", str(tmp_path_factory.mktemp("end-to-end")))
        run = Run.create(store.WING, settings)
        with run.executing():
            train(settings, run)
        return store.recommender(run)


@pytest.mark.slow
def test_from_ratings_to_proven_explanations(recommender: Recommender) -> None:
    known, test = recommender.history, recommender.held_out
    found = recall(recommender.weights.logits_of_all(recommender.bags), known, test).macro
    assert found > recall(Popularity().fit(known)(), known, test).macro  # a sanity, not a goal

    viewers = np.random.default_rng(0).choice(recommender.data.users["user_id"], 20, replace=False)
    worse = 0
    for viewer in map(str, viewers):
        profile = recommender.profile(viewer)
        ranking = recommender.rank(profile, 10)
        assert not set(ranking.items) & set(profile.seen)
        told = explain(recommender, profile, int(ranking.items[0]))
        assert told.rank == 1
        assert told.audit.ledger.closes(1e-5)
        assert told.score == pytest.approx(float(ranking.scores[0]), rel=1e-4, abs=1e-4)
        assert [f.feature for f in sorted(told.features, key=lambda f: f.feature)] == list(
            profile.features
        )
        assert told.title in told.sentence()
        again = MovieExplanation.from_json(told.to_json())
        assert again == told
        deletion = told.audit.deletion
        worse += deletion.after_top < deletion.after_random
    assert worse > 10
