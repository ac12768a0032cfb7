"""Find trained models."""

from __future__ import annotations

from relrec_core import paths
from relrec_core.errors import CheckpointError, border
from relrec_core.movies.config import Config
from relrec_core.movies.data.datasets import open_data
from relrec_core.movies.model import imported
from relrec_core.movies.model.ranking import Recommender
from relrec_core.movies.model.weights import Weights
from relrec_core.runs import active
from relrec_core.runs.directory import Run

WING = "movies"
SHIPPED = paths.ASSETS / WING / "demo-ml-100k"


def shown_run() -> Run:
    """The run whose model is shown."""
    return active.shown(WING, SHIPPED)


def recommender(run: Run) -> Recommender:
    """A trained model on its data, ready to recommend and explain.

    Raises:
        SourceError: the data set is not there.
        DataError: it is malformed.
        CheckpointError: the checkpoint is damaged or belongs to other data.
    """
    with border(lambda why: CheckpointError(f"The checkpoint of run {run.name} is bad: {why}.")):
        arrays, metadata = run.read_arrays()
        if metadata.get("model") == imported.MODEL:
            own = run.settings(imported.ImportConfig)
            data = open_data(own.dataset)
            return imported.recommender(own, arrays, metadata, data, run.name)
        weights = Weights.from_arrays(arrays, metadata)
    config = run.settings(Config)
    return Recommender.of(
        open_data(config.dataset),
        weights,
        with_attributes=config.attributes,
        split_seed=config.split_seed,
        run=run.name,
    )
