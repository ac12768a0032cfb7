"""The study of this wing: networks for some seeds of one catalogue, each trained only once."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import torch
from torch import Tensor

from relrec_core import paths
from relrec_core.evaluation import study
from relrec_core.products import catalogues, store
from relrec_core.products.data.catalogue import Catalogue
from relrec_core.products.data.images import NORMALISATIONS
from relrec_core.products.data.pictures import Pictures
from relrec_core.products.data.split import By, Split
from relrec_core.products.model.features import FEATURES, features, initial
from relrec_core.products.model.network import Distances
from relrec_core.products.model.ranking import Recommender
from relrec_core.products.model.trunks import trunk
from relrec_core.products.training.train import Config, train
from relrec_core.runs import code, config, tensors
from relrec_core.runs.card import DataCard
from relrec_core.runs.directory import Run

GuidedBy = Literal["relevance", "nothing"]

STUDIO: dict[str, Any] = {
    "dataset": "studio-5760-1",
    "shown": catalogues.STUDIO,
    "side": 96,
    "dim": 64,
    "warm_epochs": 40,
    "epochs": 24,
    "learning_rate": 3e-4,
    "head_rate": 2e-3,
    "hard": 0.5,
}
"""The network sees another studio than the one it is measured and shown on."""
PHOTOS: dict[str, Any] = {
    "trunk": "vgg16-conv",
    "weights": "vgg16-conv",
    "probe_epochs": 40,
    "epochs": 8,
    "learning_rate": 3e-5,
    "head_rate": 1e-3,
    "augment": False,
}
"""A product has one photo, the same wherever it is met, so varying it only blurs what it shows."""
OF_MAPS: dict[str, Any] = {"freeze": True, "epochs": 2}
"""For maps of photos the convolutions stay as they are: as accurate, and trained in minutes."""
VARIED = {"dataset", "seed", "split_seed", "split_by", "device", "threads"}
"""Settings that are not part of a table's conditions."""
GUIDED_EPOCHS = 5
QUICK: dict[str, Any] = {"epochs": 1, "side": 32, "dim": 8, "threads": 1, "trunk": "vgg16-slim"}


@dataclass(frozen=True, eq=False)
class Trained:
    """A network on the catalogue it shows, the catalogue it learned from, and its run."""

    recommender: Recommender
    catalogue: Catalogue
    split: Split
    features: Tensor
    """(N, F) of the catalogue it learned from."""
    run: Run

    @property
    def distances(self) -> Distances:
        """The heads of all relations."""
        return self.recommender.distances

    @property
    def checkpoint(self) -> str:
        """SHA-256 of the stored network."""
        recorded = self.run.card().checkpoint
        return "" if recorded is None else recorded.sha256


