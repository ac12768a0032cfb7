"""How often a network is right about pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from relrec_core.products.data.catalogue import Catalogue
from relrec_core.products.data.split import TEST, VALIDATION, Pairs, Split
from relrec_core.products.model.network import Siamese


def predicted(net: Siamese, x: Tensor, pairs: Pairs) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Logits (n,) of pairs, from the features x (N, F)."""
    left, right, relation = (
        torch.from_numpy(v).to(x.device) for v in (pairs.left, pairs.right, pairs.relation)
    )
    with torch.no_grad():
        return net.distances.logits(x, left, right, relation).cpu().numpy()


def scores(
    net: Siamese, x: Tensor, split: Split, seed: int, catalogue: Catalogue
) -> dict[str, float]:
    """Accuracy at threshold 1/2 on balanced validation and test pairs, all and by relation.

    Args:
        net: the network.
        x: (N, F) features of the catalogue's products.
        split: of its pairs.
        seed: of the unrelated pairs.
        catalogue: whose products; their categories count where the network has points of them.
    """
    found: dict[str, float] = {}
    of = net.distances.categories
    for title, part in (("validation", VALIDATION), ("test", TEST)):
        pairs = split.balanced(part, seed)
        more = 0.0 if of is None else of.of_pairs(catalogue, pairs)
        right = (predicted(net, x, pairs) + more >= 0) == pairs.holds
        found[f"{title}_accuracy"] = float(right.mean())
        for number, name in enumerate(split.relations):
            found[f"{title}_accuracy_{name}"] = float(right[pairs.relation == number].mean())
    return found
