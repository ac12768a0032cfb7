"""Explain by Ray Data, on this machine or on a cluster that sees the same folders."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from relrec_core.batch.dataset import Dataset
from relrec_core.batch.local import THREADS, make
from relrec_core.batch.progress import Pace
from relrec_core.errors import ConfigError, RunError

PACKAGE = Path(__file__).resolve().parents[2]
"""What the workers import the project from."""


class Worker:
    """An actor: opens model and data once, then makes parts."""

    def __init__(self, folder: str) -> None:
        self._dataset = Dataset.open(Path(folder))

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Numbers of parts -> the same, and how many rows each has now."""
        rows = [make(self._dataset, int(part)) for part in batch["part"]]
        return {"part": batch["part"], "rows": np.array(rows)}


def run(dataset: Dataset, processes: int, pace: Pace, address: str | None) -> int:
    """Make all parts that are missing; returns how many rows they have.

    An actor that is killed is started again, and its parts with it.

    Args:
        dataset: in a folder that all nodes see.
        processes: actors, one core each.
        pace: told of every part.
        address: of a cluster, such as "auto"; None starts one on this machine alone.

    Raises:
        ConfigError: Ray is not installed.
        RunError: it failed; what was done stays.
    """
    try:
        import ray
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
        _begin(ray, processes, address)
        parts = ray.data.from_items(
            [{"part": part} for part in missing], override_num_blocks=len(missing)
        )
        made = parts.map_batches(
            Worker,
            fn_constructor_args=(str(dataset.folder.resolve()),),
            batch_size=1,
            num_cpus=1,
            concurrency=min(processes, len(missing)),
        )
        for row in made.iter_rows():
            rows += int(row["rows"])
            pace.count(dataset.about.sizes[int(row["part"])])
    except ray.exceptions.RayError as error:
        said = str(error).strip().split("\n")[-1]
        raise RunError(f"Ray failed: {said} The same command goes on from here.") from error
    finally:
        ray.shutdown()
    return rows


def _begin(ray: Any, processes: int, address: str | None) -> None:
    variables = {
        **dict.fromkeys(THREADS, "1"),
        **{name: os.environ[name] for name in ("RELREC_HOME",) if name in os.environ},
        "PYTHONPATH": str(PACKAGE),
    }
    ray.init(
        address,
        num_cpus=None if address else processes,
        include_dashboard=False,
        logging_level="warning",
        log_to_driver=False,
        runtime_env={"env_vars": variables},
    )
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
