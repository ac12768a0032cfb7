"""What a step learns from: the softmax over all movies, or over a sample where there are many."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch
from scipy import sparse
from torch import Tensor

from relrec_core.movies.config import Config
from relrec_core.movies.data.features import FeatureSpace, Indices
from relrec_core.movies.model.network import RecoNet
from relrec_core.movies.training.examples import Masking, Removal
from relrec_core.movies.training.sampled import Held, Negatives, SampledSoftmax, SparseMasking
from relrec_core.runs.distributed import Group

MOST_STEPS = 64
"""Steps of one pass: of more examples a pass takes a part, another one each time."""
BATCHES, LARGE_BATCH = 400, 512
"""Batches grow with the examples, so that these make so many, up to that size."""


class Objective(Protocol):
    """The examples of a data set and the loss of a network on them."""

    said: str
    """What the loss is, for the model's card."""

    def optimizer(self) -> torch.optim.Optimizer:
        """Of the network's parameters."""

    def batches(self, generator: torch.Generator) -> list[Indices]:
        """The examples of one pass, in random order, cut into batches."""

    def losses(self, rows: Indices, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Losses and weights (share,) of this process's share of the examples, the sum () of the
        weights of all of them."""

    def penalised(self, loss: Tensor) -> Tensor:
        """The loss with what the size of the weights costs, unless the optimizer sees to it."""


def objective(
    config: Config, group: Group, space: FeatureSpace, liked: sparse.csr_matrix, net: RecoNet
) -> Objective:
    """What the settings say suits so many movies."""
    kind = Sampled if config.samples(space.n_items) else Full
    return kind(config, group, space, liked, net)


def _dropped(config: Config, n: int, generator: torch.Generator) -> Tensor:
    """Multiplier (n, d) of averaged profiles that drops dimensions and keeps the mean."""
    keep = torch.rand((n, config.dim), generator=generator) >= config.dropout
    return keep.float() / (1 - config.dropout)


def _cut(order: Indices, size: int) -> list[Indices]:
    return [order[i : i + size] for i in range(0, len(order), size)]


class Full:
    """Cross-entropy with the softmax over all movies."""

    said = "softmax over all movies"

    def __init__(
        self,
        config: Config,
        group: Group,
        space: FeatureSpace,
        liked: sparse.csr_matrix,
        net: RecoNet,
    ) -> None:
        self.config, self.group = config, group
        self.examples = _examples(config, space, liked)
        self.model = group.wrap(net)

    def optimizer(self) -> torch.optim.Optimizer:
        """Adam."""
        return torch.optim.Adam(self.model.parameters(), lr=self.config.learning_rate)

    def batches(self, generator: torch.Generator) -> list[Indices]:
        """All examples."""
        order = torch.randperm(len(self.examples), generator=generator).numpy()
        return _cut(order, self.config.batch_size)

    def losses(self, rows: Indices, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """As the protocol has it."""
        batch = self.examples.draw(rows, generator)
        drop = _dropped(self.config, len(rows), generator)
        mine, on = self.group.share(len(rows)), self.group.device
        logits = self.model(batch.bags[mine].to(on), drop[mine].to(on))  # (B, V)
        losses = -(batch.targets[mine].to(on) * logits.log_softmax(dim=1)).sum(dim=1)  # (B,)
        return losses, batch.weight[mine], batch.weight.sum()

    def penalised(self, loss: Tensor) -> Tensor:
        """The loss and the squared length of all weights."""
        if not self.config.penalty:
            return loss
        squares = sum(p.square().sum() for p in self.model.parameters())
        return loss + self.config.penalty * squares


class Sampled:
    """Cross-entropy with the softmax over each viewer's movies and a sample of the others.

    The histories of users held by other processes are empty here.
    """

    def __init__(
        self,
        config: Config,
        group: Group,
        space: FeatureSpace,
        liked: sparse.csr_matrix,
        net: RecoNet,
    ) -> None:
        self.config, self.group = config, group
        counts = group.total(np.diff(liked.indptr).astype(np.int64))  # (N,)
        self.examples = SparseMasking(Held(liked, counts), space, **_masking(config))
        of_movies = np.bincount(liked.indices, minlength=space.n_items)  # (V,)
        self.negatives = Negatives(group.total(of_movies), config.negatives)
        self.model = group.wrap(SampledSoftmax(net))
        self.said = f"softmax over the own and {config.negatives:,} sampled movies, corrected"

    def optimizer(self) -> torch.optim.Optimizer:
        """Adam in one kernel, which takes the penalty's gradient with it."""
        return torch.optim.Adam(
            self.model.parameters(),
            lr=self.config.learning_rate,
            weight_decay=2 * self.config.penalty,
            fused=True,
        )

    def batches(self, generator: torch.Generator) -> list[Indices]:
        """All examples, or a random part of very many."""
        order = torch.randperm(len(self.examples), generator=generator).numpy()
        larger = min(LARGE_BATCH, len(order) // BATCHES)
        return _cut(order, max(self.config.batch_size, larger))[:MOST_STEPS]

    def losses(self, rows: Indices, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """As the protocol has it."""
        batch, on = self.examples.draw(rows, generator), self.group.device
        drop = _dropped(self.config, len(rows), generator)[torch.from_numpy(batch.at)]
        losses = self.model(
            batch.bags.to(on),
            batch.labels.to(on),
            *(drawn.to(on) for drawn in self.negatives.draw(generator)),
            drop.to(on),
        )
        whole = self.group.total(batch.weight.sum().numpy()[None])
        return losses, batch.weight, torch.from_numpy(whole)[0]

    def penalised(self, loss: Tensor) -> Tensor:
        """The loss alone: the optimizer shrinks the weights."""
        return loss


def _examples(config: Config, space: FeatureSpace, liked: sparse.csr_matrix) -> Masking | Removal:
    if config.examples == "removal":
        return Removal(liked, space, beta=config.beta)
    return Masking(liked, space, **_masking(config))


def _masking(config: Config) -> dict[str, Any]:
    return {
        "rates": (config.mask_low, config.mask_high),
        "seen": config.seen_weight,
        "short": config.short_share,
        "attribute_dropout": config.attribute_dropout,
        "weight_power": config.weight_power,
    }
