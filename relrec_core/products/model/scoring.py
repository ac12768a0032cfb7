"""How often a network is right about pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from relrec_core.products.data.split import TEST, VALIDATION, Pairs, Split
from relrec_core.products.model.network import Siamese


def predicted(net: Siamese, x: Tensor, pairs: Pairs) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Logits (n,) of pairs, from the features x (N, F)."""
    left, right, relation = (
        torch.from_numpy(v).to(x.device) for v in (pairs.left, pairs.right, pairs.relation)
    )
    with torch.no_grad():
        return net.distances.logits(x, left, right, relation).cpu().numpy()


def scores(net: Siamese, x: Tensor, split: Split, seed: int) -> dict[str, float]:
    """Accuracy at threshold 1/2 on balanced validation and test pairs, all and by relation."""
    found: dict[str, float] = {}
    for title, part in (("validation", VALIDATION), ("test", TEST)):
        pairs = split.balanced(part, seed)
        right = (predicted(net, x, pairs) >= 0) == pairs.holds
        found[f"{title}_accuracy"] = float(right.mean())
        for number, name in enumerate(split.relations):
            found[f"{title}_accuracy_{name}"] = float(right[pairs.relation == number].mean())
    return found
