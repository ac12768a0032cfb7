"""Quick evaluations that are started from outside: runs like trainings, in a process of their own.

They lie in `<home>/runs/evaluations/<wing>/`, one of a wing at a time.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from relrec_core.errors import RunError
from relrec_core.explanation import Value
from relrec_core.runs import launch
from relrec_core.runs.directory import Run, list_runs

EVALUATE = ("-m", "relrec_core.evaluate")


class Evaluation(Value):
    """What is measured: tables of a wing, on its usual data where `dataset` is empty."""

    wing: str
    tables: tuple[str, ...]
    dataset: str = ""

    @property
    def group(self) -> str:
        """Under which its runs are listed."""
        return f"evaluations/{self.wing}"


def start(wanted: Evaluation, slug: str, *, program: Sequence[str] = EVALUATE) -> Run:
    """Measure in a detached process; earlier runs of the same that have ended are removed.

    Args:
        slug: what a person calls it.
        program: what executes it, as `launch.TRAIN`.

    Raises:
        ReadOnlyError: in read-only mode.
        RunError: another evaluation of this wing runs on this machine.
    """
    run = launch.launch(wanted.group, wanted, slug, program=program)
    for other in list_runs(wanted.group):
        if other.path != run.path and _same(other, wanted) and not other.status().ongoing:
            shutil.rmtree(other.path)
    return run


def ongoing(wanted: Evaluation) -> Run | None:
    """The run that measures this now, whoever started it."""
    found = (run for run in list_runs(wanted.group) if run.status().ongoing)
    return next((run for run in found if _same(run, wanted)), None)


def wanted_by(run: Run) -> Evaluation:
    """What the run measures. Raises RunError when its config.json is missing or damaged."""
    try:
        return Evaluation.from_json((run.path / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(f"config.json of run {run.name} is missing or damaged.") from error


def _same(run: Run, wanted: Evaluation) -> bool:
    try:
        return wanted_by(run) == wanted
    except RunError:
        return False
