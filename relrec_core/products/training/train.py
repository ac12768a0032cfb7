"""Train the siamese network end to end: Bharadhwaj 2018, section 2, with all relations at once.

Passing a picture through the trunk costs a thousand times what a pair costs. So an epoch passes
every picture once, and a batch of pictures is compared with all products that it has pairs with:
those in the batch as they are now, the others by the features of their last pass, which get no
gradient (a memory of the embeddings, Wang et al. 2020). Each pair counts from both its sides.
"""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from relrec_core import VERSION
from relrec_core.errors import CheckpointError, DataError, RelRecError
from relrec_core.products.catalogues import open_catalogue
from relrec_core.products.config import Config
from relrec_core.products.data.adjacency import Adjacency
from relrec_core.products.data.catalogue import Catalogue
from relrec_core.products.data.images import NORMALISATIONS
from relrec_core.products.data.pictures import Pictures, varied
from relrec_core.products.data.split import TRAIN, VALIDATION, Rows, Split
from relrec_core.products.model import users
from relrec_core.products.model.features import FEATURES, features, initial, mixed
from relrec_core.products.model.network import Siamese
from relrec_core.products.model.scoring import predicted, scores
from relrec_core.products.training import guided, pretraining, probe
from relrec_core.runs import distributed, resuming
from relrec_core.runs.directory import Run

__all__ = ["Config", "train"]


class TrainingError(RelRecError):
    """A training that cannot go on."""


WARM_UP = 0.1
"""Share of the steps in which the learning rates rise."""


def train(config: Config, run: Run) -> None:
    """Train into `run`, measure on test, and store every product's features with it.

    Runs alone or under torchrun with the same result up to rounding. Resumes after the last
    whole epoch.

    Raises:
        DataError: the catalogue is missing or malformed, or has too few pairs.
        SourceError: the initial weights are not there.
        ImageError: a picture was damaged after the catalogue was checked.
        Cancelled: the run was asked to stop.
    """
    started = time.monotonic()
    run.report(0.0, "Reading the catalogue")
    catalogue = open_catalogue(config.dataset)
    split = Split(catalogue, config.split_by, config.split_seed)
    shown = open_catalogue(config.shown) if config.shown else catalogue
    if shown.relation_names != catalogue.relation_names:
        raise DataError(
            shown.folder,
            "relations " + ", ".join(shown.relation_names),
            "those it is trained on: " + ", ".join(catalogue.relation_names),
        )
    with distributed.session(config.device, config.threads) as group:
        fit = Fit(config, run, group, catalogue, split, shown)
        fit.until_done()
        if config.guided_epochs:
            fit.refine()
        if group.is_main:
            run.report(0.99, "Looking at all products once more, in full precision")
            x = fit.exact_features(catalogue)
            measured = scores(fit.net, x, split, config.split_seed)
            if shown is not catalogue:
                x = fit.exact_features(shown)
            users.learn(fit.net.distances, x, shown, config)
            tensors = dict(fit.net.state_dict()) | {FEATURES: x}
            run.write_checkpoint(tensors, fit.metadata())
            seconds = time.monotonic() - started
            run.write_card(_card(config, catalogue, split, fit, measured, seconds))
        run.report(1.0, "Done")
        group.barrier()


@dataclass
class Progress:
    """How far a fit has come."""

    epoch: int = 0
    step: int = 0


