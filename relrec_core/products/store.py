"""Find catalogues and trained models by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from relrec_core import paths
from relrec_core.errors import CheckpointError, SourceError, border, shortened
from relrec_core.products import data, studio
from relrec_core.products.config import Config
from relrec_core.products.data import ITEMS_FILE, Catalogue
from relrec_core.products.images import NORMALISATIONS
from relrec_core.products.recommend import Recommender
from relrec_core.runs import active
from relrec_core.runs.directory import Run

__all__ = ["NORMALISATIONS", "catalogue_folder", "open_catalogue", "recommender", "shown_run"]

WING = "products"
STUDIO = "studio"
SHIPPED = paths.ASSETS / WING / "demo-studio"
SHIPPED_STUDIO = paths.ASSETS / WING / STUDIO
_OTHER_STUDIO = re.compile(rf"{STUDIO}-(\d+)-(\d+)")
"""`studio-ITEMS-SEED`."""

Progress = Callable[[int, int], None]


def catalogue_folder(dataset: str, progress: Progress | None = None) -> Path:
    """Folder of a catalogue by name or path; a studio is rendered when it is first asked for.

    Raises:
        SourceError: there is none.
        ConfigError: a studio of that size cannot be rendered.
    """
    if dataset == STUDIO:
        return SHIPPED_STUDIO
    if found := _OTHER_STUDIO.fullmatch(dataset):
        recipe = studio.Recipe(items=int(found[1]), seed=int(found[2]), bare=studio.BARE)
        return studio.ensure(paths.data_dir() / dataset, recipe, progress)
    if folder := paths.named_folder(dataset, ITEMS_FILE):
        return folder
    raise SourceError(
        f"There is no catalogue '{shortened(dataset)}'. Name a folder that holds {ITEMS_FILE}, "
        f"or '{STUDIO}'."
    )


def open_catalogue(dataset: str, progress: Progress | None = None) -> Catalogue:
    """Read and check a catalogue by name or folder."""
    return data.load(catalogue_folder(dataset, progress))


def shown_run() -> Run:
    """The run that was made active or, where none was, the one that ships with the project."""
    chosen = active.active(WING)
    return Run.open(chosen if chosen is not None else SHIPPED)


def recommender(run: Run) -> Recommender:
    """A trained model on the catalogue it shows, ready to recommend and explain.

    Raises:
        SourceError: the catalogue is not there.
        DataError: it is malformed.
        CheckpointError: the checkpoint is damaged, or of another trunk or catalogue.
    """
    config = run.settings(Config)
    catalogue = open_catalogue(config.shown or config.dataset)
    with border(lambda why: CheckpointError(f"The checkpoint of run {run.name} is bad: {why}.")):
        return Recommender.of(run, config, catalogue)
