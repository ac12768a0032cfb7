"""The study of this wing: RecoNets for some seeds of one data set, each trained only once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pandas as pd

from relrec_core.evaluation import study
from relrec_core.movies import store
from relrec_core.movies.data.datasets import data_card, open_data
from relrec_core.movies.data.features import FeatureSpace, feature_space
from relrec_core.movies.data.interactions import MovieData
from relrec_core.movies.data.split import Split, split
from relrec_core.movies.model.weights import Weights
from relrec_core.movies.training.train import Config, train
from relrec_core.runs import config
from relrec_core.runs.card import Card, DataCard
from relrec_core.runs.directory import Run

QUICK_EPOCHS = 10


@dataclass(frozen=True, eq=False)
class Trained:
    """A model refitted on training and development films, with its vocabulary and split."""

    space: FeatureSpace
    parts: Split
    weights: Weights
    card: Card
    seconds: float
    """Of the training."""


class Study(study.Study[Trained]):
    """Models of films, with and without attributes and the extra layer."""

    wing, usual, trainer = store.WING, "ml-100k", train.__module__
    splitting = "movies rated 3 or better, per user 60 % training, 20 % development, 20 % test"

    @property
    def data_card(self) -> DataCard:
        """Of the ratings that the models learn from."""
        return data_card(self.data)

    def settings(self) -> dict[str, Any]:
        """Of the trainer, without those in which the models differ."""
        varied = {"dataset", "seed", "split_seed", "attributes", "hidden", "device", "threads"}
        config = self.config(self.seeds[0], attributes=True, layer=True)
        return config.model_dump(exclude=varied) | {"hidden of the layer": config.hidden}

    @cached_property
    def data(self) -> MovieData:
        """The ratings, read once."""
        return open_data(self.dataset)

    def parts(self, seed: int) -> Split:
        """Training, validation and test movies of each user, drawn with `seed`."""
        return split(self.data, seed)

    def config(
        self, seed: int, *, attributes: bool, layer: bool, more: Mapping[str, Any] | None = None
    ) -> Config:
        """The trainer's own defaults but for `more`; the layer has as many units as the plain model
        dimensions."""
        chosen: dict[str, Any] = {
            "dataset": self.dataset,
            "seed": seed,
            "split_seed": seed,
            "attributes": attributes,
            **(more or {}),
        }
        if self.quick:
            chosen |= {"epochs": QUICK_EPOCHS}
        plain = config.load(Config, None, chosen)
        return config.load(Config, None, {**chosen, "hidden": plain.dim}) if layer else plain

    def trained(
        self,
        seed: int,
        *,
        attributes: bool = True,
        layer: bool = False,
        more: Mapping[str, Any] | None = None,
    ) -> Trained:
        """The model of one seed, as `run` trains it.

        Raises: as `run`.
        """
        settings = self.config(seed, attributes=attributes, layer=layer, more=more)
        run = self.run(settings, self.training_code, train)
        if run.name not in self._trained:
            self._trained[run.name] = self._opened(run, seed, attributes=attributes)
        return self._trained[run.name]

    def shown(self, seed: int) -> Trained:
        """The model that ships, where it is of these settings and this data, else as `trained`.

        Raises: as `run`.
        """
        shipped = Run.open(store.SHIPPED)
        settings = shipped.settings(Config)
        if settings != self.config(seed, attributes=True, layer=False):
            return self.trained(seed)
        return self._opened(shipped, seed, attributes=True)

    def _opened(self, run: Run, seed: int, *, attributes: bool) -> Trained:
        space = feature_space(self.data, attributes)
        weights = Weights.from_arrays(*run.read_arrays())
        weights.check_belongs_to(self.data, space)
        return Trained(space, self.parts(seed), weights, run.card(), run.status().seconds)


def over_seeds(frame: pd.DataFrame, by: list[str], measures: dict[str, str]) -> pd.DataFrame:
    """Mean and standard deviation (of the sample) of measures, old name to new, in each group."""
    groups = frame.groupby(by, sort=False)
    table = groups.size().rename("seeds").reset_index()
    for column, name in measures.items():
        table[name] = groups[column].mean().to_numpy()
        table[f"{name}_sd"] = groups[column].std().to_numpy()
    return table
