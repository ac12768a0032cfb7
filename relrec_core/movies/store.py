"""Find data sets and trained models by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from relrec_core import paths
from relrec_core.errors import DataError
from relrec_core.movies.data import INTERACTIONS_FILE, MovieData, load
from relrec_core.movies.model import Weights
from relrec_core.movies.recommend import Recommender
from relrec_core.runs import active
from relrec_core.runs.directory import Run

if TYPE_CHECKING:
    from relrec_core.movies.train import Config

WING = "movies"
SHIPPED = paths.ASSETS / WING / "ml-100k"


def data_folder(dataset: str) -> Path:
    """Folder of a data set: one fetched by name, or any folder with an interactions.csv."""
    named = paths.data_dir() / dataset
    if (named / INTERACTIONS_FILE).is_file():
        return named
    given = Path(dataset).expanduser()
    if (given / INTERACTIONS_FILE).is_file():
        return given.resolve()
    raise DataError(
        dataset,
        "no such data set",
        f"one that was fetched (python scripts/fetch.py {dataset}) "
        f"or a folder with {INTERACTIONS_FILE}",
    )


def open_data(dataset: str) -> MovieData:
    """Read and check a data set by name or folder."""
    return load(data_folder(dataset))


def shown_run() -> Run:
    """The run that was made active or, where none was, the one that ships with the project."""
    chosen = active.active(WING)
    return Run.open(chosen if chosen is not None else SHIPPED)


def recommender(run: Run) -> Recommender:
    """A trained model on its data, ready to recommend and explain.

    Raises:
        DataError: the data set is not there or malformed.
        CheckpointError: the checkpoint is damaged or belongs to other data.
    """
    from relrec_core.movies.train import Config

    config: Config = run.settings(Config)
    weights = Weights.from_tensors(*run.read_checkpoint())
    return Recommender.of(
        open_data(config.dataset),
        weights,
        with_attributes=config.attributes,
        split_seed=config.split_seed,
        run=run.name,
    )
