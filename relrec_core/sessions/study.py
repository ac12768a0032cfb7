"""A study: one data set, some seeds, and the networks trained for them, each trained only once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from relrec_core import paths
from relrec_core.runs import config, permission, status
from relrec_core.runs.cells import code_digest
from relrec_core.runs.directory import Run
from relrec_core.sessions import store
from relrec_core.sessions.predictor import Predictor
from relrec_core.sessions.scoring import Judged, judged
from relrec_core.sessions.source import Source
from relrec_core.sessions.train import Config, train

Tell = Callable[[float, str], None]
"""Told of progress: the fraction done, 0 to 1, and a short message."""

NOT_IN_TRAINING = (
    "benchmark",
    "browse",
    "changes",
    "evaluate",
    "explain",
    "flipping",
    "gradients",
    "history",
    "own",
    "partial",
    "study",
)
"""Modules of this wing that a trained network does not depend on."""

SETTINGS: dict[str, Any] = {"width": 64, "epochs": 14, "plateau": 1, "patience": 4, "threads": 1}
"""One thread, so that the numbers do not depend on how many cores there are."""
FEW_SESSIONS = 2_000
FEW: dict[str, Any] = {"width": 16, "blocks": 1, "batch_size": 16, "epochs": 60, "patience": 10}
"""Instead, where there are fewer training sessions than these."""
QUICK: dict[str, Any] = {
    "sessions": 400,
    "catalogue": 2_000,
    "width": 16,
    "blocks": 1,
    "epochs": 1,
    "batch_size": 32,
}


@dataclass(frozen=True, eq=False)
class Trained:
    """A network, what it says of the test sessions, and its card."""

    predictor: Predictor
    test: Judged
    card: dict[str, Any]


class Study:
    """What all tables of one evaluation share.

    Args:
        dataset: "simulated", or a folder of session logs or shards.
        seeds: each fixes an initialisation and the order of training; the data stays the same.
        quick: few sessions and epochs, to see that everything works; the numbers mean nothing.
        tell: told of progress.
    """

    def __init__(
        self,
        dataset: str = store.SIMULATED,
        seeds: Sequence[int] = (0, 1, 2),
        quick: bool = False,
        tell: Tell = lambda fraction, message: None,
    ) -> None:
        self.dataset, self.seeds, self.quick = dataset, tuple(seeds), quick
        self._tell = tell
        self._done, self._total = 0, 1
        self._trained: dict[str, Trained] = {}

    @cached_property
    def source(self) -> Source:
        return store.open_source(self._config({}))

    def config(self, seed: int, model: str) -> Config:
        """The settings of one training; they are part of the conditions of every table."""
        return self._config(FEW if self.few else {}, seed=seed, model=model)

    @property
    def few(self) -> bool:
        """Whether there are so few sessions that a small network has to do."""
        return self.dataset != store.SIMULATED and self.source.parts["train"] < FEW_SESSIONS

    def _config(self, small: Mapping[str, Any], **chosen: Any) -> Config:
        quick = QUICK if self.quick else {}
        named = {"data": self.dataset, **chosen}
        return config.load(Config, None, {**SETTINGS, **small, **quick, **named})

    def trained(self, seed: int, model: str) -> Trained:
        """The network of one seed, trained by `train` unless it was before.

        It is kept under `<home>/evaluations/sessions/models/`, under a name that changes with
        the settings, the data and the code; a training that was stopped goes on where it was.

        Raises:
            Cancelled: stopped by Ctrl-C or SIGTERM.
            ReadOnlyError: it has to be trained, in read-only mode.
        """
        settings = self.config(seed, model)
        identity = json.dumps([settings.to_json(), self.source.content_hash, training_code()])
        name = hashlib.sha256(identity.encode()).hexdigest()[:16]
        if name not in self._trained:
            run = self._run(name, settings)
            predictor = store.predictor(run)
            test = judged(self.source, "test", predictor)
            self._trained[name] = Trained(predictor, test, run.card())
        return self._trained[name]

    def _run(self, name: str, settings: Config) -> Run:
        folder = paths.evaluations_dir() / store.WING / "models" / name
        if not (folder / "status.json").exists():
            permission.require_writable("train a model for an evaluation")
            folder.mkdir(parents=True, exist_ok=True)
            paths.write_text(folder / "config.json", settings.to_json())
            status.write(folder / "status.json", status.queued())
        run = Run.open(folder)
        if run.status().state != "done":
            permission.require_writable("train a model for an evaluation")
            run.withdraw_cancel()
            with run.executing(self._share):
                train(settings, run)
        return run

    def begin(self, steps: int) -> None:
        """Say how many steps the table takes; `step` ends each."""
        self._done, self._total = 0, max(steps, 1)

    def step(self, message: str) -> None:
        self._done += 1
        self._tell(min(self._done / self._total, 1.0), message)

    def _share(self, fraction: float, message: str) -> None:
        self._tell(min((self._done + fraction) / self._total, 1.0), message)


def training_code() -> str:
    """Digest of the source files of this wing that decide what a trained network is."""
    files = Path(__file__).parent.glob("*.py")
    return code_digest(*(f for f in files if f.stem not in NOT_IN_TRAINING))
