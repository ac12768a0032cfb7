"""Which run each wing shows: chosen by an explicit act, never by accident."""

from __future__ import annotations

import json
from pathlib import Path

from relrec_core import paths, permission
from relrec_core.errors import RunError, storing
from relrec_core.runs.directory import Run


def active(wing: str) -> Path | None:
    """The folder of the wing's active run, or None when none was chosen.

    Raises:
        RunError: the choice is damaged or its run no longer exists.
    """
    file = _file(wing)
    if not file.exists():
        return None
    try:
        path = paths.runs_dir() / wing / str(json.loads(file.read_text(encoding="utf-8"))["run"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"The choice of the active run in {file} is damaged; make a run active again."
        ) from error
    if not path.is_dir():
        raise RunError(f"The active run {path.name} no longer exists; make another run active.")
    return path


def shown(wing: str, shipped: Path) -> Run:
    """The wing's active run or, where none was chosen, the one that ships with the project.

    Raises:
        RunError: the choice is damaged or its run no longer exists.
    """
    return Run.open(active(wing) or shipped)


def make_active(run: Run) -> None:
    """Show this run from now on. Of two who do so at once, the last one wins.

    Raises:
        ReadOnlyError: in read-only mode.
        RunError: it is not done, or lies outside the data directory.
        CheckpointError: its checkpoint is missing or damaged.
    """
    permission.require_writable("make a run active")
    state = run.status().state
    if state != "done":
        raise RunError(f"Run {run.name} is {state}; only a run that is done can become active.")
    if run.path.parent != (paths.runs_dir() / run.wing).resolve():
        raise RunError(f"Run {run.path} is not in {paths.runs_dir()}; copy it there first.")
    run.read_checkpoint()
    paths.write_text(_file(run.wing), json.dumps({"run": run.name}))


def deactivate(wing: str) -> None:
    """Show no run of one's own any more, but what was shipped.

    Raises:
        ReadOnlyError: in read-only mode.
    """
    permission.require_writable("change the active run")
    with storing(_file(wing)):
        _file(wing).unlink(missing_ok=True)


def _file(wing: str) -> Path:
    return paths.home() / "active" / f"{wing}.json"
