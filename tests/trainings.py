"""What tests of every trainer do: run it here, and compare what two runs learnt."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

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


STANDING = 1e-9
"""A learning rate at which weights stay where they are.

What two ways to add up one gradient differ by is rounding; Adam divides by its size, so that what
is next to nothing moves a weight as far as anything else. At this rate no weight moves by more
than it is rounded to, and every step of two trainings can be compared.
"""
ROUNDING = 1e-3
"""Sums of n single-precision products in any two orders differ by 2 n 2^-24 of their absolute sum
(Higham 2002, section 3.1); here n is below 8,000."""


def same_gradients(a: Run, b: Run) -> None:
    """Assert that two trainings at the rate `STANDING` had the same gradients, up to rounding.

    Adam's first moment is their weighted sum over all steps. They are compared as one vector each.
    """
    (first, _), (second, _) = (run.read_state() or ({}, {}) for run in (a, b))
    names = [name for name in first if name.endswith(".exp_avg")]
    assert names and set(first) == set(second)
    one, two = (torch.cat([t[n].flatten().double() for n in names]) for t in (first, second))
    assert one.norm() > 0
    assert (one - two).norm() <= ROUNDING * one.norm()
    for name in first:
        if name.endswith(".step"):
            assert first[name] == second[name] > 0


def losses(run: Run, name: str = "train_loss") -> list[float]:
    return [float(row[name]) for row in run.metrics()]
