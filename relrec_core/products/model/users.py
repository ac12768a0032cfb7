"""Personal weights: how much each relation's dimensions matter to one user."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from relrec_core.products.config import Config
from relrec_core.products.data.catalogue import AFTER, NONE, Catalogue
from relrec_core.products.model.network import Distances

STEPS = 300
RATE = 0.05
REDRAW = 10
"""Steps after which the pairs that are not bought are drawn anew."""
NEGATIVES = 4
"""Pairs that were not bought for each that was."""
BATCH_VALUES = 4_000_000
"""Bounds the memory of a step: pairs x relations x dimensions."""


def learn(distances: Distances, x: Tensor, catalogue: Catalogue, config: Config) -> None:
    """Learn w_u from what users bought after what; the relations' distances stay as they are.

    Maximises the likelihood of eq. 2 of Bharadhwaj 2018 over bought pairs and as many drawn at
    random times `NEGATIVES`, with a penalty that draws every weight to 1.

    Args:
        distances: gets its personal weights set.
        x: (N, F) features of the catalogue's products.
        catalogue: with purchases; without any, nothing changes.
        config: penalty and seed.
    """
    frame = catalogue.purchases
    follows = frame[frame[AFTER] != NONE]
    if follows.empty:
        return
    user, left, right = (
        torch.tensor(follows[c].to_numpy(np.int64), device=x.device)
        for c in ("user", AFTER, "item")
    )
    with torch.no_grad():
        y = distances.all_latents(x)  # (N, R, D)
    parameters = [distances.personal, distances.personal_bias]
    chance = np.random.default_rng([config.seed, 3])
    size = max(1, BATCH_VALUES // (y.shape[1] * y.shape[2]))
    for p in parameters:
        p.requires_grad_(True)
    optimizer = torch.optim.Adam(parameters, lr=RATE)
    for step in range(STEPS):
        if step % REDRAW == 0:
            random = chance.integers(len(x), size=NEGATIVES * len(user))
            who, one, other, bought = _with_random(user, left, right, torch.from_numpy(random))
        chosen = torch.from_numpy(chance.permutation(len(who))[:size]).to(x.device)
        g = distances.personal_logits(y, who[chosen], one[chosen], other[chosen])  # (n,)
        loss = F.binary_cross_entropy_with_logits(
            g, bought[chosen], pos_weight=g.new_tensor(float(NEGATIVES))
        )
        everybody = distances.weights(torch.arange(len(distances.personal), device=x.device))
        loss = loss + config.personal * (everybody - 1).square().mean()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    for p in parameters:
        p.requires_grad_(False)


def _with_random(
    user: Tensor, left: Tensor, right: Tensor, random: Tensor
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """User, one product, the other, and whether it was bought; (n,) each."""
    times = len(random) // len(user)
    return (
        torch.cat([user, user.repeat(times)]),
        torch.cat([left, left.repeat(times)]),
        torch.cat([right, random.to(user.device)]),
        torch.cat([torch.ones(len(user)), torch.zeros(len(random))]).to(user.device),
    )


def emphasis(distances: Distances, x: Tensor) -> Tensor:
    """How much each relation counts for each user, (U, R): 1 as for everybody.

    The user's part in the mean squared distance of products, over everybody's:
    sum_k w_urk var_k / sum_k var_k.
    """
    with torch.no_grad():
        y = distances.all_latents(x)  # (N, R, D)
        spread = y.var(dim=0)  # (R, D)
        users = torch.arange(len(distances.personal), device=x.device)
        weighted = (distances.weights(users) * spread).sum(dim=2)  # (U, R)
        return weighted / spread.sum(dim=1)
