"""What a product lacks is not another product: learn from pictures in which something is gone.

A network that only ever saw whole products must name some of them for any place in its space, so it
takes the gap where something was erased for what it saw elsewhere. At last its last block and its
distances therefore also learn from pictures that lack something: whatever a product is unrelated to
stays unrelated to such a picture of it. Pairs with the product's own partners count nothing there,
for what is gone may have been their reason. The convolutions before stay as they are, and so does
the place of what shows nothing any more: maps tell what is seen beyond it.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from relrec_core.errors import ConfigError, DataError
from relrec_core.products.config import Config
from relrec_core.products.data.catalogue import INCOMPLETE, ITEMS_FILE, Catalogue
from relrec_core.products.model.network import Siamese
from relrec_core.products.training import guided

BATCH = 256
"""Products a step, each with both of its pictures."""
TRUNK_RATE, HEAD_RATE = 5e-4, 2e-3
"""Largest step sizes, of the last block and of the distances."""
STAY = 0.01
"""Weight of how far what shows nothing is moved, in squared distance."""


def check(config: Config, catalogue: Catalogue) -> None:
    """Refuse what cannot be learnt from.

    Raises:
        DataError: the catalogue has no incomplete pictures.
        ConfigError: the trunk is to stay as it is.
    """
    if config.freeze:
        raise ConfigError("A frozen trunk cannot learn from incomplete pictures. Choose one.")
    if INCOMPLETE not in catalogue.items or not catalogue.items[INCOMPLETE].any():
        path = catalogue.folder / ITEMS_FILE
        raise DataError(path, f"no picture in a column {INCOMPLETE}", "some, to learn from them")


def optimizer(net: Siamese, config: Config) -> torch.optim.AdamW:
    """Of the last block and the distances; the other layers are frozen in place."""
    lower, upper = guided.halves(net.trunk)
    lower.requires_grad_(False)
    heads = [p for p in net.distances.parameters() if p.requires_grad]
    return torch.optim.AdamW(
        [
            {"params": list(upper.parameters()), "lr": TRUNK_RATE},
            {"params": heads, "lr": HEAD_RATE},
        ],
        weight_decay=config.weight_decay,
    )


class Moved:
    """How far a network moves what shows nothing, from where it was when this was made."""

    def __init__(self, net: Siamese) -> None:
        self.net = net
        self.before = copy.deepcopy(net).eval().requires_grad_(False)

    def __call__(self, pictures: Tensor, seen: Tensor) -> Tensor:
        """(B,) squared distances, the mean over relations.

        Args:
            pictures: (B, 3, S, S) that show nothing; B may be 0.
            seen: (B, F) features of them, with gradients.
        """
        with torch.no_grad():
            then = self.before.trunk(pictures).to(seen)  # (B, F), as precise as what is seen now
        with torch.autocast(seen.device.type, enabled=False):
            was = self.before.distances.all_latents(then)  # (B, R, D)
            now = self.net.distances.all_latents(seen)
            return (now - was).square().sum(dim=2).mean(dim=1)
