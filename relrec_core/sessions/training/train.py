"""Train a network that predicts skips: generalised EM, a schedule of step sizes, early stopping."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping

import torch
import torch.distributed as dist
from torch import Tensor
from torch.optim.lr_scheduler import OneCycleLR, ReduceLROnPlateau

from relrec_core.errors import DataError
from relrec_core.experts.mixture import weight_sums
from relrec_core.runs import training
from relrec_core.runs.card import Card
from relrec_core.runs.directory import Run
from relrec_core.runs.distributed import Group
from relrec_core.sessions import store
from relrec_core.sessions.config import Config
from relrec_core.sessions.data.encoding import Batch
from relrec_core.sessions.data.sessions import Part
from relrec_core.sessions.data.source import SessionSource
from relrec_core.sessions.model.metrics import THRESHOLD, Scores
from relrec_core.sessions.model.network import network
from relrec_core.sessions.model.predictor import Predictor
from relrec_core.sessions.training import scoring

__all__ = ["Config", "train"]

TITLES = {
    "transformer": "Transformer of experts",
    "gru": "GRU of experts",
    "control": "Plain Transformer (control)",
}


RISING, FIRST_RATE = 0.15, 25.0
"""Share of a cycle in which the step size rises, and by how many times it rises."""


def train(config: Config, run: Run) -> None:
    """Train into `run`: learn, stop when validation has long not improved, measure on test.

    Runs alone or under torchrun with the same result up to rounding. Resumes after the last
    whole epoch.

    Raises:
        DataError: the data is missing, malformed or too little.
        Cancelled: the run was asked to stop.
    """
    started = time.monotonic()
    run.report(0.0, "Reading the sessions")
    source = store.open_source(config)
    if not all(source.parts.values()):
        raise DataError(
            source.title,
            f"{sum(source.parts.values())} sessions",
            "enough sessions to split into training, validation and test",
        )
    with training.session(config, run) as group:
        fit = Fit(config, run, group, source)
        fit.resume()
        fit.until(config.epochs)
        if group.is_main:
            predictor = fit.predictor()
            run.write_checkpoint(predictor.tensors(), predictor.metadata())
            run.write_card(_card(started, fit, predictor))


class Fit(training.Fit[Config]):
    """One optimisation of a network, stopped by cross-entropy in nats per validation track."""

    decides = "validation_loss"
    lower_is_better = True
    keeps_best = True

    def __init__(self, config: Config, run: Run, group: Group, source: SessionSource) -> None:
        self.source = source
        torch.manual_seed(config.seed)
        self.net = network(source.encoding, config)
        self.model = group.wrap(self.net)
        optimizer = torch.optim.Adam(self.net.parameters(), lr=config.learning_rate)
        self.steps = math.ceil(source.parts["train"] / config.batch_size)
        """Of a pass."""
        if config.schedule == "one-cycle":
            self.rates: OneCycleLR | ReduceLROnPlateau = _cycle(config, optimizer, self.steps)
        else:
            self.rates = _plateau(config, optimizer)
            self.patience = config.patience
        super().__init__(config, run, group, self.net, optimizer, self.rates)

    def measure(self) -> dict[str, float]:
        rate = float(self.rates.get_last_lr()[0])
        loss, accuracy = self._validate()
        if isinstance(self.rates, ReduceLROnPlateau):
            self.rates.step(loss)
        return {"learning_rate": rate, self.decides: loss, "validation_accuracy": accuracy}

    def said(self, values: Mapping[str, float]) -> tuple[float, str]:
        p = self.progress
        best = math.inf if p.best is None else p.best
        return (
            p.epoch / self.config.epochs,
            f"Epoch {p.epoch}: loss {values[self.decides]:.4f}, accuracy "
            f"{values['validation_accuracy']:.1%} on validation, "
            f"best loss {best:.4f} at epoch {p.best_epoch}",
        )

    def predictor(self) -> Predictor:
        """The network as it was in the best epoch."""
        self.return_to_best()
        return Predictor(
            self.net.eval(), self.source.encoding, self.config, self.source.content_hash
        )

    def one_pass(self) -> float:
        """One pass in an order fixed by seed and epoch; the mean loss of a step."""
        config, group, epoch, steps = self.config, self.group, self.progress.epoch, self.steps
        total = torch.zeros((), device=group.device)
        done = 0
        for step, batch in enumerate(self._batches("train")):
            if step % training.CHECK_EVERY == 0:
                group.check_cancelled(self.run)
                share = (epoch + step / steps) / config.epochs
                self.run.report(min(share, 1.0), f"Epoch {epoch + 1}: step {step} of {steps}")
            if group.any(len(batch) == 0):
                continue  # the last batch has fewer sessions than there are processes
            total += self._learn(batch)
            done += 1
        return group.mean(float(total) / max(done, 1))

    def _learn(self, batch: Batch) -> Tensor:
        """One step; this rank's loss, whose mean over ranks is the loss of the whole batch."""
        a, b, mask_a, mask_b, target = self._on_device(batch)
        z = self.model(a, b, mask_a, mask_b)  # (B, T, K)
        weights = self.net.weights(z)  # (B, T, K)
        totals = self._summed(weight_sums(weights, mask_b))  # (K,)
        loss = self.net.loss(z, target, weights, mask_b, totals) * self.group.world_size
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        if isinstance(self.rates, OneCycleLR):
            self.rates.step()
        return loss.detach()

    def _validate(self) -> tuple[float, float]:
        """Cross-entropy and accuracy of the mixed prediction on the validation sessions."""
        sums = torch.zeros(3, dtype=torch.float64, device=self.group.device)
        with torch.no_grad():
            for batch in self._batches("validation"):
                if len(batch) == 0:
                    continue
                a, b, mask_a, mask_b, target = self._on_device(batch)
                p = self.net.mix(self.net(a, b, mask_a, mask_b)).probability[mask_b]  # (n,)
                y = target[mask_b]  # (n,)
                loss = torch.nn.functional.binary_cross_entropy(p.clamp(0, 1), y, reduction="sum")
                right = ((p >= THRESHOLD) == (y > 0)).sum()
                sums += torch.stack([loss.double(), right.double(), mask_b.sum().double()])
        loss, right, tracks = self._summed(sums).tolist()
        return loss / tracks, right / tracks

    def _batches(self, part: Part) -> Iterator[Batch]:
        training = part == "train"
        return self.source.batches(
            part,
            size=self.config.batch_size,
            seed=self.config.seed if training else None,
            epoch=self.progress.epoch,
            rank=self.group.rank,
            world_size=self.group.world_size,
        )

    def _on_device(self, batch: Batch) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        on = self.group.device
        return (
            batch.a.to(on),
            batch.b.to(on),
            batch.mask_a.to(on),
            batch.mask_b.to(on),
            batch.target.to(on),
        )

    def _summed(self, values: Tensor) -> Tensor:
        """The sum over all ranks. Collective."""
        if self.group.world_size > 1:
            dist.all_reduce(values)
        return values


