"""A run: one training, in one folder that says all about it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relrec_core import paths, permission
from relrec_core.errors import CheckpointError, RunError, border, storing
from relrec_core.explanation import Value
from relrec_core.runs import config, execution, metrics, status, tensors
from relrec_core.runs.card import Card, CheckpointRecord
from relrec_core.runs.execution import Cancelled, Execution, Listener
from relrec_core.runs.metrics import Metric
from relrec_core.runs.status import Status

if TYPE_CHECKING:
    import numpy as np
    import torch

CHECKPOINT = "checkpoint.safetensors"


class Run:
    """The folder `<home>/runs/<wing>/<time>-<slug>/` of one training.

    Under torchrun only the process of rank 0 writes; on the others every writing method
    does nothing, so that a trainer needs no other code path.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.writes = os.environ.get("RANK", "0") == "0"
        self._execution: Execution | None = None

    @classmethod
    def create(cls, wing: str, settings: Value, slug: str = "train") -> Run:
        """Make the folder of a new, queued run, whole or not at all.

        Args:
            wing: name of the model in `relrec_core.wings.MODELS`.
            slug: what a person calls it; becomes part of the folder's name.

        Raises:
            ReadOnlyError: in read-only mode.
            StorageError: nothing can be written there.
        """
        permission.require_writable("start a training run")
        parent = paths.runs_dir() / wing
        with storing(parent):
            parent.mkdir(parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(prefix=".new-", dir=parent))
            try:
                paths.write_text(draft / "config.json", settings.to_json())
                status.write(draft / "status.json", status.queued())
                return cls(_claim(draft, parent, slug))
            finally:
                shutil.rmtree(draft, ignore_errors=True)

    @classmethod
    def open(cls, path: Path) -> Run:
        """The run in the folder `path`.

        Raises:
            RunError: there is no such folder.
        """
        if not path.is_dir():
            raise RunError(f"There is no run at {path}.")
        return cls(path.resolve())

    @property
    def name(self) -> str:
        """Of its folder; it is unique within a wing."""
        return self.path.name

    @property
    def wing(self) -> str:
        """Of the model that it trains."""
        return self.path.parent.name

    def settings(self, config_class: type[config.C]) -> config.C:
        """The run's settings. Raises ConfigError when config.json is missing or damaged."""
        return config.load_stored(config_class, self.path / "config.json")

    def status(self) -> Status:
        """How the run stands now; one that was killed reads as failed. Never raises."""
        return status.read(self.path / "status.json")

    # While training

    @contextlib.contextmanager
    def executing(self, listener: Listener | None = None) -> Iterator[None]:
        """Execute the run in this process: running inside the block, then done or otherwise.

        Raises:
            Cancelled: see `check_cancelled`; also after Ctrl-C or SIGTERM.
            ReadOnlyError: in read-only mode.
            RunError: it is done already, another process executes it, or it failed.
        """
        permission.require_writable("train")
        if self.writes and self.status().state == "done":
            raise RunError(f"Run {self.name} is complete; start a new one instead.")
        self._execution = Execution(self.path, self.writes, listener)
        try:
            with self._execution.running():
                if "RANK" not in os.environ:
                    self.check_cancelled()
                yield
        finally:
            self._execution = None

    def report(self, fraction: float, message: str) -> None:
        """Say how far it is (0 to 1) and what it does; call as often as you like."""
        if self._execution and self._execution.report(fraction, message):
            execution.log(self.path, f"{fraction:4.0%} {message}")

    def log_metrics(self, step: int, **values: Metric) -> None:
        """Append numbers known at `step` (epoch or batch, from 0 or 1 on) to metrics.jsonl."""
        if self.writes:
            metrics.append(self.path / "metrics.jsonl", {"step": step, **values})

    def metrics(self) -> list[dict[str, Metric]]:
        """One dict per step, by rising step."""
        return metrics.read(self.path / "metrics.jsonl")

    def log_tail(self, lines: int = 200) -> list[str]:
        """The last lines of log.txt."""
        log = self.path / "log.txt"
        if not log.exists():
            return []
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 200 * lines))
            return file.read().decode(errors="replace").splitlines()[-lines:]

    # Cancelling and resuming

    def request_cancel(self) -> None:
        """Ask the run to stop at its next check; it may run in another process."""
        with storing(self.path):
            (self.path / "cancel").touch()

    def withdraw_cancel(self) -> None:
        """Forget an earlier request to cancel, before resuming."""
        with storing(self.path):
            (self.path / "cancel").unlink(missing_ok=True)

    @property
    def cancel_requested(self) -> bool:
        """True after `request_cancel`, Ctrl-C or SIGTERM."""
        signalled = self._execution is not None and self._execution.signalled.is_set()
        return signalled or (self.path / "cancel").exists()

    def check_cancelled(self) -> None:
        """Raise Cancelled when asked to stop. Distributed trainers use `Group.check_cancelled`."""
        if self.cancel_requested:
            raise Cancelled

    def write_state(self, named: Mapping[str, torch.Tensor], meta: Mapping[str, Any]) -> None:
        """Keep what is needed to resume: tensors of any shape and plain JSON values.

        A kill at any moment leaves either the earlier state or this one.
        """
        if not self.writes:
            return
        file = self.path / f"resume-{secrets.token_hex(6)}.safetensors"
        digest, _ = tensors.store(file, named, {})
        pointer = {"file": file.name, "sha256": digest, "meta": dict(meta)}
        paths.write_text(self.path / "resume.json", json.dumps(pointer, indent=2))
        for old in self.path.glob("resume-*.safetensors"):
            if old != file:
                old.unlink()

    def read_state(self) -> tuple[dict[str, torch.Tensor], dict[str, Any]] | None:
        """What `write_state` kept last, or None when the run starts from the beginning.

        Raises:
            CheckpointError: it is damaged.
        """
        pointer = self._json("resume.json")
        if not pointer:
            return None
        with border(lambda why: CheckpointError(f"resume.json of run {self.name} is bad: {why}.")):
            named, _ = tensors.read(self.path / pointer["file"], pointer["sha256"])
            meta: dict[str, Any] = pointer["meta"]
            return named, meta

    # What comes out

    def write_checkpoint(
        self, named: Mapping[str, torch.Tensor], metadata: Mapping[str, Any]
    ) -> None:
        """Write checkpoint.safetensors (plain JSON metadata) and its sha256 into the card."""
        if not self.writes:
            return
        digest, size = tensors.store(self.path / CHECKPOINT, named, metadata)
        self._write_card(self.card(), CheckpointRecord(sha256=digest, bytes=size))

    def read_checkpoint(self) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
        """The checkpoint's tensors, on the CPU, and its metadata.

        Raises:
            CheckpointError: there is none, or a byte of it is not what was written.
        """
        return tensors.read(self.path / CHECKPOINT, self._recorded_sha256())

    def read_arrays(self) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
        """The same as `read_checkpoint`, as numpy arrays and without importing torch."""
        return tensors.read_arrays(self.path / CHECKPOINT, self._recorded_sha256())

    def _recorded_sha256(self) -> str:
        recorded = self.card().checkpoint
        if recorded is None:
            raise CheckpointError(
                f"Run {self.name} has no checkpoint that its card.json vouches for."
            )
        return recorded.sha256

    def write_card(self, card: Card) -> None:
        """Write card.json. Keeps the checkpoint's checksum."""
        if self.writes:
            self._write_card(card, self.card().checkpoint)

    def card(self) -> Card:
        """The card, an empty one when none was written; also of earlier versions.

        Raises:
            CheckpointError: it is damaged.
        """
        with border(lambda why: CheckpointError(f"card.json of run {self.name} is bad: {why}.")):
            return Card.model_validate(self._json("card.json"))

    def _write_card(self, card: Card, checkpoint: CheckpointRecord | None) -> None:
        whole = card.model_copy(update={"checkpoint": checkpoint})
        paths.write_text(self.path / "card.json", whole.to_json())

    def _json(self, name: str) -> dict[str, Any]:
        file = self.path / name
        if not file.exists():
            return {}
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as error:
            raise CheckpointError(f"{name} of run {self.name} cannot be read: {error}.") from error
        if not isinstance(content, dict):
            raise CheckpointError(f"{name} of run {self.name} is damaged: expected an object.")
        return content


