"""How the learning rates of the product trainer rise and fall."""

from __future__ import annotations

import math

import torch
from torch.optim.lr_scheduler import LambdaLR

WARM_UP = 0.1
"""Share of the steps in which the learning rates rise."""


def schedule(optimizer: torch.optim.Optimizer, steps: int) -> LambdaLR:
    """A linear rise to the largest rates, then half a cosine down to 0, in so many steps."""
    return LambdaLR(optimizer, lambda step: _share_of_rate(step, steps))


def _share_of_rate(step: int, steps: int) -> float:
    """The learning rate over its largest value: a linear rise, then half a cosine down to 0."""
    warm = max(1, round(WARM_UP * steps))
    rise = min(1.0, (step + 1) / warm)
    return rise * 0.5 * (1 + math.cos(math.pi * max(0, step - warm) / max(1, steps - warm)))