def _plateau(config: Config, optimizer: torch.optim.Optimizer) -> ReduceLROnPlateau:
    return ReduceLROnPlateau(
        optimizer,
        factor=config.reduction,
        patience=config.plateau - 1,
        threshold=0.0,
        min_lr=config.smallest_rate,
        eps=0.0,
    )


def _cycle(config: Config, optimizer: torch.optim.Optimizer, steps: int) -> OneCycleLR:
    """Up to the largest step size and down to the smallest (Smith and Topin 2019)."""
    first = config.learning_rate / FIRST_RATE
    return OneCycleLR(
        optimizer,
        max_lr=config.learning_rate,
        total_steps=config.epochs * steps + 1,
        pct_start=RISING,
        div_factor=FIRST_RATE,
        final_div_factor=first / config.smallest_rate,
        cycle_momentum=False,
    )


def _card(started: float, fit: Fit, predictor: Predictor) -> Card:
    config, family = predictor.config, predictor.family
    judged = scoring.judged(fit.source, "test", predictor)
    scores = judged.scores(judged.prediction.probability)
    metrics = _rounded("test", scores) | {"test_sessions": scores.sessions}
    for name, baseline in (("last", judged.last), ("mean", judged.mean)):
        metrics |= _rounded(f"{name}_baseline", judged.scores(baseline))
    return training.card(
        config,
        started,
        TITLES[config.model],
        store.data_card(fit.source, config.dataset),
        split={"fractions": [0.8, 0.1, 0.1], "by": fit.source.split},
        epochs=fit.progress.best_epoch,
        parameters=predictor.parameters,
        metrics=metrics,
        details={
            "experts": list(family.names) if family else [],
            "absent": list(predictor.encoding.absent),
        },
    )


def _rounded(prefix: str, scores: Scores) -> dict[str, float]:
    names = ("accuracy", "first", "maa")
    return {f"{prefix}_{name}": round(getattr(scores, name), 4) for name in names}
