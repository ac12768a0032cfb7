"""Train the experts or their control: generalised EM, stopped by validation."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor

from relrec_core.errors import DataError
from relrec_core.experts.mixture import gem_loss, weight_sums
from relrec_core.movies.data.datasets import data_card, open_data
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
from relrec_core.runs import training
from relrec_core.runs.card import Card
from relrec_core.runs.directory import Run
from relrec_core.runs.distributed import Group

__all__ = ["Config", "train"]

TITLES = {
    "experts": "NCF of experts",
    "control": "Plain NCF (control)",
    "content": "NCF of content alone",
}


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
    with training.session(config, run) as group:
        fit = Fit(config, run, group, data.content_hash, attributes, parts)
        fit.resume()
        fit.until(config.epochs)
        fit.finish()
        if group.is_main:
            predictor = fit.predictor()
            run.write_checkpoint(predictor.tensors(), predictor.metadata())
            run.write_card(_card(started, data, fit, predictor))


class Fit(training.Fit[Config]):
    """One optimisation of a network, stopped by NDCG@10 on the validation films."""

    decides = "validation_ndcg"
    keeps_best = True

    def __init__(
        self,
        config: Config,
        run: Run,
        group: Group,
        dataset_hash: str,
        attributes: Attributes,
        parts: Holdout,
    ) -> None:
        self.attributes, self.dataset_hash = attributes, dataset_hash
        self.parts, self.cases = parts, parts.cases("validation")
        self.examples = Examples(parts.train, config.negatives)
        self.finishing = False
        torch.manual_seed(config.seed)
        self.net = network(attributes, config)
        if taste := self.net.inputs.film_taste.shape[1]:
            self.net.inputs.begin(*factors(parts.train, taste, config.seed))
        self.model = group.wrap(self.net)
        optimizer = torch.optim.Adam(self.net.parameters(), lr=config.learning_rate)
        super().__init__(config, run, group, self.net, optimizer)
        self.patience = config.patience

    def finish(self) -> None:
        """Return to the best epoch and learn the validation films too."""
        self.return_to_best()
        self.finishing = True
        self.examples = Examples(self.parts.known, self.config.negatives)
        self.one_pass()

    def measure(self) -> dict[str, float]:
        found = ranking(self.predictor().scores(self.cases), self.cases)
        return {"validation_hit_rate": found.hit_rate, self.decides: found.ndcg}

    def said(self, values: Mapping[str, float]) -> tuple[float, str]:
        best = f"best epoch {self.progress.best_epoch}"
        return self._done(f"HR@10 {values['validation_hit_rate']:.3f} on validation, {best}")

    def predictor(self) -> Predictor:
        """The network as it is now."""
        return Predictor(self.net, self.attributes, self.config, self.dataset_hash)

    def _done(self, message: str, step: float = 0.0) -> tuple[float, str]:
        epoch = self.progress.epoch
        number = "with all movies" if self.finishing else epoch + math.ceil(step)
        fraction = (epoch + step) / (self.config.epochs + 1)
        return min(fraction, 1.0), f"Epoch {number}: {message}"

    def one_pass(self) -> float:
        """One pass over all examples in an order fixed by seed and epoch; the mean loss."""
        size = self.config.batch_size
        key = [self.config.seed, self.finishing, self.progress.epoch]
        order = np.random.default_rng(key).permutation(len(self.examples))
        steps = math.ceil(len(order) / size)
        total = torch.zeros((), device=self.group.device)
        for step in range(steps):
            if step % training.CHECK_EVERY == 0:
                self.group.check_cancelled(self.run)
                self.run.report(*self._done(f"step {step} of {steps}", (step + 1) / steps))
            rows = order[step * size : (step + 1) * size]
            total += self._learn(rows, [*key, step])
        return self.group.mean(float(total) / steps)

    def _learn(self, rows: Indices, key: list[int]) -> Tensor:
        """One step; this rank's loss, whose mean over ranks is the loss of the whole batch.

        Each rated film weighs as much as its negatives together, so that an expert who knows
        nothing says one half, F = 0: it is not confident and leaves the pair to others.
        """
        config, group, on = self.config, self.group, self.group.device
        films = self.examples.draw(rows, key)  # (B, 1 + negatives)
        mine = group.share(len(rows))
        pairs = torch.from_numpy(films[mine]).to(on)
        viewers = torch.from_numpy(self.examples.viewers[rows][mine]).to(on)
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


def _card(started: float, data: MovieData, fit: Fit, predictor: Predictor) -> Card:
    config, family, progress = predictor.config, predictor.family, fit.progress
    cases = fit.parts.cases("test")
    found = ranking(predictor.scores(cases), cases)
    experts = family.experts.items() if family else ()
    return training.card(
        config,
        started,
        TITLES[config.model],
        data_card(data),
        split={
            "seed": config.split_seed,
            "test": "each user's latest movie among 100 movies never rated",
            "validation": "each user's second-latest movie",
        },
        epochs=progress.best_epoch,
        parameters=predictor.parameters,
        metrics={
            f"test_hit_rate_{TOP}": round(found.hit_rate, 4),
            f"test_ndcg_{TOP}": round(found.ndcg, 4),
            f"validation_ndcg_{TOP}": round(progress.best or 0.0, 4),
            "test_viewers": found.cases,
        },
        details={"experts": {name: list(groups) for name, groups in experts}},
    )
