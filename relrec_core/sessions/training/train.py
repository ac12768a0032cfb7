"""Train a network that predicts skips: generalised EM, plateau schedule, early stopping."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor

from relrec_core import VERSION
from relrec_core.errors import CheckpointError, DataError
from relrec_core.experts.mixture import weight_sums
from relrec_core.runs import distributed, resuming
from relrec_core.runs.directory import Run
from relrec_core.sessions import store
from relrec_core.sessions.config import Config
from relrec_core.sessions.data.encoding import Batch
from relrec_core.sessions.data.sessions import PARTS, Part
from relrec_core.sessions.data.source import Source
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
CHECK_EVERY = 20
"""Steps between two looks at whether the run was asked to stop."""


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
    with distributed.session(config.device, config.threads) as group:
        fit = Fit(config, run, group, source)
        fit.until_done()
        if group.is_main:
            predictor = fit.predictor()
            run.write_checkpoint(predictor.tensors(), predictor.metadata())
            run.write_card(_card(source, predictor, fit.progress, time.monotonic() - started))
        run.report(1.0, "Done")
        group.barrier()


@dataclass
class Progress:
    """How far a fit has come; losses are cross-entropies in nats per track."""

    rate: float
    epoch: int = 0
    best: float = math.inf
    best_epoch: int = 0
    since: int = 0
    """Epochs since the last improvement or reduction of the rate."""


class Fit:
    """One optimisation of a network."""

    def __init__(self, config: Config, run: Run, group: distributed.Group, source: Source) -> None:
        self.config, self.run, self.group, self.source = config, run, group, source
        self.progress = Progress(config.learning_rate)
        torch.manual_seed(config.seed)
        self.net = network(source.encoding, config)
        self.model = group.wrap(self.net)
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=config.learning_rate)
        self.best = {k: v.detach().clone() for k, v in self.net.state_dict().items()}
        self._resume()

    def until_done(self) -> None:
        """Go on to the last epoch, or stop when validation has long not improved."""
        p, config = self.progress, self.config
        while p.epoch < config.epochs and p.epoch - p.best_epoch < config.patience:
            for group in self.optimizer.param_groups:
                group["lr"] = p.rate
            values = {"learning_rate": p.rate, "train_loss": self.one_pass()}
            loss, accuracy = self._validate()
            values |= {"validation_loss": loss, "validation_accuracy": accuracy}
            p.epoch += 1
            self._judge(loss)
            if self.group.is_main:
                self.run.log_metrics(p.epoch, **values)
                self._keep()
            self.run.report(
                p.epoch / config.epochs,
                f"Epoch {p.epoch}: loss {loss:.4f}, accuracy {accuracy:.1%} on validation, "
                f"best loss {p.best:.4f} at epoch {p.best_epoch}",
            )

    def predictor(self) -> Predictor:
        """The network as it was in the best epoch."""
        self.net.load_state_dict(self.best)
        return Predictor(
            self.net.eval(), self.source.encoding, self.config, self.source.content_hash
        )

    def _judge(self, loss: float) -> None:
        """Keep the best weights; reduce the rate on a plateau."""
        p, config = self.progress, self.config
        p.since += 1
        if loss < p.best:
            p.best, p.best_epoch, p.since = loss, p.epoch, 0
            self.best = {k: v.detach().clone() for k, v in self.net.state_dict().items()}
        elif p.since >= config.plateau:
            p.rate, p.since = max(p.rate * config.reduction, config.smallest_rate), 0

    def one_pass(self) -> float:
        """One pass in an order fixed by seed and epoch; the mean loss of a step."""
        config, group, epoch = self.config, self.group, self.progress.epoch
        steps = math.ceil(self.source.parts["train"] / config.batch_size)
        total = torch.zeros((), device=group.device)
        done = 0
        for step, batch in enumerate(self._batches("train")):
            if step % CHECK_EVERY == 0:
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

    def _keep(self) -> None:
        tensors = resuming.packed(self.net, self.optimizer)
        tensors |= {f"best.{k}": v for k, v in self.best.items()}
        self.run.write_state(tensors, asdict(self.progress))

    def _resume(self) -> None:
        kept = self.run.read_state()
        if kept is None:
            return
        tensors, meta = kept
        try:
            resuming.unpack(tensors, self.net, self.optimizer)
            self.best = {k: tensors[f"best.{k}"].to(v.device) for k, v in self.best.items()}
        except (KeyError, RuntimeError) as error:
            raise CheckpointError(f"Run {self.run.name} cannot be resumed: {error}") from error
        self.progress = Progress(**meta)


def _card(
    source: Source, predictor: Predictor, progress: Progress, seconds: float
) -> dict[str, Any]:
    config, family = predictor.config, predictor.family
    judged = scoring.judged(source, "test", predictor)
    methods = {
        "model": judged.prediction.probability,
        "last": judged.last,
        "mean": judged.mean,
    }
    scores = {name: judged.scores(p) for name, p in methods.items()}
    return {
        "title": TITLES[config.model],
        "data": {
            "name": config.dataset,
            "title": source.title,
            "simulated": source.simulated,
            "content_hash": source.content_hash,
            "licence": store.LICENCES[source.simulated],
            **{f"{part}_sessions": source.parts[part] for part in PARTS},
        },
        "split": {"fractions": [0.8, 0.1, 0.1], "by": "checksum of the session id"},
        "seed": config.seed,
        "epochs": progress.best_epoch,
        "parameters": predictor.parameters,
        "experts": list(family.names) if family else [],
        "absent": list(predictor.encoding.absent),
        "metrics": {
            **{f"test_{k}": v for k, v in _rounded(scores["model"]).items()},
            **{
                f"{n}_baseline_{k}": v
                for n in ("last", "mean")
                for k, v in _rounded(scores[n]).items()
            },
            "test_sessions": scores["model"].sessions,
        },
        "training_seconds": round(seconds, 1),
        "code_version": VERSION,
    }


def _rounded(scores: Scores) -> dict[str, float]:
    return {name: round(getattr(scores, name), 4) for name in ("accuracy", "first", "maa")}
