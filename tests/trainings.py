"""What tests of every trainer do: run it here, and compare what two runs learnt."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from relrec_core.runs.config import C
from relrec_core.runs.directory import Run


def execute(run: Run, settings: C, train: Callable[[C, Run], None]) -> Run:
    """Train, or go on, in this process."""
    with run.executing():
        train(settings, run)
    return run


def same(a: Run, b: Run) -> bool:
    """Whether both learnt the same numbers, to the last bit."""
    first, second = a.read_arrays()[0], b.read_arrays()[0]
    assert set(first) == set(second)
    return all(np.array_equal(first[name], second[name]) for name in first)


def losses(run: Run, name: str = "train_loss") -> list[float]:
    return [float(row[name]) for row in run.metrics()]
