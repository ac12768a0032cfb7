"""What the trainer of the siamese network does in an epoch.

Passing a picture through the trunk costs a thousand times what a pair costs. So an epoch passes
every picture once, and a batch of pictures is compared with all products that it has pairs with:
those in the batch as they are now, the others by the features of their last pass, which get no
gradient (a memory of the embeddings, Wang et al. 2020). Each pair counts from both its sides.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR

from relrec_core.errors import RelRecError
from relrec_core.products.config import Config
from relrec_core.products.data.adjacency import Adjacency
from relrec_core.products.data.catalogue import Catalogue
from relrec_core.products.data.images import NORMALISATIONS
from relrec_core.products.data.perturbation import pale
from relrec_core.products.data.pictures import Pictures, varied
from relrec_core.products.data.split import TRAIN, VALIDATION, Rows, Split
from relrec_core.products.model.features import features, initial, mixed
from relrec_core.products.model.network import Siamese
from relrec_core.products.model.scoring import predicted
from relrec_core.products.training import guided, incomplete, pretraining, probe, rates
from relrec_core.runs import training
from relrec_core.runs.directory import Run
from relrec_core.runs.distributed import Group


class TrainingError(RelRecError):
    """A training that cannot go on."""


class Fit(training.Fit[Config]):
    """One optimisation of a siamese network.

    `memory` (N, F) holds the features of every product as it was last passed.
    """

    decides = "validation_accuracy"

    def __init__(
        self,
        config: Config,
        run: Run,
        group: Group,
        catalogue: Catalogue,
        split: Split,
        shown: Catalogue,
    ) -> None:
        self.split, self.shown = split, shown
        torch.manual_seed(config.seed)
        relations = len(catalogue.relation_names)
        self.net = Siamese(config.trunk, config.dim, relations, len(shown.users))
        self.normalisation = initial(self.net.trunk, config)
        self.pictures = Pictures(catalogue, config.side, NORMALISATIONS[self.normalisation])
        self.net.distances.personal.requires_grad_(False)
        self.net.distances.personal_bias.requires_grad_(False)
        self.net.trunk.requires_grad_(not config.freeze)
        self.net.to(group.device)
        views = guided.Views(self.net.trunk)
        self.model = views if config.freeze else group.wrap(views)
        self.weight_map: Tensor | None = None
        self.incomplete: Pictures | None = None
        self.moved: incomplete.Moved | None = None
        self.batch = config.batch_size
        self.guidance, self.completion = dict[str, Any](), dict[str, Any]()
        self.mixed = mixed(config.precision, group.device)
        self.memory, self.drift = torch.empty(0), torch.zeros((), device=group.device)
        trunk = [p for p in self.net.trunk.parameters() if p.requires_grad]
        heads = [p for p in self.net.distances.parameters() if p.requires_grad]
        largest = [(trunk, config.learning_rate), (heads, config.head_rate)]
        optimizer = torch.optim.AdamW(
            [{"params": p, "lr": rate} for p, rate in largest if p],
            weight_decay=config.weight_decay,
        )
        self.rates = self._schedule(optimizer, config.epochs)
        super().__init__(config, run, group, self.net, optimizer, self.rates)

    @property
    def start(self) -> float:
        """Share of the whole training that the pretraining takes."""
        return self.config.warm_epochs / (self.config.warm_epochs + self.epochs)

    @property
    def epochs(self) -> int:
        """Of the training after the pretraining."""
        return self.config.epochs + self.config.guided_epochs + self.config.incomplete_epochs

    def begin(self) -> None:
        """What comes before the first epoch; every process does it alike.

        A trunk that knows nothing is pretrained, all products are passed once, and the distances
        may learn on these features first (linear probing then fine-tuning, Kumar et al. 2022).
        """
        config, device = self.config, self.group.device

        def pretrained(fraction: float, message: str) -> None:
            self._check()
            self.run.report(self.start * fraction, message)

        def probed(fraction: float) -> None:
            self._check()
            self.run.report(self.start, f"Distances on what is seen at first: {fraction:.0%}")

        if config.warm_epochs:
            trunk, of = self.net.trunk, self.split
            pretraining.start(trunk, self.pictures, of, config, device, self.mixed, pretrained)
        self.run.report(self.start, "Looking at all products for the first time")
        self.memory = self._features()
        distances = self.net.distances
        distances.calibrate(self.memory)
        if config.probe_epochs:
            lesson = probe.Lesson(config.probe_epochs, config.seed, config.probe_decay, config.hard)
            probe.learn(distances, self.memory, self.split, lesson, probed)

    def refine(self) -> None:
        """Go on, guided by relevance; the best epoch by validation is kept, or the start.

        After a kill all of it is done again.
        """
        config, p = self.config, self.progress
        before = p.best = self.measure()[self.decides]
        first = p.best_epoch = p.epoch
        self.keeps_best, self.best = True, self.state()
        for group, rate in zip(self.optimizer.param_groups, self.rates.base_lrs, strict=True):
            group["lr"] = rate * guided.RATE
        pairs = self.split.balanced(VALIDATION, config.split_seed, config.hard)
        last = first + config.guided_epochs
        while p.epoch < last:
            self.weight_map = guided.weight_map(
                self.net, self.pictures, pairs, self.memory, config.seed + p.epoch, self._check
            )
            if config.guided_by == "nothing":
                self.weight_map = torch.ones_like(self.weight_map)
            accuracy = self.epoch()[self.decides]
            self.run.report(
                self._done(p.epoch / self.epochs),
                f"Guided epoch {p.epoch} of {last}: accuracy {accuracy:.1%} on validation, "
                f"{before:.1%} before",
            )
        self.weight_map = None
        self.return_to_best()
        kept = {"kept_epoch": p.best_epoch} if p.best_epoch > first else {}
        said = {"by": config.guided_by, "validation_before": before, "validation": p.best}
        self.guidance = {**said, **kept}

    def complete(self) -> None:
        """Learn, at last, from pictures that lack something; see `incomplete`.

        After a kill all of it is done again.
        """
        config, p = self.config, self.progress
        before = accuracy = self.measure()[self.decides]
        of = self.pictures
        self.incomplete = Pictures(of.catalogue, of.side, of.normalisation, incomplete=True)
        self.moved = incomplete.Moved(self.net)
        self.keeps_best, self.batch = False, incomplete.BATCH
        self.optimizer = incomplete.optimizer(self.net, config)
        self.rates = self._schedule(self.optimizer, config.incomplete_epochs)
        del self.model  # a wrapper that waits for gradients of what is frozen now
        self.model = self.group.wrap(guided.Views(self.net.trunk))
        while p.epoch < self.epochs:
            accuracy = self.epoch()[self.decides]
            self.run.report(
                self._done(p.epoch / self.epochs),
                f"Incomplete pictures, epoch {p.epoch} of {self.epochs}: accuracy {accuracy:.1%} "
                f"on validation, {before:.1%} before",
            )
        self.completion = {"validation_before": before, "validation": accuracy}

    def improves(self, found: float, best: float) -> bool:
        """Of two epochs that are as good, the later one has learned more."""
        return found >= best

    def said(self, values: Mapping[str, float]) -> tuple[float, str]:
        """The fraction of the training that is done, 0 to 1, and a sentence on the last epoch."""
        epoch = self.progress.epoch
        return (
            self._done(epoch / self.epochs),
            f"Epoch {epoch} of {self.epochs}: loss {values[self.loss]:.4f}, accuracy "
            f"{values[self.decides]:.1%} on validation",
        )

    def more(self) -> dict[str, Tensor]:
        """Features of all products, as last computed."""
        return {"memory": self.memory}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Put back the network, the optimizer and the features."""
        super().restore(tensors)
        self.memory = tensors["memory"].to(self.group.device)

    def metadata(self) -> dict[str, Any]:
        """What a checkpoint must say to be read again."""
        return {
            "trunk": self.config.trunk,
            "dim": self.config.dim,
            "side": self.config.side,
            "normalisation": self.normalisation,
            "relations": list(self.shown.relation_names),
            "users": list(self.shown.users),
            "catalogue_hash": self.shown.content_hash,
        }

    def exact_features(self, catalogue: Catalogue) -> Tensor:
        """(N, F) in full precision of a catalogue's products."""
        pictures = Pictures(catalogue, self.config.side, self.pictures.normalisation)
        device, check = self.group.device, self.run.check_cancelled
        return features(self.net.trunk, pictures, device, check, folder=self.run.path)

    def one_pass(self) -> float:
        """One pass over all pictures of training; the mean loss of a step."""
        config, p = self.config, self.progress
        generator = torch.Generator().manual_seed(config.seed * 100_003 + p.epoch)
        drawn = self.split.negatives(TRAIN, (config.seed, p.epoch), config.hard)
        pairs = self.split.positives(TRAIN).joined(drawn)
        beside = Adjacency(pairs, self.split.n_items)
        own = self.split.training_items()
        order = own[torch.randperm(len(own), generator=generator).numpy()]
        total, count = 0.0, math.ceil(len(order) / self.batch)
        for start in range(0, len(order), self.batch):
            self._check()
            total += self._learn(order[start : start + self.batch], beside, generator)
            seen = min(start + self.batch, len(order))
            self.run.report(
                self._done((p.epoch + seen / len(order)) / self.epochs),
                f"Epoch {p.epoch + 1} of {self.epochs}: picture {seen:,} of {len(order):,}",
            )
        return total / count

    def _learn(
        self,
        rows: Rows,
        beside: Adjacency,
        generator: torch.Generator,
    ) -> float:
        group, device = self.group, self.group.device
        mine = rows[group.share(len(rows))]
        at = torch.from_numpy(rows).to(device)
        pairs = beside.of(rows)
        left, right, relation = (
            torch.from_numpy(v).to(device) for v in (pairs.left, pairs.right, pairs.relation)
        )
        holds = torch.from_numpy(pairs.holds).to(device, torch.float32)
        touched, place = torch.cat([left, right]).unique(return_inverse=True)  # type: ignore[no-untyped-call]
        if self.config.freeze:
            views = [self.memory[touched]]
        else:
            views = self._seen(rows, mine, at, touched, generator)
        n = len(left)
        loss = self.drift
        counted = torch.ones_like(holds)
        for x in views:
            g = self.net.distances.logits(x, place[:n], place[n:], relation)  # (n,)
            each = F.binary_cross_entropy_with_logits(g, holds, reduction="none")
            loss = loss + (counted * each).sum() / counted.sum().clamp(min=1)
            if self.incomplete is not None:
                counted = 1 - holds  # of what lacks something, only unrelated pairs
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        if self.weight_map is None:
            self.rates.step()
        value = float(loss.detach())
        if not math.isfinite(value):
            raise TrainingError(
                f"The loss is no longer a number in epoch {self.progress.epoch + 1}. Start again "
                "with lower learning rates, or in full precision."
            )
        return value

    def _seen(
        self,
        rows: Rows,
        mine: Rows,
        at: Tensor,
        touched: Tensor,
        generator: torch.Generator,
    ) -> list[Tensor]:
        """Features of the products `touched` (n, F); those of this rank's pictures carry gradients.

        As they are; while relevance guides, also as the weighted layer has them, and at last also
        as pictures that lack something show them.
        """
        group = self.group
        sources = [self.pictures] if self.incomplete is None else [self.pictures, self.incomplete]
        own = []
        for source in sources:
            pictures = source.batch(rows)
            if self.config.augment:
                pictures = varied(pictures, generator)
            own.append(pictures[group.share(len(rows))].to(group.device))
        if self.moved is not None:
            own.append(pale(own[0], self.pictures.bounds()[1].to(group.device)))
        with torch.autocast(group.device.type, dtype=torch.bfloat16, enabled=self.mixed):
            seen = self.model(torch.cat(own), self.weight_map)
            views = list(seen.float().split(len(own[0])))  # (B/W, F) each
            if self.moved is not None:
                moved = self.moved(own[-1], views.pop())  # (B/W,)
                self.drift = incomplete.STAY * group.batch_mean(moved, len(rows))
        seen = [group.gathered(x.detach(), len(rows)) for x in views]  # (B, F) each
        self.memory[at] = seen[0]
        # Every rank computes the whole loss, so the mean over ranks takes a share of each gradient.
        fresh = [x * group.world_size - (x * (group.world_size - 1)).detach() for x in views]
        rank, known = torch.from_numpy(mine).to(group.device), self.memory[touched]
        met, there = torch.isin(at, touched), torch.isin(rank, touched)
        every, place = (torch.searchsorted(touched, of) for of in (at[met], rank[there]))
        return [
            known.index_put((every,), all_seen[met]).index_put((place,), x[there])
            for all_seen, x in zip(seen, fresh, strict=True)
        ]

    def measure(self) -> dict[str, float]:
        """Accuracy on the validation pairs; products of training as they were last passed."""
        part = self.split.item_part
        if part is not None:
            rows = np.flatnonzero(part == VALIDATION)
            self.memory[torch.from_numpy(rows).to(self.group.device)] = self._features(rows)
        pairs = self.split.balanced(VALIDATION, self.config.split_seed, self.config.hard)
        g = predicted(self.net, self.memory, pairs)
        right = (g >= 0) == pairs.holds
        found = {self.decides: float(right.mean())}
        for number, name in enumerate(self.split.relations):
            found[f"validation_accuracy_{name}"] = float(right[pairs.relation == number].mean())
        return found

    def _features(self, rows: Rows | None = None) -> Tensor:
        device = self.group.device
        trunk, folder = self.net.trunk, self.run.path
        return features(trunk, self.pictures, device, self._check, rows, self.mixed, folder)

    def _schedule(self, optimizer: torch.optim.Optimizer, epochs: int) -> LambdaLR:
        steps = epochs * math.ceil(len(self.split.training_items()) / self.batch)
        return rates.schedule(optimizer, steps)

    def _done(self, fraction: float) -> float:
        """Share of the whole training, from the share of the epochs after the warm-up."""
        return self.start + (0.98 - self.start) * fraction

    def _check(self) -> None:
        self.group.check_cancelled(self.run)
