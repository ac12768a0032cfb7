"""Train RecoNet: find the number of epochs on the development films, then learn from all known.

More films bear more epochs before the model overfits, so the second training takes as many more
epochs as there are more films.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from relrec_core import VERSION
from relrec_core.errors import CheckpointError, DataError
from relrec_core.movies.config import Config
from relrec_core.movies.data.datasets import open_data
from relrec_core.movies.data.features import FeatureSpace, Indices, feature_space
from relrec_core.movies.data.interactions import MovieData
from relrec_core.movies.data.split import Split, split
from relrec_core.movies.model.metrics import recall
from relrec_core.movies.model.network import RecoNet
from relrec_core.movies.model.weights import Weights
from relrec_core.movies.training.examples import Masking, Removal
from relrec_core.runs import distributed, resuming
from relrec_core.runs.directory import Run

__all__ = ["Config", "learn", "train"]

Evaluate = Callable[[Weights], float]
SEARCH, REFIT = "search", "refit"


def train(config: Config, run: Run) -> None:
    """Train into `run`: search the epochs on the development films, refit, measure on test.

    Runs alone or under torchrun with the same result up to rounding. Resumes where it stopped.

    Raises:
        DataError: the data set is missing or malformed.
        Cancelled: the run was asked to stop.
    """
    data = open_data(config.dataset)
    learn(config, run, data, split(data, config.split_seed))


def learn(config: Config, run: Run, data: MovieData, parts: Split) -> None:
    """The same on a given split, whose viewers may lack a history.

    Raises:
        DataError: a part of the split is empty.
        Cancelled: the run was asked to stop.
    """
    started = time.monotonic()
    space = feature_space(data, config.attributes)
    if not parts.train.nnz or not parts.dev.nnz or not parts.test.nnz:
        raise DataError(
            config.dataset,
            f"{len(data.ratings)} ratings",
            "enough liked movies to split into training, development and test",
        )
    with distributed.session(config.device, config.threads) as group:
        found = _search(config, run, group, data, space, parts)
        epochs = round(found * parts.known.nnz / parts.train.nnz)
        weights = _refit(config, run, group, data, space, parts, found, epochs)
        if group.is_main:
            tensors = {name: torch.from_numpy(a) for name, a in weights.arrays().items()}
            run.write_checkpoint(tensors, weights.metadata())
            seconds = time.monotonic() - started
            run.write_card(_card(config, data, parts, space, weights, epochs, seconds))
        run.report(1.0, "Done")
        group.barrier()


def _search(
    config: Config,
    run: Run,
    group: distributed.Group,
    data: MovieData,
    space: FeatureSpace,
    parts: Split,
) -> int:
    """The number of epochs with the best recall@50 on the development films."""
    bags = space.bags(parts.train)

    def evaluate(weights: Weights) -> float:
        return recall(weights.logits_of_all(bags), parts.train, parts.dev).macro

    fit = Fit(config, run, group, data, space, parts.train, SEARCH)
    return fit.until(config.epochs, evaluate)


def _refit(
    config: Config,
    run: Run,
    group: distributed.Group,
    data: MovieData,
    space: FeatureSpace,
    parts: Split,
    found: int,
    epochs: int,
) -> Weights:
    fit = Fit(config, run, group, data, space, parts.known, REFIT)
    fit.progress.found = found
    fit.until(epochs, None)
    return fit.weights()


@dataclass
class Progress:
    """How far a fit has come; what a resumed one starts from.

    A refit remembers as `found` the epochs that the search before it found.
    """

    phase: str
    target: int
    found: int = 0
    epoch: int = 0
    best: float = -1.0
    best_epoch: int = 0


class Fit:
    """One optimisation of a RecoNet on one set of histories."""

    def __init__(
        self,
        config: Config,
        run: Run,
        group: distributed.Group,
        data: MovieData,
        space: FeatureSpace,
        liked: sparse.csr_matrix,
        phase: str,
    ) -> None:
        self.config, self.run, self.group, self.space = config, run, group, space
        self.dataset_hash = data.content_hash
        self.progress = Progress(phase, config.epochs)
        self.examples: Masking | Removal = (
            Masking(
                liked,
                space,
                low=min(config.mask_low, config.mask_high),
                high=max(config.mask_low, config.mask_high),
                seen=config.seen_weight,
                short=config.short_share,
                attribute_dropout=config.attribute_dropout,
                weight_power=config.weight_power,
            )
            if config.examples == "masking"
            else Removal(liked, space, beta=config.beta)
        )
        torch.manual_seed(config.seed)
        self.net = RecoNet(space.n_features, space.n_items, config.dim, config.hidden)
        self.model = group.wrap(self.net)
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=config.learning_rate)
        self.average = [p.detach().clone() for p in self.net.parameters()]
        self.steps = 0
        self._resume()

    def until(self, epochs: int, evaluate: Evaluate | None) -> int:
        """Go on to `epochs`, or stop early when `evaluate` has long not improved; best epoch."""
        p, every = self.progress, self.config.evaluate_every
        p.target = epochs
        while p.epoch < epochs and not self._stale():
            self.group.check_cancelled(self.run)
            p.epoch += 1
            loss = self._epoch()
            values: dict[str, float] = {f"{p.phase}_loss": loss}
            measured = evaluate is not None and (p.epoch % every == 0 or p.epoch == epochs)
            if evaluate is not None and measured:
                score = evaluate(self.weights())
                values["dev_recall_50"] = score
                if score > p.best:
                    p.best, p.best_epoch = score, p.epoch
            if self.group.is_main:
                self.run.log_metrics(self._step(), **values)
                if p.epoch % every == 0:
                    self._keep()
            half = 0.0 if p.phase == SEARCH else 0.5
            found = f", best recall@50 {p.best:.3f} at epoch {p.best_epoch}" if p.best >= 0 else ""
            said = "Finding the number of epochs" if p.phase == SEARCH else "Learning from all"
            self.run.report(half + 0.5 * p.epoch / epochs, f"{said}: epoch {p.epoch}{found}")
        if self.group.is_main and p.epoch < p.target:
            self._keep()
        return p.best_epoch or p.epoch

    def weights(self) -> Weights:
        """The weights as they would be stored now: the moving average, if one is kept."""
        parameters = list(self.net.parameters())
        latest = [p.detach().clone() for p in parameters]
        if self.config.averaging:
            self._put(self.average)
        weights = Weights.of(self.net, self.space, self.dataset_hash)
        self._put(latest)
        return weights

    def _put(self, values: list[Tensor]) -> None:
        with torch.no_grad():
            for parameter, value in zip(self.net.parameters(), values, strict=True):
                parameter.copy_(value)

    def _stale(self) -> bool:
        p = self.progress
        waited = (p.epoch - p.best_epoch) // self.config.evaluate_every
        return p.best >= 0 and waited >= self.config.patience

    def _step(self) -> int:
        offset = 0 if self.progress.phase == SEARCH else self.config.epochs
        return offset + self.progress.epoch

    def _epoch(self) -> float:
        """One pass over all examples in an order fixed by seed and epoch; the mean loss."""
        phase = 0 if self.progress.phase == SEARCH else 1
        seed = (self.config.seed * 2 + phase) * 100_003 + self.progress.epoch
        generator = torch.Generator().manual_seed(seed)
        order = torch.randperm(len(self.examples), generator=generator).numpy()
        size = self.config.batch_size
        batches = [order[i : i + size] for i in range(0, len(order), size)]
        return float(np.mean([self._learn(rows, generator) for rows in batches]))

    def _learn(self, rows: Indices, generator: torch.Generator) -> float:
        config, group, n = self.config, self.group, len(rows)
        batch = self.examples.draw(rows, generator)
        keep = torch.rand((n, config.dim), generator=generator) >= config.dropout
        drop = keep.float() / (1 - config.dropout)
        mine = group.share(n)
        on = group.device
        logits = self.model(batch.bags[mine].to(on), drop[mine].to(on))  # (B, V)
        losses = -(batch.targets[mine].to(on) * logits.log_softmax(dim=1)).sum(dim=1)  # (B,)
        weight = batch.weight * (n / batch.weight.sum().clamp(min=1))
        loss = group.batch_mean(losses * weight[mine].to(on), n)
        if config.penalty:
            loss = loss + config.penalty * sum(p.square().sum() for p in self.model.parameters())
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.steps += 1
        if config.averaging:
            decay = min(config.averaging, (1 + self.steps) / (10 + self.steps))
            with torch.no_grad():
                torch._foreach_lerp_(self.average, list(self.net.parameters()), 1 - decay)
        return group.mean(float(loss.detach()))

    def _keep(self) -> None:
        tensors = resuming.packed(self.net, self.optimizer)
        tensors |= {f"average.{i}": v for i, v in enumerate(self.average)}
        p = self.progress
        self.run.write_state(tensors, asdict(p) | {"steps": self.steps})

    def _resume(self) -> None:
        kept = self.run.read_state()
        if kept is None:
            return
        tensors, meta = kept
        if self.progress.phase == SEARCH and meta["phase"] == REFIT:
            # The search is over; how many epochs it found is all that is needed of it.
            done = self.config.epochs
            self.progress = Progress(SEARCH, done, epoch=done, best=0.0, best_epoch=meta["found"])
            return
        if meta["phase"] != self.progress.phase:
            return
        try:
            resuming.unpack(tensors, self.net, self.optimizer)
            self.average = [tensors[f"average.{i}"] for i in range(len(self.average))]
        except (KeyError, RuntimeError) as error:
            raise CheckpointError(f"Run {self.run.name} cannot be resumed: {error}") from error
        self.steps = meta.pop("steps")
        self.progress = Progress(**meta)


def _card(
    config: Config,
    data: MovieData,
    parts: Split,
    space: FeatureSpace,
    weights: Weights,
    epochs: int,
    seconds: float,
) -> dict[str, Any]:
    known = parts.known
    found = recall(weights.logits_of_all(space.bags(known)), known, parts.test)
    return {
        "title": "RecoNet + Layer" if config.hidden else "RecoNet",
        "data": {
            "name": data.name,
            "title": data.title,
            "content_hash": data.content_hash,
            "licence": data.licence,
            "viewers": len(data.users),
            "films": len(data.items),
            "ratings": len(data.ratings),
        },
        "split": {"seed": config.split_seed, "fractions": [0.6, 0.2, 0.2], "liked_from": 3},
        "seed": config.seed,
        "epochs": epochs,
        "parameters": int(sum(a.size for a in weights.arrays().values())),
        "metrics": {
            "test_recall_50": round(found.macro, 4),
            "test_recall_50_pooled": round(found.pooled, 4),
            "test_viewers": found.viewers,
        },
        "training_seconds": round(seconds, 1),
        "code_version": VERSION,
    }
