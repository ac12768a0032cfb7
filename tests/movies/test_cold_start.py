"""Viewers of whom little is known: against slow loops, and nothing learnt from cold viewers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from relrec_core.movies.evaluation import cold_start
from relrec_core.movies.evaluation.baselines.peers import PEERS
from relrec_core.movies.evaluation.cold_start import (
    ColdStart,
    sample_films,
    short_history_table,
)
from relrec_core.movies.evaluation.study import Study
from relrec_core.movies.model.metrics import recall, recall_by_user
from tests.movies import planted

pytestmark = pytest.mark.numerics


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return planted.folder(tmp_path_factory.mktemp("cold") / "planted")


@pytest.fixture
def quick(made: Path) -> Study:
    return Study(str(made), seeds=(0,), quick=True)


def test_short_histories_are_drawn_from_what_is_known(quick: Study) -> None:
    known = quick.parts(0).known
    few, more = sample_films(known, 2, (0, 0)), sample_films(known, 5, (0, 0))
    assert not np.array_equal(few.toarray(), sample_films(known, 2, (0, 1)).toarray())
    for u in range(known.shape[0]):
        own = set(known[u].indices)
        assert set(few[u].indices) <= set(more[u].indices) <= own
        assert (few[u].nnz, more[u].nnz) == (min(2, len(own)), min(5, len(own)))


@pytest.mark.slow
def test_short_history_is_what_a_slow_loop_finds(quick: Study) -> None:
    frame = short_history_table(quick).frame.set_index(["known_films", "attributes"])
    assert (0, "without") not in frame.index
    shares: dict[str, list[float]] = {"recall_50": [], "recall_50_unseen": []}
    for seed in quick.seeds:
        model = quick.trained(seed)
        known, test = model.parts.known, model.parts.test
        for draw in range(cold_start.DRAWS):
            films = sample_films(known, 1, (seed, draw))
            for u in np.flatnonzero(np.diff(test.indptr)):
                own = model.space.user_attributes[u].indices
                scores = model.weights.logits(model.space.bag(films[u].indices, own))
                for name, left_out in (("recall_50", films), ("recall_50_unseen", known)):
                    order = [i for i in np.argsort(-scores) if i not in left_out[u].indices]
                    hits = set(order[: cold_start.TOP]) & set(test[u].indices)
                    shares[name].append(len(hits) / test[u].nnz)
    for name, values in shares.items():
        assert frame.loc[(1, "with"), name] == pytest.approx(np.mean(values))


def test_cold_viewers_are_a_tenth_and_leave_no_trace_in_training(quick: Study) -> None:
    parts = quick.parts(0)
    start = ColdStart.of(parts, 0)
    assert len(start.cold) == 6  # of 60
    assert not np.array_equal(start.cold, ColdStart.of(parts, 1).cold)
    training = start.training()
    for before, after in ((parts.train, training.train), (parts.dev, training.dev)):
        assert after[start.cold].nnz == 0
        np.testing.assert_array_equal(after[start.warm].toarray(), before[start.warm].toarray())
    assert (training.test != parts.test).nnz == 0


def test_the_curve_of_recall_is_recall_at_each_k(quick: Study) -> None:
    parts = quick.parts(0)
    scores = np.random.default_rng(0).normal(size=parts.known.shape).astype(np.float32)
    curve = np.nanmean(recall_by_user(scores, parts.known, parts.test, 50), axis=0)
    assert len(curve) == 40  # all films
    for k in (1, 7, 20, 40):
        assert curve[k - 1] == pytest.approx(recall(scores, parts.known, parts.test, k).macro)


@pytest.mark.slow
def test_cold_start_has_every_method_and_is_not_computed_twice(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Viewers of planted groups are recognised by the films shown, not by popularity."""
    for name, candidates in PEERS.items():
        monkeypatch.setitem(PEERS, name, candidates[:2])
    two = Study(str(made), seeds=(0, 1), quick=True)
    frame = cold_start.cold_start_table(two).frame
    assert set(frame["method"]) == {"RecoNet", *(name for name, _ in cold_start.FOLDED)}
    assert frame[["recall", "recall_unseen"]].stack().between(0, 1).all()
    by = ["method", "known_films", "attributes"]
    assert frame.groupby(by)["recall"].apply(lambda r: r.is_monotonic_increasing).all()
    at_10 = frame[frame["k"] == 10].set_index(by)["recall_unseen"]
    others = [(name, "with" if known else "without") for name, known in cold_start.FOLDED[1:]]
    for method, said in [("RecoNet", "with"), *others]:
        assert ((method, 0, said) in at_10.index) == (said == "with")
        assert at_10[method, 5, said] > at_10["Popularity", 5, "without"]

    def never(*arguments: object, **named: object) -> None:
        raise AssertionError("computed a second time")

    for peers in PEERS.values():
        monkeypatch.setattr(type(peers[0]), "fit", never)
    monkeypatch.setattr(cold_start, "learn", never)
    again = cold_start.cold_start_table(Study(str(made), seeds=(0, 1), quick=True)).frame
    np.testing.assert_allclose(frame["recall"], again["recall"])
