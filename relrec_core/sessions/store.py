"""Find session data and trained models by name."""

from __future__ import annotations

import itertools
from functools import lru_cache
from pathlib import Path

from relrec_core import paths
from relrec_core.errors import CheckpointError, SourceError, border, shortened, unreadable
from relrec_core.runs import active
from relrec_core.runs.card import DataCard
from relrec_core.runs.directory import Run
from relrec_core.sessions.config import Config
from relrec_core.sessions.data.dataset import SessionData, files_in, load_folder
from relrec_core.sessions.data.readers import columns_of
from relrec_core.sessions.data.sessions import PARTS
from relrec_core.sessions.data.shards import META_FILE, Shards
from relrec_core.sessions.data.source import Memory, SessionSource, Stored
from relrec_core.sessions.model.families import fitting
from relrec_core.sessions.model.predictor import Predictor
from relrec_core.sessions.simulation.simulator import SimulationSettings, simulated

WING = "sessions"
SIMULATED = "simulated"
SHIPPED = paths.ASSETS / WING / "demo-simulated"
DEMO_TRACKS = 10_000


def data_folder(name: str) -> Path:
    """Folder of session data: one in the data directory by name, or any folder.

    Raises:
        SourceError: there is none.
    """
    if folder := paths.named_folder(name):
        return folder
    raise SourceError(
        f"There is no session data '{shortened(name)}'. Name a folder of session logs or of "
        f"prepared shards, or '{SIMULATED}'."
    )


def open_source(config: Config) -> SessionSource:
    """The data that the settings name: simulated, read into memory, or shards.

    Raises:
        SourceError: there is no such folder.
        DataError: it is malformed.
    """
    if config.dataset == SIMULATED:
        return Memory(_simulated(config.sessions, config.simulation_seed, config.catalogue))
    folder = data_folder(config.dataset)
    if (folder / META_FILE).is_file():
        return Stored(Shards.open(folder))
    return Memory(load_folder(folder))


def advice(dataset: str) -> str:
    """Which experts learn from the data where their family is chosen by its columns, in words;
    nothing of simulated data.

    Raises: as `open_source`.
    """
    if dataset == SIMULATED:
        return ""
    folder = data_folder(dataset)
    if (folder / META_FILE).is_file():
        meta = Shards.open(folder).meta
        names = {*meta.encoding.log_columns, *meta.encoding.track_columns}
        title = f"{meta.title}: {meta.sessions:,} sessions. "
    else:
        with border(unreadable(folder, "a folder of session logs")):
            files = (*itertools.chain(*files_in(folder)),)
            names = {name for file in files for name in columns_of(file)}
        title = ""
    return f"{title}By its columns, ‘auto’ is the family {fitting(names)}."


def data_card(source: SessionSource, name: str) -> DataCard:
    """What a model card and a stored table say of the data that settings call `name`."""
    return DataCard(
        name=name,
        title=source.title,
        content_hash=source.content_hash,
        licence=source.licence,
        synthetic=source.simulated,
        counts={f"{part}_sessions": source.parts[part] for part in PARTS},
    )


@lru_cache(maxsize=1)
def _simulated(sessions: int, seed: int, tracks: int) -> SessionData:
    return simulated(sessions, seed, SimulationSettings(tracks=tracks))


def demo_data(config: Config, sessions: int = 1000) -> SessionData:
    """Simulated sessions that a model of these settings has not seen: the next seed's.

    They are of the same kind, with an invented catalogue of their own, no larger than it needs to
    be.
    """
    tracks = min(config.catalogue, DEMO_TRACKS)
    return simulated(sessions, config.simulation_seed + 1, SimulationSettings(tracks=tracks))


def shown_run() -> Run:
    """The run whose model is shown."""
    return active.shown(WING, SHIPPED)


def predictor(run: Run) -> Predictor:
    """The trained model of a run.

    Raises:
        CheckpointError: the checkpoint is damaged or of another model.
    """
    config = run.settings(Config)
    with border(lambda why: CheckpointError(f"The checkpoint of run {run.name} is bad: {why}.")):
        found = Predictor.from_checkpoint(*run.read_checkpoint())
    if found.config != config:
        raise CheckpointError(f"The checkpoint of run {run.name} was made with other settings.")
    return found
