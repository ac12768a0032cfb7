"""The one skeleton of all trainers: epochs, progress, the best kept, early stopping, resuming.

A trainer says what a network learns in one pass over its examples, how an epoch is measured and
which of the numbers decides; what happens around that is the same for all.
"""

from __future__ import annotations

import contextlib
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Generic

import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler

from relrec_core import VERSION
from relrec_core.errors import CheckpointError
from relrec_core.runs import distributed, resuming
from relrec_core.runs.card import Card, DataCard
from relrec_core.runs.config import C, TrainerConfig
from relrec_core.runs.directory import Run

CHECK_EVERY = 20
"""Steps between two looks at whether a run was asked to stop."""
BEST = "best."


@dataclass
class Progress:
    """How far a fit has come, and what the best epoch by then was measured at.

    `found` is how many epochs an earlier phase of the training found to be best.
    """

    phase: str = ""
    epoch: int = 0
    best: float | None = None
    best_epoch: int = 0
    found: int = 0


class Fit(ABC, Generic[C]):
    """One optimisation of a network, by all processes of a group.

    Args:
        config: settings of the trainer.
        run: reported to, and where it is kept how far this has come.
        group: the processes that train together.
        net: what learns, on the group's device.
        optimizer: of its parameters.
        schedule: of the learning rates, if they change; the trainer calls its `step`.
        phase: tells the fits of one training apart.
    """

    decides: ClassVar[str] = ""
    """The measured number by which the best epoch is chosen."""
    lower_is_better: ClassVar[bool] = False
    keeps_best: bool = False
    """Whether the state of the best epoch is kept, for `return_to_best`."""
    keep_every: int = 1
    """Epochs between two states that can be resumed from."""
    patience: float = math.inf
    """Epochs without an improvement after which learning stops."""
    loss: str = "train_loss"
    """Under which name the loss of an epoch is logged."""
    offset: int = 0
    """Steps that were logged before the first epoch."""

    def __init__(
        self,
        config: C,
        run: Run,
        group: distributed.Group,
        net: nn.Module,
        optimizer: torch.optim.Optimizer,
        schedule: LRScheduler | None = None,
        phase: str = "",
    ) -> None:
        self.config, self.run, self.group = config, run, group
        self.network, self.optimizer, self.schedule = net, optimizer, schedule
        self.progress = Progress(phase)
        self.best: dict[str, Tensor] = {}

    @abstractmethod
    def one_pass(self) -> float:
        """Learn once from all examples; the mean loss of a step."""

    def measure(self) -> dict[str, float]:
        """What is known of the network after an epoch."""
        return {}

    @abstractmethod
    def said(self, values: Mapping[str, float]) -> tuple[float, str]:
        """The fraction of the training that is done, 0 to 1, and a sentence on the last epoch."""

    def more(self) -> dict[str, Tensor]:
        """What resuming needs besides the network and the optimizer."""
        return {}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Put back the network, the optimizer and what `more` gave.

        Raises:
            KeyError, RuntimeError: they belong to another network.
        """
        resuming.unpack(tensors, self.network, self.optimizer)

    def until(self, epochs: int) -> None:
        """Go on to that epoch, or stop when the measure has long not improved.

        Raises:
            Cancelled: the run was asked to stop.
        """
        p = self.progress
        if self.keeps_best and not self.best:
            self.best = self.state()
        while p.epoch < epochs and p.epoch - p.best_epoch < self.patience:
            values = self.epoch()
            if self.group.is_main and (p.epoch % self.keep_every == 0 or p.epoch == epochs):
                self._keep()
            self.run.report(*self.said(values))

    def epoch(self) -> dict[str, float]:
        """One pass, measured and logged; the numbers."""
        p = self.progress
        self.group.check_cancelled(self.run)
        values = {self.loss: self.one_pass()}
        p.epoch += 1
        values |= self.measure()
        self._judge(values)
        if self.group.is_main:
            self.run.log_metrics(self.offset + p.epoch, **values)
        return values

    def improves(self, found: float, best: float) -> bool:
        """Whether an epoch measured at `found` is to be preferred to the best before it."""
        return found < best if self.lower_is_better else found > best

    def _judge(self, values: Mapping[str, float]) -> None:
        p, found = self.progress, values.get(self.decides)
        worst = math.inf if self.lower_is_better else -math.inf
        if found is None or not self.improves(found, worst if p.best is None else p.best):
            return
        p.best, p.best_epoch = found, p.epoch
        if self.keeps_best:
            self.best = self.state()

    def state(self) -> dict[str, Tensor]:
        """A copy of all that `restore` needs."""
        now = self._now().items()
        return {name: value.detach().to("cpu", copy=True) for name, value in now}

    def _now(self) -> dict[str, Tensor]:
        return resuming.packed(self.network, self.optimizer) | self.more()

    def return_to_best(self) -> None:
        """Put back the state of the best epoch, or the first one where none was measured."""
        self.restore(self.best)

    def _keep(self) -> None:
        tensors = self._now() | {f"{BEST}{name}": value for name, value in self.best.items()}
        schedule = None if self.schedule is None else self.schedule.state_dict()
        self.run.write_state(tensors, {**asdict(self.progress), "schedule": schedule})

    def resume(self) -> bool:
        """Go on where the run stopped in this phase; False when there is nothing to go on from.

        Raises:
            CheckpointError: what the run kept is damaged or belongs to another network.
        """
        kept = self.run.read_state()
        if kept is None or kept[1].get("phase", "") != self.progress.phase:
            return False
        tensors, meta = kept
        try:
            schedule = meta.pop("schedule")
            self.progress = Progress(**meta)
            self.restore({k: v for k, v in tensors.items() if not k.startswith(BEST)})
            if self.schedule is not None:
                self.schedule.load_state_dict(schedule)
                rates = self.schedule.get_last_lr()
                for group, rate in zip(self.optimizer.param_groups, rates, strict=True):
                    group["lr"] = rate
        except (KeyError, RuntimeError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"Run {self.run.name} cannot be resumed: what it kept is of another network or of "
                "an earlier version. Start a new run."
            ) from error
        self.best = {k.removeprefix(BEST): v for k, v in tensors.items() if k.startswith(BEST)}
        return True


@contextlib.contextmanager
def session(config: TrainerConfig, run: Run) -> Iterator[distributed.Group]:
    """The group of processes that trains in the block; the run says that it is done at its end."""
    with distributed.session(config.device, config.threads) as group:
        yield group
        run.report(1.0, "Done")
        group.barrier()


def card(config: TrainerConfig, started: float, title: str, data: DataCard, **more: Any) -> Card:
    """The card of a model whose training began at `started` of the monotonic clock.

    Args:
        more: further fields of the card.
    """
    return Card(
        title=title,
        data=data,
        seed=config.seed,
        training_seconds=round(time.monotonic() - started, 1),
        code_version=VERSION,
        **more,
    )
