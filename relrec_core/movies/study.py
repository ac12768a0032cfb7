"""A study: one data set, some seeds, and the models trained for them, each trained only once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from relrec_core import paths
from relrec_core.movies import store
from relrec_core.movies.data import MovieData
from relrec_core.movies.features import FeatureSpace, feature_space
from relrec_core.movies.split import Split, split
from relrec_core.movies.train import Config, train
from relrec_core.movies.weights import Weights
from relrec_core.runs import config, permission, status
from relrec_core.runs.cells import Cells, code_digest
from relrec_core.runs.config import C
from relrec_core.runs.directory import Run

Tell = Callable[[float, str], None]
"""Told of progress: the fraction done, 0 to 1, and a short message."""

PEERS = ("peers", "peers_factorisation", "peers_implicit", "peers_metric", "peers_ocular")
NOT_IN_TRAINING = (
    "benchmark",
    "claims",
    "cold_start",
    "curves",
    "evaluate",
    "explain",
    *PEERS,
    "questions",
    "recommend",
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


class Study:
    """What all tables of one evaluation share.

    Args:
        dataset: name or folder.
        seeds: each fixes a split and an initialisation.
        quick: few epochs and samples, to see that everything works; the numbers mean nothing.
        tell: told of progress.
    """

    def __init__(
        self,
        dataset: str = "ml-100k",
        seeds: Sequence[int] = (0, 1, 2),
        quick: bool = False,
        tell: Tell = lambda fraction, message: None,
    ) -> None:
        self.dataset, self.seeds, self.quick = dataset, tuple(seeds), quick
        self._tell = tell
        self._done, self._total = 0, 1
        self._trained: dict[str, Trained] = {}

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
        """The model of one seed, trained by `train` unless it was before.

        It is kept under `<home>/evaluations/movies/models/`, under a name that changes with the
        settings, the data and the code; a training that was stopped goes on where it was.

        Raises:
            Cancelled: stopped by Ctrl-C or SIGTERM.
            ReadOnlyError: it has to be trained, in read-only mode.
        """
        settings = self.config(seed, attributes=attributes, layer=layer)
        run = self.run(settings, training_code(), train)
        if run.name not in self._trained:
            space = feature_space(self.data, attributes)
            weights = Weights.from_arrays(*run.read_arrays())
            weights.check_belongs_to(self.data, space)
            self._trained[run.name] = Trained(space, self.parts(seed), weights, run.card())
        return self._trained[run.name]

    def run(self, settings: C, code: str, train: Callable[[C, Run], None]) -> Run:
        """The finished run of these settings, trained by `train` unless it was before.

        Args:
            settings: of the training.
            code: digest of the code that a trained model depends on.
            train: trains into a run, and goes on with one that was stopped.
        """
        identity = json.dumps([settings.to_json(), self.data.content_hash, code])
        name = hashlib.sha256(identity.encode()).hexdigest()[:16]
        folder = paths.evaluations_dir() / store.WING / "models" / name
        if not (folder / "status.json").exists():
            permission.require_writable("train a model for an evaluation")
            folder.mkdir(parents=True, exist_ok=True)
            paths.write_text(folder / "config.json", settings.to_json())
            status.write(folder / "status.json", status.queued())
        run = Run.open(folder)
        if run.status().state != "done":
            permission.require_writable("train a model for an evaluation")
            run.withdraw_cancel()
            with run.executing(self._share):
                train(settings, run)
        return run

    def cells(self, table: str, *modules: str) -> Cells:
        """Cells computed earlier by exactly this code: of training, the peers and `modules`."""
        return Cells(store.WING, table, _code(*PEERS, *modules))

    def key(self, seed: int, **more: Any) -> dict[str, Any]:
        """Key of a cell: data, seed, and whatever else its numbers depend on."""
        return {"data": self.data.content_hash, "seed": seed, "quick": self.quick, **more}

    def begin(self, steps: int) -> None:
        """Say how many steps the table takes; `step` ends each."""
        self._done, self._total = 0, max(steps, 1)

    def step(self, message: str) -> None:
        self._done += 1
        self._tell(min(self._done / self._total, 1.0), message)

    def _share(self, fraction: float, message: str) -> None:
        self._tell(min((self._done + fraction) / self._total, 1.0), message)


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