def list_runs(wing: str) -> list[Run]:
    """The wing's runs, newest first, damaged ones included (their status says so)."""
    parent = paths.runs_dir() / wing
    if not parent.is_dir():
        return []
    folders = [path for path in parent.iterdir() if path.is_dir() and path.name[0] != "."]
    return [Run(path) for path in sorted(folders, key=_age, reverse=True)]


def find(wing: str, name: str) -> Run:
    """The wing's run called `name`. Raises RunError when there is none."""
    if name not in {run.name for run in list_runs(wing)}:
        raise RunError(f"There is no run '{name}' among the runs of {wing}.")
    return Run(paths.runs_dir() / wing / name)


def named(wing: str, name: str) -> Run:
    """The run in the folder `name`, or else the wing's run of that name.

    Raises:
        RunError: there is neither.
    """
    return Run.open(Path(name)) if Path(name).is_dir() else find(wing, name)


def _claim(draft: Path, parent: Path, slug: str) -> Path:
    """Move `draft` to the first free name; a folder that exists is never replaced."""
    plain = re.sub(r"[^a-z0-9]+", "-", slug.lower()).strip("-")[:40] or "train"
    base = f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{plain}"
    number = 1
    while True:
        target = parent / (base if number == 1 else f"{base}-{number}")
        try:
            return draft.rename(target)
        except OSError:
            if not target.exists():
                raise
        number += 1


def _age(path: Path) -> tuple[str, int, str]:
    """Sorts by time in the name, then by the order of creation within that second."""
    tail = re.search(r"-(\d+)$", path.name[15:])
    return path.name[:15], int(tail.group(1)) if tail else 1, path.name
