"""The experts of a study: trained once for each seed, as the study's other models are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from relrec_core.movies.evaluation.study import Study
from relrec_core.movies.experts import store
from relrec_core.movies.experts.config import Config
from relrec_core.movies.experts.model.predictor import Predictor
from relrec_core.movies.experts.training.train import train
from relrec_core.runs import config
from relrec_core.runs.card import Card
from relrec_core.runs.code import digest

QUICK: dict[str, Any] = {"epochs": 1, "taste": 8, "width": 32, "layers": 2}


@dataclass(frozen=True, eq=False)
class Trained:
    """A network on the study's data, and its card."""

    predictor: Predictor
    card: Card
    seconds: float
    """Of the training."""


def settings(study: Study, seed: int, model: str) -> Config:
    """The trainer's own defaults for the study's data; the seed also fixes the split."""
    chosen = {"dataset": study.dataset, "seed": seed, "split_seed": seed, "model": model}
    return config.load(Config, None, {**(QUICK if study.quick else {}), **chosen})


def trained(study: Study, seed: int, model: str) -> Trained:
    """The network of one seed.

    Args:
        study: whose data it learns.
        seed: of split and weights.
        model: "experts", "control" or "content".

    Raises:
        Cancelled: stopped by Ctrl-C or SIGTERM.
        ReadOnlyError: it has to be trained, in read-only mode.
    """
    run = study.run(settings(study, seed, model), training_code(), train)
    return Trained(store.predictor(run, study.data), run.card(), run.status().seconds)


def training_code() -> str:
    """Digest of the code that decides what a trained network is."""
    return digest("relrec_core.movies.experts.training.train")
