"""Relevance-guided training: fine-tune while what proved relevant counts for more.

Bharadhwaj 2018 (section 4) only sketches it. Here: in every round the validation predictions are
explained down to a layer of the trunk, their mean relevance becomes a map of weights in [0, 2]
with mean 1, and the network is fine-tuned on the sum of the plain loss and the loss of a pass whose
activations in that layer are multiplied by the map.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from relrec_core.lrp import evidence, propagate
from relrec_core.products.data.pictures import Pictures
from relrec_core.products.data.split import Pairs
from relrec_core.products.model.network import Siamese
from relrec_core.products.model.trunks import LAST_BLOCK

RATE = 0.1
"""Learning rates of the fine-tuning, as a share of the largest ones before."""
EXPLAINED = 256
"""Validation pairs that a map is made of."""
BATCH = 16


class Views(nn.Module):
    """A trunk, seen as it is and with the activations that enter its last block weighted."""

    def __init__(self, trunk: nn.Sequential) -> None:
        super().__init__()
        self.lower, self.upper = halves(trunk)

    def forward(self, x: Tensor, weights: Tensor | None = None) -> Tensor:
        """Features (B, F) of pictures (B, 3, H, W); with weights (C, h, w) both views, (2B, F)."""
        seen = self.lower(x)
        if weights is not None:
            seen = torch.cat([seen, seen * weights])
        return self.upper(seen)  # type: ignore[no-any-return]


def halves(trunk: nn.Sequential) -> tuple[nn.Sequential, nn.Sequential]:
    """The same layers in two networks: what comes before the last block, and the rest."""
    convolutions = list(trunk.get_submodule("features").children())
    rest = list(trunk.children())[1:]
    return (
        nn.Sequential(*convolutions[:LAST_BLOCK]),
        nn.Sequential(*convolutions[LAST_BLOCK:], *rest),
    )


def weight_map(
    net: Siamese,
    pictures: Pictures,
    pairs: Pairs,
    x: Tensor,
    seed: int,
    check: Callable[[], None] = lambda: None,
) -> Tensor:
    """(C, h, w) in [0, 2] with mean 1: where related pairs of validation found their evidence.

    Args:
        net: whose predictions are explained.
        pictures: of the catalogue.
        pairs: of validation; at most `EXPLAINED` related ones are drawn.
        x: (N, F) features, whose mean latents evidence is compared with.
        seed: of the drawing.
        check: called between batches; may raise to stop.
    """
    device = x.device
    related = pairs.where(pairs.holds)
    chosen = torch.randperm(len(related), generator=torch.Generator().manual_seed(seed))
    lower, upper = halves(net.trunk)
    total: Tensor | None = None
    for start in range(0, min(len(chosen), EXPLAINED), BATCH):
        check()
        part = related.where(chosen[start : min(start + BATCH, EXPLAINED)].numpy())
        with torch.no_grad():
            entering = [lower(pictures.batch(r).to(device)) for r in (part.left, part.right)]
            left, right = (upper(a) for a in entering)
        for number in range(len(net.distances.bias)):
            of = torch.from_numpy(part.relation == number).to(device)
            if not bool(of.any()):
                continue
            head = net.distances.head(number, net.distances.weights()[number].detach())
            with torch.no_grad():
                read = evidence(head, left[of], right[of], head.latents(x).mean(dim=0))
            assert read.right is not None
            for a, relevance in zip(entering, (read.left, read.right), strict=True):
                found = propagate(upper, a[of], relevance, "epsilon-gamma").relevance.sum(dim=0)
                total = found if total is None else total + found
    assert total is not None
    deviation = total - total.mean()
    largest = deviation.abs().max().clamp(min=torch.finfo(deviation.dtype).tiny)
    return 1 + deviation / largest