class Fit:
    """One optimisation of a siamese network."""

    def __init__(
        self,
        config: Config,
        run: Run,
        group: distributed.Group,
        catalogue: Catalogue,
        split: Split,
        shown: Catalogue,
    ) -> None:
        self.config, self.run, self.group, self.split = config, run, group, split
        self.shown = shown
        self.progress = Progress()
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
        self.guidance: dict[str, Any] = {}
        self.mixed = mixed(config.precision, group.device)
        trunk = [p for p in self.net.trunk.parameters() if p.requires_grad]
        heads = [p for p in self.net.distances.parameters() if p.requires_grad]
        rates = [(trunk, config.learning_rate), (heads, config.head_rate)]
        self.optimizer = torch.optim.AdamW(
            [{"params": p, "lr": rate, "top": rate} for p, rate in rates if p],
            weight_decay=config.weight_decay,
        )
        kept = run.read_state()
        if kept is None:
            if config.warm_epochs:
                self._warm()
            run.report(self.begin, "Looking at all products for the first time")
            self.memory = self._features()
            self.net.distances.calibrate(self.memory)
            if config.probe_epochs:
                self._probe()
        else:
            self._resume(*kept)

    @property
    def begin(self) -> float:
        """Share of the whole training that the warm-up takes."""
        return self.config.warm_epochs / (self.config.warm_epochs + self.epochs)

    @property
    def epochs(self) -> int:
        """Of the training after the warm-up."""
        return self.config.epochs + self.config.guided_epochs

    def _warm(self) -> None:
        """Every process does it alike."""

        def tell(fraction: float, message: str) -> None:
            self._check()
            self.run.report(self.begin * fraction, message)

        device = self.group.device
        trunk = self.net.trunk
        pretraining.start(trunk, self.pictures, self.split, self.config, device, self.mixed, tell)

    def _probe(self) -> None:
        """Every process does it alike (linear probing then fine-tuning, Kumar et al. 2022)."""

        def tell(fraction: float) -> None:
            self._check()
            self.run.report(self.begin, f"Distances on what is seen at first: {fraction:.0%}")

        of, config = self.net.distances, self.config
        epochs, seed = config.probe_epochs, config.seed
        probe.learn(of, self.memory, self.split, epochs, seed, config.hard, tell)

    @property
    def steps(self) -> int:
        """Of the whole training."""
        own = self.split.training_items()
        return self.config.epochs * math.ceil(len(own) / self.config.batch_size)

    def until_done(self) -> None:
        """Go on to the last epoch."""
        p, config = self.progress, self.config
        while p.epoch < config.epochs:
            loss = self._epoch()
            p.epoch += 1
            values = {"train_loss": loss} | self._validate()
            if self.group.is_main:
                self.run.log_metrics(p.epoch, **values)
                self._keep()
            self.run.report(
                self._done(p.epoch / self.epochs),
                f"Epoch {p.epoch} of {self.epochs}: loss {loss:.4f}, accuracy "
                f"{values['validation_accuracy']:.1%} on validation",
            )

    def refine(self) -> None:
        """Go on, guided by relevance; the best epoch by validation is kept, or the start.

        After a kill all of it is done again.
        """
        config, p = self.config, self.progress
        start = best = self._validate()["validation_accuracy"]
        kept, kept_memory = self._weights(), self.memory.clone()
        for group in self.optimizer.param_groups:
            group["lr"] = group["top"] * guided.RATE
        pairs = self.split.balanced(VALIDATION, config.split_seed, config.hard)
        for _ in range(config.guided_epochs):
            self.weight_map = guided.weight_map(
                self.net, self.pictures, pairs, self.memory, config.seed + p.epoch, self._check
            )
            if config.guided_by == "nothing":
                self.weight_map = torch.ones_like(self.weight_map)
            loss = self._epoch()
            p.epoch += 1
            values = self._validate()
            if self.group.is_main:
                self.run.log_metrics(p.epoch, train_loss=loss, **values)
            if values["validation_accuracy"] >= best:
                best = values["validation_accuracy"]
                kept, kept_memory = self._weights(), self.memory.clone()
                self.guidance["kept_epoch"] = p.epoch
            self.run.report(
                self._done(p.epoch / self.epochs),
                f"Guided epoch {p.epoch} of {self.epochs}: accuracy "
                f"{values['validation_accuracy']:.1%} on validation, {start:.1%} before",
            )
        self.weight_map = None
        self.net.load_state_dict(kept)
        self.memory = kept_memory
        self.guidance |= {"by": config.guided_by, "validation_before": start, "validation": best}

    def _weights(self) -> dict[str, Tensor]:
        return {name: value.clone() for name, value in self.net.state_dict().items()}

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
        return features(self.net.trunk, pictures, self.group.device, self.run.check_cancelled)

    def _epoch(self) -> float:
        """One pass over all pictures of training; the mean loss of a step."""
        config, p = self.config, self.progress
        generator = torch.Generator().manual_seed(config.seed * 100_003 + p.epoch)
        drawn = self.split.negatives(TRAIN, (config.seed, p.epoch), config.hard)
        pairs = self.split.positives(TRAIN).joined(drawn)
        beside = Adjacency(pairs, self.split.n_items)
        own = self.split.training_items()
        order = own[torch.randperm(len(own), generator=generator).numpy()]
        total, count = 0.0, math.ceil(len(order) / config.batch_size)
        for start in range(0, len(order), config.batch_size):
            self._check()
            total += self._learn(order[start : start + config.batch_size], beside, generator)
            done = (p.step % count) / count if p.step % count else 1.0
            self.run.report(
                self._done(min((p.epoch + done) / self.epochs, 1.0)),
                f"Epoch {p.epoch + 1} of {self.epochs}: picture "
                f"{min(start + config.batch_size, len(order)):,} of {len(order):,}",
            )
        return total / count

    def _learn(
        self,
        rows: Rows,
        beside: Adjacency,
        generator: torch.Generator,
    ) -> float:
        group, device = self.group, self.group.device
        if self.weight_map is None:
            self._set_rates()
        mine = rows[group.share(len(rows))]
        at = torch.from_numpy(rows).to(device)
        views = [self.memory]
        if not self.config.freeze:
            views = self._seen(rows, mine, at, generator)
        pairs = beside.of(rows)
        left, right, relation = (
            torch.from_numpy(v).to(device) for v in (pairs.left, pairs.right, pairs.relation)
        )
        holds = torch.from_numpy(pairs.holds).to(device, torch.float32)
        touched, place = torch.cat([left, right]).unique(return_inverse=True)  # type: ignore[no-untyped-call]
        n = len(left)
        loss = torch.zeros((), device=device)
        for x in views:
            g = self.net.distances.logits(x[touched], place[:n], place[n:], relation)  # (n,)
            loss = loss + F.binary_cross_entropy_with_logits(g, holds)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
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
        generator: torch.Generator,
    ) -> list[Tensor]:
        """Features of all products (N, F); those of this rank's pictures carry gradients.

        Once as they are and, while relevance guides, once more as the weighted layer has them.
        """
        group = self.group
        pictures = self.pictures.batch(rows)
        if self.config.augment:
            pictures = varied(pictures, generator)
        own = pictures[group.share(len(rows))].to(group.device)
        with torch.autocast(group.device.type, dtype=torch.bfloat16, enabled=self.mixed):
            seen = self.model(own, self.weight_map)
        views = seen.float().split(len(own))  # (B/W, F) each
        self.memory[at] = group.gathered(views[0].detach(), len(rows))
        # Every rank computes the whole loss, so the mean over ranks takes a share of each gradient.
        fresh = [x * group.world_size - (x * (group.world_size - 1)).detach() for x in views]
        place = (torch.from_numpy(mine).to(group.device),)
        return [self.memory.index_put(place, x) for x in fresh]

    def _set_rates(self) -> None:
        p = self.progress
        warm = max(1, round(WARM_UP * self.steps))
        rise = min(1.0, (p.step + 1) / warm)
        fall = 0.5 * (1 + math.cos(math.pi * max(0, p.step - warm) / max(1, self.steps - warm)))
        for group in self.optimizer.param_groups:
            group["lr"] = group["top"] * rise * fall
        p.step += 1

    def _validate(self) -> dict[str, float]:
        """Accuracy on the validation pairs; products of training as they were last passed."""
        part = self.split.item_part
        if part is not None:
            rows = np.flatnonzero(part == VALIDATION)
            self.memory[torch.from_numpy(rows).to(self.group.device)] = self._features(rows)
        pairs = self.split.balanced(VALIDATION, self.config.split_seed, self.config.hard)
        g = predicted(self.net, self.memory, pairs)
        right = (g >= 0) == pairs.holds
        found = {"validation_accuracy": float(right.mean())}
        for number, name in enumerate(self.split.relations):
            found[f"validation_accuracy_{name}"] = float(right[pairs.relation == number].mean())
        return found

    def _features(self, rows: Rows | None = None) -> Tensor:
        device = self.group.device
        return features(self.net.trunk, self.pictures, device, self._check, rows, self.mixed)

    def _done(self, fraction: float) -> float:
        """Share of the whole training, from the share of the epochs after the warm-up."""
        return self.begin + (0.98 - self.begin) * fraction

    def _check(self) -> None:
        self.group.check_cancelled(self.run)

    def _keep(self) -> None:
        tensors = resuming.packed(self.net, self.optimizer) | {"memory": self.memory}
        self.run.write_state(tensors, asdict(self.progress))

    def _resume(self, tensors: dict[str, Tensor], meta: dict[str, Any]) -> None:
        self.progress = Progress(**meta)
        try:
            resuming.unpack(tensors, self.net, self.optimizer)
        except RuntimeError as error:
            raise CheckpointError(
                f"What run {self.run.name} kept belongs to another network; start a new run."
            ) from error
        self.memory = tensors["memory"].to(self.group.device)


def _card(
    config: Config,
    catalogue: Catalogue,
    split: Split,
    fit: Fit,
    measured: dict[str, float],
    seconds: float,
) -> dict[str, Any]:
    return {
        "title": f"Siamese {config.trunk}, D = {config.dim}",
        "code_version": VERSION,
        "data": {
            "name": catalogue.name,
            "title": catalogue.title,
            "licence": catalogue.licence,
            "rendered": catalogue.rendered,
            "items": len(catalogue.items),
            "pairs": len(catalogue.relations),
            "hash": catalogue.content_hash,
        },
        "trunk": {
            "weights": config.weights or "none: learned from nothing",
            "frozen": config.freeze,
            "mixed_precision": fit.mixed,
        },
        "split": {
            "by": config.split_by,
            "shares": [0.8, 0.1, 0.1],
            "seed": config.split_seed,
        },
        "epochs": config.epochs,
        "guided": fit.guidance,
        "metrics": measured,
        "threads": torch.get_num_threads(),
        "processes": fit.group.world_size,
        "seconds": round(seconds, 1),
    }
