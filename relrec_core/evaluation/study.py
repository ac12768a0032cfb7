"""A study: one data set, some seeds, and the models trained for them, each trained only once."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from relrec_core import paths, permission
from relrec_core.evaluation.cells import Cells
from relrec_core.runs import code, process, status
from relrec_core.runs.card import DataCard
from relrec_core.runs.config import C
from relrec_core.runs.directory import Run

T = TypeVar("T")
Tell = Callable[[float, str], None]
"""Told of progress: the fraction done, 0 to 1, and a short message."""


class Study(ABC, Generic[T]):
    """What all tables of one evaluation share; each wing has its own kind, with trained models T.

    Args:
        dataset: name or folder; what is not given is the wing's usual one.
        seeds: each fixes a split and an initialisation.
        quick: little data and few epochs, to see that everything works; the numbers mean nothing.
        tell: told of progress.
    """

    wing: ClassVar[str]
    usual: ClassVar[str]
    """The data set that is measured where none is named."""

    trainer: ClassVar[str]
    """Dotted name of the module that trains its models."""
    splitting: ClassVar[str]
    """What is said of it where all data is split alike."""

    def __init__(
        self,
        dataset: str | None = None,
        seeds: Sequence[int] = (0, 1, 2),
        quick: bool = False,
        tell: Tell = lambda fraction, message: None,
    ) -> None:
        self.dataset = self.usual if dataset is None else dataset
        self.seeds, self.quick = tuple(seeds), quick
        self._tell = tell
        self._done, self._total = 0, 1
        self._trained: dict[str, T] = {}

    @property
    @abstractmethod
    def data_card(self) -> DataCard:
        """Of the data that the models learn from."""

    @property
    def content_hash(self) -> str:
        """Of the data that the models learn from."""
        return self.data_card.content_hash

    @property
    def training_code(self) -> str:
        """Digest of the code that decides what a trained model is."""
        return code.digest(self.trainer)

    @property
    def split(self) -> str:
        """How the data is split, in words."""
        return self.splitting

    def settings(self) -> dict[str, Any]:
        """Settings that all its models share."""
        return {}

    def conditions(self) -> dict[str, Any]:
        """What is stored beside a table that it measures."""
        return {
            "data": self.data_card.model_dump(),
            "split": self.split,
            "seeds": list(self.seeds),
            "quick": self.quick,
            "settings": self.settings(),
            "training_code": self.training_code,
        }

    def run(
        self,
        settings: C,
        training_code: str,
        train: Callable[[C, Run], None],
        said: object = None,
        start: Run | None = None,
    ) -> Run:
        """The finished run of these settings, trained by `train` unless it was before.

        It is kept under `<home>/evaluations/<wing>/models/`, under a name that changes with the
        settings, the data and the code; a training that was stopped goes on where it was, and one
        that another process is at is waited for.

        Args:
            settings: of the training.
            training_code: digest of the code that a trained model depends on.
            train: trains into a run, and goes on with one that was stopped.
            said: the settings that decide what the model is; None: all of them.
            start: a run whose state the training begins with.

        Raises:
            Cancelled: stopped by Ctrl-C or SIGTERM.
            ReadOnlyError: it has to be trained, in read-only mode.
        """
        identity = json.dumps([said or settings.to_json(), self.content_hash, training_code])
        name = hashlib.sha256(identity.encode()).hexdigest()[:16]
        folder = paths.evaluations_dir() / self.wing / "models" / name
        if (folder / "status.json").exists() and Run.open(folder).status().state == "done":
            return Run.open(folder)
        permission.require_writable("train a model for an evaluation")
        busy = f"The model {name} is being trained by another evaluation."
        with process.locked(folder / ".turn", busy, wait=True):
            if not (folder / "status.json").exists():
                paths.write_text(folder / "config.json", settings.to_json())
                status.write(folder / "status.json", status.queued())
            run = Run.open(folder)
            if run.status().state != "done":
                run.withdraw_cancel()
                kept = None if start is None else start.read_state()
                if kept is not None:
                    run.write_state(*kept)
                with run.executing(self._share):
                    train(settings, run)
        return run

    def cells(self, table: str, module: str) -> Cells:
        """Cells of a table that were computed by exactly this code: `module` and what it reaches.

        Args:
            table: whose cells.
            module: dotted name of the module that computes them.
        """
        return Cells(self.wing, table, code.digest(module))

    def alone(self, table: str) -> contextlib.AbstractContextManager[None]:
        """Measure `table` inside the block, and nobody else at the same time.

        Raises:
            ReadOnlyError: in read-only mode.
            RunError: another process measures this table.
        """
        permission.require_writable("store an evaluation")
        name = re.sub(r"\W+", "-", f"{table} {self.dataset} {'quick' if self.quick else 'full'}")
        lock = paths.evaluations_dir() / self.wing / f".{name}.lock"
        busy = f"Table {table} of {self.wing} is being measured by another process; wait for it."
        return process.locked(lock, busy)

    def key(self, seed: int, **more: Any) -> dict[str, Any]:
        """Key of a cell: data, seed, and whatever else its numbers depend on."""
        return {"data": self.content_hash, "seed": seed, "quick": self.quick, **more}

    def begin(self, steps: int) -> None:
        """Say how many steps the table takes; `step` ends each."""
        self._done, self._total = 0, max(steps, 1)

    def step(self, message: str) -> None:
        """One step is done."""
        self._done += 1
        self._tell(min(self._done / self._total, 1.0), message)

    def _share(self, fraction: float, message: str) -> None:
        self._tell(min((self._done + fraction) / self._total, 1.0), message)