class Study(study.Study[Trained]):
    """Networks of products, split by pairs or by products, guided by relevance or not."""

    wing, usual, trainer = store.WING, catalogues.STUDIO, train.__module__
    _mapped: Trained | None = None
    splitting = "80 % training, 10 % validation, 10 % test; of pairs, or of products"

    @property
    def data_card(self) -> DataCard:
        """Of the catalogue that the models learn from."""
        return catalogues.data_card(self.catalogue)

    def settings(self) -> dict[str, Any]:
        """Of the trainer, without those in which the models differ."""
        return self.config(self.seeds[0], "items").model_dump(exclude=VARIED)

    def conditions(self) -> dict[str, Any]:
        """Likewise; of a table of maps, the one network that they are of."""
        of = self._mapped
        if of is None:
            return super().conditions()
        return {
            "data": catalogues.data_card(of.catalogue).model_dump(),
            "seeds": list(self.seeds),
            "quick": self.quick,
            "settings": of.run.settings(Config).model_dump(exclude=VARIED),
            "checkpoint": of.checkpoint,
        }

    @property
    def rendered(self) -> bool:
        """Whether the catalogue is drawn, so that causes are known."""
        return self.dataset == catalogues.STUDIO

    def config(
        self,
        seed: int,
        by: By,
        guided_by: GuidedBy | None = None,
        more: dict[str, Any] | None = None,
    ) -> Config:
        """The settings of one training; they are part of the conditions of every table."""
        chosen: dict[str, Any] = STUDIO if self.rendered else {**PHOTOS, "dataset": self.dataset}
        chosen = {**chosen, "seed": seed, "split_seed": seed, "split_by": by}
        if guided_by is not None:
            epochs = 1 if self.quick else GUIDED_EPOCHS
            chosen |= {"guided_epochs": epochs, "guided_by": guided_by}
        chosen |= more or {}
        if self.quick:
            chosen |= QUICK | {"weights": ""}
            if self.rendered:
                chosen |= {"dataset": catalogues.STUDIO, "shown": ""}
        return config.load(Config, None, chosen)

    @cached_property
    def catalogue(self) -> Catalogue:
        """What the networks of this study learn from."""
        return catalogues.open_catalogue(self.config(self.seeds[0], "pairs").dataset)

    def untouched(self, seed: int) -> Tensor:
        """(N, F) of the initial trunk, before anything is learned; kept once they are computed.

        Raises:
            CheckpointError: what was kept is damaged or gone.
        """
        settings, module = self.config(seed, "pairs"), features.__module__
        seeing = settings.model_dump(include={"trunk", "weights", "side"})
        key = self.key(0 if settings.weights else seed, **seeing)
        said = json.dumps([key, code.digest(module)])
        name = f"{hashlib.sha256(said.encode()).hexdigest()[:16]}.safetensors"
        kept = paths.evaluations_dir() / self.wing / "features" / name

        def compute() -> dict[str, Any]:
            torch.manual_seed(seed)
            net = trunk(settings.trunk)
            normalisation = NORMALISATIONS[initial(net, settings)]
            x = features(net, Pictures(self.catalogue, settings.side, normalisation), CPU)
            return {"sha256": tensors.store(kept, {FEATURES: x}, {})[0]}

        found = self.cells("features", module).get(key, compute)
        return tensors.read(kept, found["sha256"])[0][FEATURES]

    def trained(
        self,
        seed: int,
        by: By = "items",
        guided_by: GuidedBy | None = None,
        more: dict[str, Any] | None = None,
    ) -> Trained:
        """The network of one seed and split, as `run` trains it; `more` are further settings.

        With `guided_by`, this network after some more epochs that relevance (or nothing) guided.

        Raises: as `run`.
        """
        settings = self.config(seed, by, guided_by, more)
        said = settings.model_dump(exclude={"device", "threads"})
        start = None if guided_by is None else self.trained(seed, by).run
        run = self.run(settings, self.training_code, train, said, start)
        if run.name not in self._trained:
            of = store.recommender(run)
            if settings.shown:
                pictures = Pictures(self.catalogue, settings.side, of.pictures.normalisation)
                seen = features(of.trunk, pictures, CPU)
            else:
                seen = of.features
            split = Split(self.catalogue, by, seed)
            self._trained[run.name] = Trained(of, self.catalogue, split, seen, run)
        return self._trained[run.name]

    def measured(self, seed: int, by: By = "items") -> Trained:
        """The network that the tables are about: on the studio one that relevance guided at last.

        Raises: as `run`.
        """
        return self.trained(seed, by, "relevance" if self.rendered else None)

    def mapped(self, seed: int) -> Trained:
        """The network whose maps are measured: on the studio the one that ships.

        Raises: as `run`.
        """
        if self.quick:
            self._mapped = self.measured(seed, "pairs")
        elif not self.rendered:
            self._mapped = self.trained(seed, "pairs", more=OF_MAPS)
        else:
            run = Run.open(store.SHIPPED)
            of = store.recommender(run)
            split = Split(of.catalogue, "pairs", seed)
            self._mapped = Trained(of, of.catalogue, split, of.features, run)
        return self._mapped

    def map_key(self, found: Trained, seed: int, **more: Any) -> dict[str, Any]:
        """Key of a cell that was measured on the network of `mapped`."""
        about = {"data": found.catalogue.content_hash, "network": found.checkpoint}
        return about | {"seed": seed, "quick": self.quick} | more


CPU = torch.device("cpu")
