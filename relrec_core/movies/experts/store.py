"""Find trained experts by name."""

from __future__ import annotations

from relrec_core import paths
from relrec_core.errors import CheckpointError, border
from relrec_core.movies.data.interactions import MovieData
from relrec_core.movies.experts.model.predictor import Predictor
from relrec_core.movies.store import WING
from relrec_core.runs import active
from relrec_core.runs.directory import Run

TRAINER = "movies-experts"
"""Name of the trainer, and of the folder of its runs."""

SHIPPED = paths.ASSETS / WING / "experts-ml-100k"


def shown_run() -> Run:
    """The run whose model is shown."""
    return active.shown(TRAINER, SHIPPED)


def predictor(run: Run, data: MovieData) -> Predictor:
    """The trained network of a run on its data.

    Raises:
        CheckpointError: the checkpoint is damaged or belongs to other data.
    """
    with border(lambda why: CheckpointError(f"The checkpoint of run {run.name} is bad: {why}.")):
        return Predictor.from_checkpoint(*run.read_checkpoint(), data)
