"""Learn distances on features that stay as they are."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from relrec_core.products.data.split import TRAIN, Split
from relrec_core.products.model.network import Distances

RATE, DECAY, STEP = 5e-3, 1e-2, 4096


def learn(
    distances: Distances,
    x: Tensor,
    split: Split,
    epochs: int,
    seed: int,
    hard: float = 0.0,
    tell: Callable[[float], None] = lambda fraction: None,
) -> None:
    """Learn from the training pairs in place, in steps of `STEP` pairs.

    Args:
        distances: calibrated; only what everybody shares is learned.
        x: (N, F) features of all products.
        split: whose training pairs; the others are not seen.
        epochs: passes over the pairs, unrelated ones drawn anew each time.
        seed: of the drawing.
        hard: share of unrelated pairs with the categories of a related one.
        tell: told the fraction done before every step; may raise to stop.
    """
    parameters = [distances.directions, distances.bias]
    optimizer = torch.optim.AdamW(parameters, lr=RATE, weight_decay=DECAY)
    related = split.positives(TRAIN)
    steps = -(-2 * len(related) // STEP)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, epochs * steps)
    for epoch in range(epochs):
        pairs = related.joined(split.negatives(TRAIN, (seed, epoch), hard))
        order = np.random.default_rng([seed, epoch]).permutation(len(pairs))
        for step in range(steps):
            tell((epoch + step / steps) / epochs)
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
