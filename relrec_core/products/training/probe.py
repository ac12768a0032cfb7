"""Learn distances on features that stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from relrec_core.products.data.split import TRAIN, Split
from relrec_core.products.model.network import Distances

RATE, STEP = 5e-3, 4096


@dataclass(frozen=True)
class Lesson:
    """How distances are learned.

    Args:
        epochs: passes over the pairs, unrelated ones drawn anew each time.
        seed: of the drawing.
        decay: weight decay of the directions (decoupled, as in AdamW).
        hard: share of unrelated pairs with the categories of a related one.
    """

    epochs: int
    seed: int
    decay: float = 1e-2
    hard: float = 0.0


def learn(
    distances: Distances,
    x: Tensor,
    split: Split,
    lesson: Lesson,
    tell: Callable[[float], None] = lambda fraction: None,
) -> None:
    """Learn from the training pairs in place, in steps of `STEP` pairs.

    Args:
        distances: calibrated; only what everybody shares is learned.
        x: (N, F) features of all products.
        split: whose training pairs; the others are not seen.
        lesson: for how long, and how.
        tell: told the fraction done before every step; may raise to stop.
    """
    optimizer = torch.optim.AdamW(
        [
            {"params": [distances.directions], "weight_decay": lesson.decay},
            {"params": [distances.bias], "weight_decay": 0.0},
        ],
        lr=RATE,
    )
    related = split.positives(TRAIN)
    steps = -(-2 * len(related) // STEP)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, lesson.epochs * steps)
    for epoch in range(lesson.epochs):
        drawn = split.negatives(TRAIN, (lesson.seed, epoch), lesson.hard)
        pairs = related.joined(drawn)
        order = np.random.default_rng([lesson.seed, epoch]).permutation(len(pairs))
        for step in range(steps):
            tell((epoch + step / steps) / lesson.epochs)
            part = pairs.where(order[step * STEP : (step + 1) * STEP])
            left, right, relation = (
                torch.from_numpy(v).to(x.device) for v in (part.left, part.right, part.relation)
            )
            holds = torch.from_numpy(part.holds).to(x.device, torch.float32)
            g = distances.logits(x, left, right, relation)
            loss = F.binary_cross_entropy_with_logits(g, holds)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
