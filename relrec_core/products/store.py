"""Find trained models."""

from __future__ import annotations

from relrec_core import paths
from relrec_core.errors import CheckpointError, border
from relrec_core.products.catalogues import open_catalogue
from relrec_core.products.config import Config
from relrec_core.products.model.ranking import Recommender
from relrec_core.runs import active
from relrec_core.runs.directory import Run

WING = "products"
SHIPPED = paths.ASSETS / WING / "demo-studio"


def shown_run() -> Run:
    """The run whose model is shown."""
    return active.shown(WING, SHIPPED)


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
