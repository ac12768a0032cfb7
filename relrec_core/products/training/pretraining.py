"""A start for a trunk that knows nothing: name the group that a picture's product belongs to.

The distance of two pictures has no gradient toward a feature that no picture shows yet: it is
quadratic in their difference, and a network that learns from nothing stays with kinds and colours.
So it first learns to name groups, which is linear in what it sees. The groups of a relation are
the connected components of its training pairs; where all is connected, there is nothing to name.
Batch normalisation, which such a start needs, is merged into the convolutions when it ends.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np
import torch
import torch.nn.functional as F
from scipy import sparse
from scipy.sparse import csgraph
from torch import Tensor, nn

from relrec_core.products.config import Config
from relrec_core.products.data.pictures import Pictures, varied
from relrec_core.products.data.split import TRAIN, Rows, Split

RATE, DECAY, RISE = 2e-3, 1e-3, 0.2
ALONE = -100
"""Stands for no group."""
BATCH = 32

Tell = Callable[[float, str], None]


def start(
    trunk: nn.Sequential,
    pictures: Pictures,
    split: Split,
    config: Config,
    device: torch.device,
    mixed: bool,
    tell: Tell,
) -> None:
    """Train the trunk in place for `config.warm_epochs` passes over the training products.

    Args:
        trunk: convolutions in `trunk.features`.
        pictures: of the catalogue.
        split: only its training pairs are seen.
        config: epochs and seed.
        device: to compute on.
        mixed: whether in bfloat16.
        tell: told of progress before every step; may raise to stop.
    """
    torch.manual_seed(config.seed)
    generator = torch.Generator().manual_seed(config.seed)
    own = split.training_items()
    named = [group.to(device) for group in groups(split, own)]
    net = nn.Sequential(normalised(trunk), *list(trunk.children())[1:]).to(device).train()
    with torch.no_grad():
        width = net(pictures.batch(own[:2]).to(device)).shape[1]
    names = nn.ModuleList(nn.Linear(width, int(g.max()) + 1) for g in named).to(device)
    optimizer = torch.optim.AdamW(
        [*net.parameters(), *names.parameters()], lr=RATE, weight_decay=DECAY
    )
    count = math.ceil(len(own) / BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE, config.warm_epochs * count, pct_start=RISE
    )
    loss = float("nan")
    for epoch in range(config.warm_epochs):
        order = torch.randperm(len(own), generator=generator).numpy()
        for step in range(count):
            said = f"Naming groups of products: epoch {epoch + 1} of {config.warm_epochs}"
            tell((epoch + step / count) / config.warm_epochs, f"{said}, loss {loss:.3f}")
            rows = order[step * BATCH : (step + 1) * BATCH]
            if len(rows) < 2:  # nothing to normalise over
                continue
            x = pictures.batch(own[rows])
            x = varied(x, generator).to(device) if config.augment else x.to(device)
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=mixed):
                seen = net(x)  # (B, F)
            total = torch.zeros((), device=device)
            for name, group in zip(names, named, strict=True):
                of = group[rows]  # (B,)
                if bool((of != ALONE).any()):
                    total = total + F.cross_entropy(name(seen.float()), of, ignore_index=ALONE)
            optimizer.zero_grad()
            total.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            loss = float(total.detach()) / len(named)
    merge(net[0])
    trunk.eval()


def groups(split: Split, own: Rows) -> list[Tensor]:
    """By relation (N,): number of the training product's group, `ALONE` for one without pairs."""
    place = np.full(split.n_items, -1)
    place[own] = np.arange(len(own))
    pairs = split.positives(TRAIN)
    found = []
    for number in range(len(split.relations)):
        of = pairs.relation == number
        ends = place[pairs.left[of]], place[pairs.right[of]]
        graph = sparse.csr_matrix((np.ones(len(ends[0])), ends), shape=(len(own), len(own)))
        group = csgraph.connected_components(graph, directed=False)[1]
        group[np.bincount(group)[group] == 1] = ALONE
        found.append(torch.from_numpy(group.astype(np.int64)))
    return found


def normalised(trunk: nn.Sequential) -> nn.Sequential:
    """The trunk's convolutions, themselves, each followed by a batch normalisation."""
    layers: list[nn.Module] = []
    for layer in trunk.get_submodule("features").children():
        layers.append(layer)
        if isinstance(layer, nn.Conv2d):
            layers.append(nn.BatchNorm2d(layer.out_channels))
    return nn.Sequential(*layers)


@torch.no_grad()
def merge(net: nn.Module) -> None:
    """Fold every normalisation, as in evaluation, into the convolution before it."""
    layers = list(net.children())
    for layer, following in pairwise(layers):
        if isinstance(layer, nn.Conv2d) and isinstance(following, nn.BatchNorm2d):
            mean, variance = _running(following)
            gain = following.weight / (variance + following.eps).sqrt()  # (C,)
            layer.weight.mul_(gain[:, None, None, None])
            if layer.bias is not None:
                layer.bias.copy_((layer.bias - mean) * gain + following.bias)


def _running(layer: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    mean, variance = layer.running_mean, layer.running_var
    assert mean is not None and variance is not None
    return mean, variance
