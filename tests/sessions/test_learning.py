"""Learning from somebody's own sessions: split by time, judged by the last, written nowhere."""

from __future__ import annotations

import gc
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dashboard.panels import session_learn
from dashboard.panels.session_learn import Learning
from relrec_core.errors import DataError
from relrec_core.runs.execution import Cancelled
from relrec_core.sessions.data.sessions import PARTS, listener_of
from relrec_core.sessions.model.comparison import LAST, MEAN, MODEL, compared, interval
from relrec_core.sessions.training import own
from tests.sessions import made
from tests.waiting import until

pytestmark = pytest.mark.numerics


def quiet(fraction: float, message: str) -> None:
    assert 0 <= fraction <= 1 and message


def test_it_learns_from_the_first_and_is_judged_by_the_last_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELREC_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    data = made.data(own.ENOUGH, seed=3)
    found = own.learn(data, quiet, threading.Event(), epochs=2)
    assert list(tmp_path.iterdir()) == []
    assert sum(found.sizes.values()) == own.ENOUGH and found.sizes["test"] == 60
    assert found.data.sessions.ids.tolist() == data.sessions.ids[-60:].tolist()
    assert sum(found.decides.values()) == pytest.approx(1)
    batch = found.data.batch(found.predictor.encoding)
    said, sessions = found.predictor.predict(batch).probability, found.data.sessions
    right = ((said >= 0.5) == sessions.skipped)[sessions.mask_b].mean()
    assert found.comparison.accuracy[MODEL].value == pytest.approx(right)
    again = own.learn(data, quiet, threading.Event(), epochs=2)
    assert again.comparison == found.comparison


def test_each_listeners_sessions_are_parted_in_the_order_of_time() -> None:
    data = made.data(own.ENOUGH, seed=3)
    source = own.InOrder(data)
    parts = [s.ids.tolist() for part in PARTS for s, _ in source.sessions(part)]
    assert [len(ids) for ids in parts] == [210, 30, 60]
    assert [i for ids in parts for i in ids] == data.sessions.ids.tolist()
    shares = (200, 100)
    names = [f"Listener {u}, session {n}" for u, many in enumerate(shares) for n in range(many)]
    two = replace(data, sessions=replace(data.sessions, ids=np.array(names, dtype=object)))
    for part, share in zip(PARTS, (0.7, 0.1, 0.2), strict=True):
        of = [listener_of(i) for s, _ in own.InOrder(two).sessions(part) for i in s.ids]
        assert Counter(of) == {f"Listener {u}": round(share * n) for u, n in enumerate(shares)}
    alone = [f"Listener {n}, session 0" for n in range(own.ENOUGH)]
    many = replace(data, sessions=replace(data.sessions, ids=np.array(alone, dtype=object)))
    with pytest.raises(DataError, match="few sessions of each listener"):
        own.learn(many, quiet, threading.Event())


def test_too_few_sessions_and_a_wish_to_stop_are_heard() -> None:
    few = made.data(60)
    with pytest.raises(DataError, match=f"60 sessions.*at least {own.ENOUGH}"):
        own.learn(few, quiet, threading.Event())
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        own.learn(made.data(own.ENOUGH, seed=3), quiet, stop)


def test_intervals_draw_whole_sessions() -> None:
    rng = np.random.default_rng(0)
    tracks = rng.integers(1, 11, 80)
    right = rng.binomial(tracks, 0.7)
    found = interval(right, tracks)
    assert found.low < found.value < found.high
    assert interval(5 * right, 5 * tracks) == found  # more of the same tracks tell no more
    assert interval(tracks, tracks) == type(found)(1.0, 1.0, 1.0)


def test_the_model_is_compared_with_the_better_baseline_on_the_same_tracks() -> None:
    rng = np.random.default_rng(1)
    mask = np.arange(10) < rng.integers(1, 11, (40, 1))
    skipped = (rng.random((40, 10)) < 0.5) & mask
    said = {MODEL: skipped * 1.0, LAST: rng.random((40, 10)), MEAN: 1.0 - skipped}
    found = compared(said, skipped, mask)
    assert found.accuracy[MODEL].value == 1 and found.accuracy[MEAN].value == 0
    hits = ((said[LAST] >= 0.5) == skipped)[mask].mean()
    assert found.better == LAST and found.ahead.value == pytest.approx(1 - hits)
    same = compared({MODEL: said[LAST], LAST: said[LAST], MEAN: said[MEAN]}, skipped, mask)
    assert (same.ahead.low, same.ahead.value, same.ahead.high) == (0, 0, 0)


def test_learning_that_no_visit_keeps_stops() -> None:
    learning = Learning(made.data(own.ENOUGH, seed=3))
    told, thread = learning.progress, learning._thread
    del learning
    gc.collect()
    thread.join(120)
    assert not thread.is_alive() and told.cancelled.is_set()
    assert told.result is None and told.error == ""


def test_a_fault_while_learning_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*given: object) -> None:
        raise ValueError("no such layer")

    monkeypatch.setattr(session_learn, "learn", broken)
    learning = Learning(made.data())
    until(lambda: learning.ended)
    assert learning.progress.error == "Nothing could be learnt from these: no such layer."
