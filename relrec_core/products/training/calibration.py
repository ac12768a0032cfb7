"""How far pictures and categories are to be trusted, on pairs that training did not learn from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

from relrec_core.products.data.catalogue import Catalogue
from relrec_core.products.data.split import VALIDATION, Split
from relrec_core.products.model.categories import Categories, Floats
from relrec_core.products.model.network import Distances

LEAST = 0.01
"""How much smaller a distance may become, so that it still says which pictures are nearer."""
PULL = 1e-3
"""Of a factor to nought; the log-likelihood is the mean over pairs."""


def learn(
    distances: Distances,
    x: Tensor,
    catalogue: Catalogue,
    split: Split,
    seed: int,
    odds: Categories,
) -> Categories:
    """The points of the categories, with the distances rescaled in place to go with them.

    For each relation g = q' - a d + c s is fitted to the balanced validation pairs (logistic
    regression; Platt 1999): what training has memorised does not count there. Where products were
    split these are pairs of products that the distances never saw.

    Args:
        distances: learned.
        x: (N, F) features of the catalogue's products.
        catalogue: that training learned from.
        split: of its pairs.
        seed: of the unrelated pairs.
        odds: `log_odds` of the categories, by training's pairs.
    """
    pairs = split.balanced(VALIDATION, seed)
    left, right, relation = (
        torch.from_numpy(v).to(x.device) for v in (pairs.left, pairs.right, pairs.relation)
    )
    table = odds.table.copy()
    with torch.no_grad():
        g = distances.logits(x, left, right, relation)
        d = (distances.bias[relation] - g).double().cpu().numpy()  # (n,)
        s = odds.of_pairs(catalogue, pairs)  # (n,)
        for number in range(len(table)):
            of = pairs.relation == number
            a, c, q = factors(d[of], s[of], pairs.holds[of].astype(float))
            distances.scale[number] *= a**0.5
            distances.bias[number] = q
            table[number] *= c
    return replace(odds, table=table)


def factors(d: Floats, s: Floats, holds: Floats) -> tuple[float, float, float]:
    """a >= `LEAST`, c >= 0 and q that make q - a d + c s most likely, from (n,) each."""
    columns = np.stack([-d, s, np.ones_like(d)], axis=1)  # (n, 3)
    size = np.maximum(columns.std(axis=0), 1e-9)
    size[2] = 1.0
    unit, pull = columns / size, np.array([PULL, PULL, 0.0])

    def loss(w: Floats) -> tuple[float, Floats]:
        g = unit @ w
        value = np.logaddexp(0, g).mean() - (g * holds).mean() + 0.5 * (pull * w * w).sum()
        slope = unit.T @ (1 / (1 + np.exp(-g)) - holds) / len(g) + pull * w
        return float(value), slope

    bounds = [(LEAST * size[0], None), (0.0, None), (None, None)]
    fitted = minimize(loss, np.zeros(3), jac=True, bounds=bounds, method="L-BFGS-B").x / size
    return float(fitted[0]), float(fitted[1]), float(fitted[2])
