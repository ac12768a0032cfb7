"""Explain by Ray, on this machine or on a cluster that sees the same folders."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from relrec_core.batch.dataset import Dataset
from relrec_core.batch.local import THREADS, make
from relrec_core.batch.progress import Pace
from relrec_core.errors import ConfigError, RunError

PACKAGE = Path(__file__).resolve().parents[2]
"""What the workers import the project from."""
RETRIES = 4
"""How often an actor that was killed begins again; what kills it each time ends the job."""


class Worker:
    """An actor: opens model and data once, then makes parts."""

    def __init__(self, folder: str) -> None:
        self._dataset = Dataset.open(Path(folder))

    def made(self, part: int) -> tuple[int, int]:
        """Number of a part -> the same, and how many rows it has now."""
        return part, make(self._dataset, part)


def run(dataset: Dataset, processes: int, pace: Pace, address: str | None) -> int:
    """Make all parts that are missing; returns how many rows they have.

    An actor that is killed is started again, and its parts with it.

    Args:
        dataset: in a folder that all nodes see.
        processes: actors, one core each; at most as many as there are cores.
        pace: told of every part.
        address: of a cluster, such as "auto"; None starts one on this machine alone.

    Raises:
        ConfigError: Ray is not installed.
        RunError: it failed; what was done stays.
    """
    try:
        import ray
        from ray.util import ActorPool
    except ImportError as error:
        raise ConfigError(
            "Ray is not installed. `pip install ray` brings it; without it, --engine local runs "
            "the same work in processes of this machine."
        ) from error
    missing = dataset.missing()
    if not missing:
        return 0
    rows = 0
    try:
        there = _begin(ray, processes, address)
        kind = ray.remote(num_cpus=1, max_restarts=RETRIES, max_task_retries=RETRIES)(Worker)
        folder = str(dataset.folder.resolve())
        pool = ActorPool([kind.remote(folder) for _ in range(min(processes, there, len(missing)))])
        for part, made in pool.map_unordered(lambda actor, of: actor.made.remote(of), missing):
            rows += made
            pace.count(dataset.about.sizes[part])
    except ray.exceptions.RayError as error:
        said = str(error).strip().split("\n")[-1]
        raise RunError(f"Ray failed: {said} The same command goes on from here.") from error
    finally:
        ray.shutdown()
    return rows


def _begin(ray: Any, processes: int, address: str | None) -> int:
    """Join a cluster, or start one here, whose workers have our variables from the beginning.

    Returns how many cores it has.
    """
    variables = {
        **dict.fromkeys(THREADS, "1"),
        **{name: os.environ[name] for name in ("RELREC_HOME",) if name in os.environ},
        "PYTHONPATH": str(PACKAGE),
    }
    quiet = {"logging_level": "warning", "log_to_driver": False}
    if address:
        ray.init(address, runtime_env={"env_vars": variables}, **quiet)
        return max(1, int(ray.cluster_resources().get("CPU", 1)))
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        ray.init(num_cpus=processes, include_dashboard=False, **quiet)
    finally:
        for name in variables.keys() - before.keys():
            del os.environ[name]
        os.environ.update(before)
    return processes
