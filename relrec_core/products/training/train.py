"""Train the siamese network end to end: Bharadhwaj 2018, section 2, with all relations at once."""

from __future__ import annotations

import time

import torch

from relrec_core.errors import DataError
from relrec_core.products.catalogues import data_card, open_catalogue
from relrec_core.products.config import Config
from relrec_core.products.data.catalogue import Catalogue
from relrec_core.products.data.split import Split
from relrec_core.products.model import users
from relrec_core.products.model.categories import CATEGORY_POINTS, log_odds
from relrec_core.products.model.features import FEATURES
from relrec_core.products.model.scoring import scores
from relrec_core.products.training import calibration, incomplete
from relrec_core.products.training.fit import Fit
from relrec_core.runs import training
from relrec_core.runs.card import Card
from relrec_core.runs.directory import Run

__all__ = ["Config", "train"]


def train(config: Config, run: Run) -> None:
    """Train into `run`, measure on test, and store every product's features with it.

    Runs alone or under torchrun with the same result up to rounding. Resumes after the last
    whole epoch.

    Raises:
        DataError: the catalogue is missing or malformed, or has too few pairs, or no incomplete
            pictures where some are asked for.
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
    if config.incomplete_epochs:
        incomplete.check(config, catalogue)
    with training.session(config, run) as group:
        fit = Fit(config, run, group, catalogue, split, shown)
        if not fit.resume():
            fit.begin()
        fit.until(config.epochs)
        if config.guided_epochs:
            fit.refine()
        if config.incomplete_epochs:
            fit.complete()
        if group.is_main:
            run.report(0.99, "Looking at all products once more, in full precision")
            x = fit.exact_features(catalogue)
            distances, seed = fit.net.distances, config.split_seed
            if config.category:
                odds = log_odds(catalogue, split)
                distances.categories = calibration.learn(distances, x, catalogue, split, seed, odds)
            measured = scores(fit.net, x, split, seed, catalogue)
            if shown is not catalogue:
                x = fit.exact_features(shown)
            users.learn(distances, x, shown, config)
            tensors, about = dict(fit.net.state_dict()) | {FEATURES: x}, fit.metadata()
            if distances.categories is not None:
                tensors[CATEGORY_POINTS] = torch.from_numpy(distances.categories.table)
                about["categories"] = list(distances.categories.names)
            run.write_checkpoint(tensors, about)
            run.write_card(_card(config, started, catalogue, fit, measured))


def _card(
    config: Config,
    started: float,
    catalogue: Catalogue,
    fit: Fit,
    measured: dict[str, float],
) -> Card:
    return training.card(
        config,
        started,
        f"Siamese {config.trunk}, D = {config.dim}",
        data_card(catalogue),
        split={"by": config.split_by, "shares": [0.8, 0.1, 0.1], "seed": config.split_seed},
        epochs=config.epochs,
        parameters=sum(p.numel() for p in fit.net.parameters()),
        metrics=measured,
        details={
            "weights": config.weights or "none: learned from nothing",
            "frozen": config.freeze,
            "mixed_precision": fit.mixed,
            "guided": fit.guidance,
            "incomplete": fit.completion,
            "threads": torch.get_num_threads(),
            "processes": fit.group.world_size,
        },
    )
