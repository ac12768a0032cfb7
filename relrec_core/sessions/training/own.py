"""A small network of experts, learnt in memory from one listener's own sessions.

It learns from the earlier sessions, is stopped by those after them and judged by the last ones,
which it has not seen. Nothing is written: it is gone with whoever holds it.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch

from relrec_core.errors import DataError
from relrec_core.runs.distributed import Group
from relrec_core.runs.execution import Listener
from relrec_core.runs.memory import MemoryRun
from relrec_core.sessions.config import Config
from relrec_core.sessions.data.dataset import SessionData
from relrec_core.sessions.data.sessions import BY_TIME, PARTS, Part, Sessions, listener_of
from relrec_core.sessions.data.source import Memory
from relrec_core.sessions.model.comparison import LAST, MEAN, MODEL, Comparison, compared
from relrec_core.sessions.model.predictor import Predictor, one_thread
from relrec_core.sessions.training.scoring import Judged, judged
from relrec_core.sessions.training.train import Fit

ENOUGH = 300
"""Sessions from which on learning is tried."""
ENDS = (0.7, 0.8)
"""Shares of a listener's sessions at which learning ends and judging begins."""
SECONDS = 45.0
"""No epoch is begun that would end later than this."""
SETTINGS: dict[str, Any] = {
    "dataset": "own sessions",
    "model": "gru",
    "width": 64,
    "blocks": 1,
    "batch_size": 16,
    "learning_rate": 0.003,
    "plateau": 5,
    "patience": 10,
    "epochs": 25,
    "device": "cpu",
    "threads": 1,
}
_TURN = threading.Lock()
"""One network at a time learns in this process: others wait, and pages stay quick."""


@dataclass(frozen=True, eq=False)
class Learnt:
    """A network that learnt from somebody's sessions, and how well it does on the last of them.

    `data` has these last sessions, `sizes` counts those of each part; `decides` is the share of the
    last tracks that each expert decides.
    """

    predictor: Predictor
    data: SessionData
    sizes: dict[str, int]
    epochs: int
    seconds: float
    comparison: Comparison
    decides: dict[str, float]


@dataclass(frozen=True)
class InOrder(Memory):
    """Each listener's sessions in the order of time: the first to learn from, the last to be judged
    by. The data holds each listener's in that order.
    """

    @cached_property
    def _parts(self) -> dict[Part, Sessions]:
        whose = np.array([listener_of(str(name)) for name in self.data.sessions.ids])
        passed = np.empty(len(whose))  # of each listener's sessions, by each of them
        for listener in np.unique(whose):
            here = np.flatnonzero(whose == listener)
            passed[here] = (np.arange(len(here)) + 0.5) / len(here)
        number = np.searchsorted(ENDS, passed, side="right")
        return {part: self.data.sessions.take(number == i) for i, part in enumerate(PARTS)}

    @property
    def split(self) -> str:
        """By what it is split into parts, in words."""
        return BY_TIME

    @property
    def last(self) -> Sessions:
        """Those that it is judged by."""
        return self._parts["test"]


def learn(
    data: SessionData, listener: Listener, cancelled: threading.Event, **settings: Any
) -> Learnt:
    """Learn from the sessions of `data`, of each listener the first.

    Args:
        data: of one listener, or of several, each with their sessions in the order of time.
        listener: told how far it is.
        cancelled: set by whoever wants it to stop.
        settings: other ones than `SETTINGS`.

    Raises:
        DataError: there are fewer than `ENOUGH` sessions, or too few of each listener.
        FamilyError: the data has none of the groups that an expert reads.
        Cancelled: it was asked to stop.
    """
    n = len(data.sessions)
    if n < ENOUGH:
        raise DataError(data.title, f"{n} sessions", f"at least {ENOUGH} to learn from")
    source = InOrder(data)
    if not all(source.parts.values()):
        raise DataError(data.title, "few sessions of each listener", "some five or more of each")
    config = Config.model_validate({**SETTINGS, **settings})
    run = MemoryRun("learnt from your sessions", listener, cancelled)
    while not _TURN.acquire(timeout=0.2):
        listener(0.0, "Waiting until another visitor's network has learnt")
        run.check_cancelled()
    try:
        with one_thread(), torch.random.fork_rng(devices=[]):
            return _learnt(config, run, source)
    finally:
        _TURN.release()


def _learnt(config: Config, run: MemoryRun, source: InOrder) -> Learnt:
    started = time.monotonic()
    fit = Fit(config, run, Group(0, 1, torch.device("cpu")), source)
    for epoch in range(1, config.epochs + 1):
        fit.until(epoch)
        passed = time.monotonic() - started
        if passed * (epoch + 1) / epoch > SECONDS:
            break
    predictor = fit.predictor()
    run.report(1.0, "Judging it by the last sessions")
    test = judged(source, "test", predictor)
    return _judged(predictor, source, test, fit.progress.best_epoch, time.monotonic() - started)


def _judged(
    predictor: Predictor, source: InOrder, test: Judged, epochs: int, seconds: float
) -> Learnt:
    said = {MODEL: test.prediction.probability, LAST: test.last, MEAN: test.mean}
    top = test.prediction.top[test.mask]
    names = predictor.family.names if predictor.family else ()
    return Learnt(
        predictor=predictor,
        data=replace(source.data, sessions=source.last),
        sizes=dict(source.parts),
        epochs=epochs,
        seconds=seconds,
        comparison=compared(said, test.skipped, test.mask),
        decides={name: float((top == k).mean()) for k, name in enumerate(names)},
    )
