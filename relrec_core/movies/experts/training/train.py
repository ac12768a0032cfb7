"""Train the experts or their control: generalised EM, stopped by validation."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

from relrec_core import VERSION
from relrec_core.errors import CheckpointError, DataError
from relrec_core.experts.mixture import gem_loss, weight_sums
from relrec_core.movies.data.datasets import open_data
from relrec_core.movies.data.features import Indices
from relrec_core.movies.data.interactions import MovieData
from relrec_core.movies.experts.config import Config
from relrec_core.movies.experts.data.holdout import Holdout, holdout
from relrec_core.movies.experts.data.inputs import Attributes
from relrec_core.movies.experts.model.network import network
from relrec_core.movies.experts.model.predictor import Predictor
from relrec_core.movies.experts.model.ranking import TOP, ranking
from relrec_core.movies.experts.model.warm_start import factors
from relrec_core.movies.experts.training.examples import Examples
from relrec_core.runs import distributed, resuming
from relrec_core.runs.directory import Run

__all__ = ["Config", "train"]

TITLES = {
    "experts": "NCF of experts",
    "control": "Plain NCF (control)",
    "content": "NCF of content alone",
}
SEARCH, FINISH = "search", "finish"
CHECK_EVERY = 20
"""Steps between two looks at whether the run was asked to stop."""


def train(config: Config, run: Run) -> None:
    """Train into `run`: find the best epoch, learn the validation films too, measure on test.

    Learning stops when validation has long not improved; from the best weights on, one more
    epoch takes the validation films in. Runs alone or under torchrun with the same result up to
    rounding. Resumes after the last whole epoch.

    Raises:
        DataError: the data set is missing, malformed or too little.
        Cancelled: the run was asked to stop.
    """
    started = time.monotonic()
    run.report(0.0, "Reading the ratings")
    data = open_data(config.dataset)
    attributes = Attributes.of(data)
    parts = holdout(data, config.split_seed)
    if not (parts.train.nnz and parts.validation.nnz and parts.test.nnz):
        raise DataError(
            config.dataset,
            f"{len(data.ratings)} ratings of {len(data.users)} users",
            "users with three ratings or more, to learn from, to validate and to test",
        )
    with distributed.session(config.device, config.threads) as group:
        fit = Fit(config, run, group, data, attributes, parts)
        fit.until_done()
        if group.is_main:
            predictor = fit.predictor()
            run.write_checkpoint(predictor.tensors(), predictor.metadata())
            seconds = time.monotonic() - started
            run.write_card(_card(data, parts, predictor, fit.progress, seconds))
        run.report(1.0, "Done")
        group.barrier()


@dataclass
class Progress:
    """How far a fit has come; `best` is NDCG@10 on the validation films."""

    phase: str = SEARCH
    epoch: int = 0
    best: float = -1.0
    best_epoch: int = 0


class Fit:
    """One optimisation of a network."""

    def __init__(
        self,
        config: Config,
        run: Run,
        group: distributed.Group,
        data: MovieData,
        attributes: Attributes,
        parts: Holdout,
    ) -> None:
        self.config, self.run, self.group = config, run, group
        self.attributes, self.dataset_hash = attributes, data.content_hash
        self.parts, self.cases = parts, parts.cases("validation")
        self.progress = Progress()
        torch.manual_seed(config.seed)
        self.net = network(attributes, config)
        if taste := self.net.inputs.film_taste.shape[1]:
            self.net.inputs.begin(*factors(parts.train, taste, config.seed))
        self.model = group.wrap(self.net)
        self.optimizer = torch.optim.Adam(self.net.parameters(), lr=config.learning_rate)
        self.best = self._state()
        self._resume()

    def until_done(self) -> None:
        """Search the best epoch, return to it, and learn the validation films too."""
        p, config = self.progress, self.config
        examples = Examples(self.parts.train, config.negatives)
        while p.phase == SEARCH and p.epoch < config.epochs and not self._stale():
            values = {"train_loss": self._epoch(examples)}
            p.epoch += 1
            found = ranking(self.predictor().scores(self.cases), self.cases)
            values |= {"validation_hit_rate": found.hit_rate, "validation_ndcg": found.ndcg}
            if found.ndcg > p.best:
                p.best, p.best_epoch, self.best = found.ndcg, p.epoch, self._state()
            if self.group.is_main:
                self.run.log_metrics(p.epoch, **values)
                self._keep()
            self._tell(f"HR@10 {found.hit_rate:.3f} on validation, best epoch {p.best_epoch}")
        if p.phase == SEARCH:
            p.phase = FINISH
            resuming.unpack(self.best, self.net, self.optimizer)
            self._epoch(Examples(self.parts.known, config.negatives))

    def predictor(self) -> Predictor:
        """The network as it is now."""
        return Predictor(self.net, self.attributes, self.config, self.dataset_hash)

    def _stale(self) -> bool:
        p = self.progress
        return p.epoch - p.best_epoch >= self.config.patience

    def _tell(self, message: str, step: float = 0.0) -> None:
        p = self.progress
        fraction = (p.epoch + step) / (self.config.epochs + 1)
        number = p.epoch + math.ceil(step) if p.phase == SEARCH else "with all movies"
        self.run.report(min(fraction, 1.0), f"Epoch {number}: {message}")

    def _epoch(self, examples: Examples) -> float:
        """One pass over all examples in an order fixed by seed and epoch; the mean loss."""
        p, size = self.progress, self.config.batch_size
        key = [self.config.seed, p.phase == FINISH, p.epoch]
        order = np.random.default_rng(key).permutation(len(examples))
        steps = math.ceil(len(order) / size)
        total = torch.zeros((), device=self.group.device)
        for step in range(steps):
            if step % CHECK_EVERY == 0:
                self.group.check_cancelled(self.run)
                self._tell(f"step {step} of {steps}", (step + 1) / steps)
            rows = order[step * size : (step + 1) * size]
            total += self._learn(examples, rows, [*key, step])
        return self.group.mean(float(total) / steps)

    def _learn(self, examples: Examples, rows: Indices, key: list[int]) -> Tensor:
        """One step; this rank's loss, whose mean over ranks is the loss of the whole batch.

        Each rated film weighs as much as its negatives together, so that an expert who knows
        nothing says one half, F = 0: it is not confident and leaves the pair to others.
        """
        config, group, on = self.config, self.group, self.group.device
        films = examples.draw(rows, key)  # (B, 1 + negatives)
        mine = group.share(len(rows))
        pairs = torch.from_numpy(films[mine]).to(on)
        viewers = torch.from_numpy(examples.viewers[rows][mine]).to(on)
        z = self.model(viewers, pairs)  # (B, n, K)
        target = torch.zeros(pairs.shape, device=on)
        target[:, 0] = 1
        balance = torch.ones(pairs.shape[1], device=on)
        balance[0] = config.negatives
        weights = self.net.weights(z) * balance[:, None]  # (B, n, K)
        totals = weight_sums(weights)  # (K,)
        if group.world_size > 1:
            dist.all_reduce(totals)
        loss = gem_loss(z, target, weights, totals=totals) * group.world_size
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return loss.detach()

    def _state(self) -> dict[str, Tensor]:
        """A copy of weights and optimiser, from which learning can go on."""
        found = resuming.packed(self.net, self.optimizer)
        return {k: v.detach().cpu().clone() for k, v in found.items()}

    def _keep(self) -> None:
        tensors = {f"last.{k}": v for k, v in self._state().items()}
        tensors |= {f"best.{k}": v for k, v in self.best.items()}
        self.run.write_state(tensors, asdict(self.progress))

    def _resume(self) -> None:
        kept = self.run.read_state()
        if kept is None:
            return
        tensors, meta = kept
        try:
            last = {k[5:]: v for k, v in tensors.items() if k.startswith("last.")}
            resuming.unpack(last, self.net, self.optimizer)
        except (KeyError, RuntimeError) as error:
            raise CheckpointError(f"Run {self.run.name} cannot be resumed: {error}") from error
        self.best = {k[5:]: v for k, v in tensors.items() if k.startswith("best.")}
        self.progress = Progress(**meta)


def _card(
    data: MovieData, parts: Holdout, predictor: Predictor, progress: Progress, seconds: float
) -> dict[str, Any]:
    config, family = predictor.config, predictor.family
    cases = parts.cases("test")
    found = ranking(predictor.scores(cases), cases)
    return {
        "title": TITLES[config.model],
        "data": {
            "name": data.name,
            "title": data.title,
            "content_hash": data.content_hash,
            "licence": data.licence,
            "viewers": len(data.users),
            "films": len(data.items),
            "ratings": len(data.ratings),
        },
        "split": {
            "seed": config.split_seed,
            "test": "each user's latest movie among 100 movies never rated",
            "validation": "each user's second-latest movie",
        },
        "seed": config.seed,
        "epochs": progress.best_epoch,
        "parameters": predictor.parameters,
        "experts": {name: list(groups) for name, groups in family.experts.items()}
        if family
        else {},
        "metrics": {
            f"test_hit_rate_{TOP}": round(found.hit_rate, 4),
            f"test_ndcg_{TOP}": round(found.ndcg, 4),
            f"validation_ndcg_{TOP}": round(progress.best, 4),
            "test_viewers": found.cases,
        },
        "training_seconds": round(seconds, 1),
        "code_version": VERSION,
    }
