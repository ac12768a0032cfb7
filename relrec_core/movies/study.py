"""The study of this wing: RecoNets for some seeds of one data set, each trained only once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from relrec_core.movies import store
from relrec_core.movies.data import MovieData
from relrec_core.movies.features import FeatureSpace, feature_space
from relrec_core.movies.split import Split, split
from relrec_core.movies.train import Config, train
from relrec_core.movies.weights import Weights
from relrec_core.runs import config, study
from relrec_core.runs.cells import Cells, code_digest

PEERS = ("peers", "peers_factorisation", "peers_implicit", "peers_metric", "peers_ocular")
NOT_IN_TRAINING = (
    "benchmark",
    "claims",
    "cold_start",
    "curves",
    "directions",
    "evaluate",
    "explain",
    "own_claims",
    *PEERS,
    "questions",
    "reasons",
    "recommend",
    "relevance",
    "sentences",
    "study",
    "surrogates",
    "tuning",
)
"""Modules of this wing that a trained model does not depend on."""

QUICK_EPOCHS = 10


@dataclass(frozen=True, eq=False)
class Trained:
    """A model refitted on training and development films, with its vocabulary and split."""

    space: FeatureSpace
    parts: Split
    weights: Weights
    card: dict[str, Any]
    seconds: float
    """Of the training."""


class Study(study.Study[Trained]):
    """Models of films, with and without attributes and the extra layer."""

    wing, usual = store.WING, "ml-100k"

    @property
    def content_hash(self) -> str:
        return self.data.content_hash

    @cached_property
    def data(self) -> MovieData:
        return store.open_data(self.dataset)

    def parts(self, seed: int) -> Split:
        return split(self.data, seed)

    def config(self, seed: int, *, attributes: bool, layer: bool) -> Config:
        """The trainer's own defaults; the layer has as many units as the plain model dimensions."""
        chosen: dict[str, Any] = {
            "dataset": self.dataset,
            "seed": seed,
            "split_seed": seed,
            "attributes": attributes,
        }
        if self.quick:
            chosen |= {"epochs": QUICK_EPOCHS}
        plain = config.load(Config, None, chosen)
        return config.load(Config, None, {**chosen, "hidden": plain.dim}) if layer else plain

    def trained(self, seed: int, *, attributes: bool = True, layer: bool = False) -> Trained:
        """The model of one seed, as `run` trains it.

        Raises: as `run`.
        """
        settings = self.config(seed, attributes=attributes, layer=layer)
        run = self.run(settings, training_code(), train)
        if run.name not in self._trained:
            space = feature_space(self.data, attributes)
            weights = Weights.from_arrays(*run.read_arrays())
            weights.check_belongs_to(self.data, space)
            self._trained[run.name] = Trained(
                space, self.parts(seed), weights, run.card(), run.status().seconds
            )
        return self._trained[run.name]

    def cells(self, table: str, *modules: str) -> Cells:
        """Cells computed earlier by exactly this code: of training, the peers and `modules`."""
        return Cells(store.WING, table, _code(*PEERS, *modules))


def over_seeds(frame: pd.DataFrame, by: list[str], measures: dict[str, str]) -> pd.DataFrame:
    """Mean and standard deviation (of the sample) of measures, old name to new, in each group."""
    groups = frame.groupby(by, sort=False)
    table = groups.size().rename("seeds").reset_index()
    for column, name in measures.items():
        table[name] = groups[column].mean().to_numpy()
        table[f"{name}_sd"] = groups[column].std().to_numpy()
    return table


def training_code() -> str:
    """Digest of the source files of this wing that decide what a trained model is."""
    return _code()


@cache
def _code(*later: str) -> str:
    """Digest of those files and some more; of the code as it was when first asked for."""
    files = Path(__file__).parent.glob("*.py")
    return code_digest(*(f for f in files if f.stem not in NOT_IN_TRAINING or f.stem in later))
