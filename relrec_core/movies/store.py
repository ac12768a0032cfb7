"""Find data sets and trained models by name."""

from __future__ import annotations

from pathlib import Path

from relrec_core import paths
from relrec_core.errors import CheckpointError, SourceError, border, shortened
from relrec_core.movies.config import Config
from relrec_core.movies.data import INTERACTIONS_FILE, MovieData, load
from relrec_core.movies.recommend import Recommender
from relrec_core.movies.weights import Weights
from relrec_core.runs import active
from relrec_core.runs.directory import Run
from relrec_core.sources.registry import SOURCES

WING = "movies"
SHIPPED = paths.ASSETS / WING / "demo-ml-100k"


def data_folder(dataset: str) -> Path:
    """Folder of a data set: one fetched by name, or any folder with an interactions.csv."""
    if found := paths.named_folder(dataset, INTERACTIONS_FILE):
        return found
    if dataset in SOURCES:
        raise SourceError(
            f"{SOURCES[dataset].title} is not on this computer yet. Get it with "
            f"`python3 scripts/fetch.py {dataset}`, then load this page again."
        )
    raise SourceError(
        f"There is no data set '{shortened(dataset)}'. Name a folder that holds "
        f"{INTERACTIONS_FILE}, or one that `python3 scripts/fetch.py --list` shows."
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
        SourceError: the data set is not there.
        DataError: it is malformed.
        CheckpointError: the checkpoint is damaged or belongs to other data.
    """
    config = run.settings(Config)
    with border(lambda why: CheckpointError(f"The checkpoint of run {run.name} is bad: {why}.")):
        weights = Weights.from_arrays(*run.read_arrays())
    return Recommender.of(
        open_data(config.dataset),
        weights,
        with_attributes=config.attributes,
        split_seed=config.split_seed,
        run=run.name,
    )
