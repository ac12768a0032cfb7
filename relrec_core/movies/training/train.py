"""Train RecoNet: find the number of epochs on the development films, then learn from all known.

More films bear more epochs before the model overfits, so the second training takes as many more
epochs as there are more films.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import numpy as np
import torch
from scipy import sparse
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

from relrec_core.movies.config import Config
from relrec_core.movies.data.features import FeatureSpace, Indices
from relrec_core.movies.data.interactions import MovieData
from relrec_core.movies.data.split import Split
from relrec_core.movies.model.metrics import Recall, recall_of_users
from relrec_core.movies.model.network import RecoNet
from relrec_core.movies.model.weights import Floats, Weights
from relrec_core.movies.training.lesson import Lesson
from relrec_core.movies.training.objectives import objective
from relrec_core.movies.training.warm_start import start_from_factors
from relrec_core.runs import training
from relrec_core.runs.card import Card
from relrec_core.runs.directory import Run
from relrec_core.runs.distributed import Group

__all__ = ["Config", "learn", "tested", "train"]

SEARCH, REFIT, AVERAGE = "search", "refit", "average."


def train(config: Config, run: Run) -> None:
    """Train into `run`: search the epochs on the development films, refit, measure on test.

    Runs alone or under torchrun with the same result up to rounding. Resumes where it stopped.

    Raises:
        DataError: the data set is missing or malformed, or a part of its split is empty.
        Cancelled: the run was asked to stop.
    """
    started = time.monotonic()
    with training.session(config, run) as group:
        _learn(config, run, group, Lesson.opened(config, group), started)


def learn(config: Config, run: Run, data: MovieData, parts: Split) -> None:
    """The same on a given split, whose viewers may lack a history.

    Raises:
        DataError: a part of the split is empty.
        Cancelled: the run was asked to stop.
    """
    started = time.monotonic()
    with training.session(config, run) as group:
        _learn(config, run, group, Lesson.given(config, group, data, parts), started)


def _learn(config: Config, run: Run, group: Group, lesson: Lesson, started: float) -> None:
    found = _found(run)
    if found is None:
        found = _searched(config, run, group, lesson)
    refit = Fit(config, run, group, lesson, found)
    refit.resume()
    refit.until(refit.epochs)
    weights = refit.weights(lesson.about.content_hash)
    known, test = lesson.parts.known, lesson.parts.test
    scores = partial(_scores, weights, lesson.space.bags(known))
    measured = lesson.recall(scores, known, test, config.split_seed)
    if group.is_main:
        tensors = {name: torch.from_numpy(a) for name, a in weights.arrays().items()}
        run.write_checkpoint(tensors, weights.metadata())
        run.write_card(_card(config, started, lesson, refit, weights, measured))


def _searched(config: Config, run: Run, group: Group, lesson: Lesson) -> int:
    """The number of epochs that is best on the development films."""
    search = Fit(config, run, group, lesson)
    search.resume()
    search.until(search.epochs)
    measured = search.progress.best is not None
    return search.progress.best_epoch if measured else search.progress.epoch


def _found(run: Run) -> int | None:
    """The number of epochs that a search found before the run was stopped later, if one did."""
    kept = run.read_state()
    return int(kept[1]["found"]) if kept and kept[1].get("phase") == REFIT else None


class Fit(training.Fit[Config]):
    """One optimisation of a RecoNet.

    The search learns from the training films and chooses the number of epochs by recall@50 on the
    development films, 0 where factors are better than what is learnt from them; the refit learns
    from both for as long as `found`, the search, says.
    """

    decides = "dev_recall_50"

    def __init__(
        self,
        config: Config,
        run: Run,
        group: Group,
        lesson: Lesson,
        found: int | None = None,
    ) -> None:
        self.lesson = lesson
        space, parts = lesson.space, lesson.parts
        self.searching = found is None
        liked = parts.train if self.searching else parts.known
        self.epochs = config.epochs
        if found is not None:
            learnt, more, _ = lesson.sizes.tolist()
            self.epochs = round(found * (learnt + more) / learnt)
        self.bags = space.bags(parts.train) if self.searching else None
        torch.manual_seed(config.seed)
        self.net = RecoNet(space.n_features, space.n_items, config.dim, config.hidden)
        if config.starts_from_factors(space.n_items):
            whole = lesson.whole(liked)
            if group.is_main:  # others get its weights
                start_from_factors(self.net, whole, space, config.seed, config.ridge)
        self.objective = objective(config, group, space, liked, self.net)
        self.average = AveragedModel(self.net, multi_avg_fn=_averaging(config.averaging))
        self.average.update_parameters(self.net)  # the average begins with the initial weights
        optimizer = self.objective.optimizer()
        phase = SEARCH if self.searching else REFIT
        super().__init__(config, run, group, self.net, optimizer, phase=phase)
        self.progress.found = found or 0
        self.loss = f"{phase}_loss"
        self.keep_every = config.evaluate_every
        if self.searching:
            self.patience = config.patience * config.evaluate_every
        self.offset = 0 if self.searching else config.epochs

    def until(self, epochs: int) -> None:
        """Go on to that epoch; of a search that begins with factors these are measured first.

        Raises:
            Cancelled: the run was asked to stop.
        """
        first = self.progress.epoch == 0 and self.config.starts_from_factors(
            self.lesson.space.n_items
        )
        if self.searching and first:
            values = self.measure()
            self._judge(values)
            if self.group.is_main:
                self.run.log_metrics(0, **values)
        super().until(epochs)

    def measure(self) -> dict[str, float]:
        """Recall@50 on the development films, every few epochs of the search and after its last."""
        epoch, config = self.progress.epoch, self.config
        due = epoch % config.evaluate_every == 0 or epoch == self.epochs
        if self.bags is None or not due:
            return {}
        scores = partial(_scores, self.weights(), self.bags)
        parts = self.lesson.parts
        found = self.lesson.recall(scores, parts.train, parts.dev, config.split_seed)
        return {self.decides: found.macro}

    def said(self, values: Mapping[str, float]) -> tuple[float, str]:
        p = self.progress
        found = "" if p.best is None else f", best recall@50 {p.best:.3f} at epoch {p.best_epoch}"
        if self.searching:
            done = 0.5 * p.epoch / self.epochs
            return done, f"Finding the number of epochs: epoch {p.epoch}{found}"
        return 0.5 + 0.5 * p.epoch / self.epochs, f"Learning from all: epoch {p.epoch}"

    def more(self) -> dict[str, Tensor]:
        return {f"{AVERAGE}{name}": value for name, value in self.average.state_dict().items()}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        super().restore(tensors)
        own = {k.removeprefix(AVERAGE): v for k, v in tensors.items() if k.startswith(AVERAGE)}
        self.average.load_state_dict(own)

    def weights(self, dataset_hash: str = "") -> Weights:
        """The weights as they would be stored now: the moving average, if one is kept."""
        net = self.average.module if self.config.averaging else self.net
        assert isinstance(net, RecoNet)
        return Weights.of(net, self.lesson.space, dataset_hash)

    def one_pass(self) -> float:
        """One pass over all examples in an order fixed by seed and epoch; the mean loss."""
        seed = self.config.seed * 2 + (not self.searching)
        seed = seed * 100_003 + self.progress.epoch + 1
        generator = torch.Generator().manual_seed(seed)
        batches = self.objective.batches(generator)
        return float(np.mean([self._learn(rows, generator) for rows in batches]))

    def _learn(self, rows: Indices, generator: torch.Generator) -> float:
        group, n = self.group, len(rows)
        losses, weight, whole = self.objective.losses(rows, generator)
        weight = weight * (n / whole.clamp(min=1))
        loss = group.batch_mean(losses * weight.to(group.device), n)
        loss = self.objective.penalised(loss)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        if self.config.averaging:
            self.average.update_parameters(self.net)
        return group.mean(float(loss.detach()))


def _averaging(most: float) -> Callable[[Sequence[Tensor], Sequence[Tensor], Tensor | int], None]:
    """Exponential moving average whose decay rises with the number of steps, up to `most`."""

    def average(averaged: Sequence[Tensor], now: Sequence[Tensor], steps: Tensor | int) -> None:
        decay = min(most, (1 + int(steps)) / (10 + int(steps)))
        torch._foreach_lerp_(list(averaged), list(now), 1 - decay)

    return average


def _scores(weights: Weights, bags: sparse.csr_matrix, rows: Indices) -> Floats:
    return weights.logits_of_all(bags[rows])


def _start(config: Config, n_items: int) -> str:
    factors = config.starts_from_factors(n_items)
    return "factors of alternating least squares" if factors else "random weights"


def tested(weights: Weights, space: FeatureSpace, parts: Split, seed: int) -> dict[str, float]:
    """Recall@50 on the test films, per user and pooled, for a run's card."""
    scores = partial(_scores, weights, space.bags(parts.known))
    return _said_of(recall_of_users(scores, parts.known, parts.test, seed=seed))


def _said_of(found: Recall) -> dict[str, float]:
    """A recall on the test films, for a run's card."""
    return {
        "test_recall_50": round(found.macro, 4),
        "test_recall_50_pooled": round(found.pooled, 4),
        "test_viewers": found.viewers,
    }


def _card(
    config: Config, started: float, lesson: Lesson, refit: Fit, weights: Weights, measured: Recall
) -> Card:
    return training.card(
        config,
        started,
        "RecoNet + Layer" if config.hidden else "RecoNet",
        lesson.about,
        split={"seed": config.split_seed, "fractions": [0.6, 0.2, 0.2], "liked_from": 3},
        epochs=refit.progress.epoch,
        parameters=int(sum(a.size for a in weights.arrays().values())),
        metrics=_said_of(measured),
        details={"loss": refit.objective.said, "start": _start(config, lesson.space.n_items)},
    )
