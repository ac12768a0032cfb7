"""Whether personal weights recover the tastes that were planted in the studio's users."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.stats import spearmanr
from torch import Tensor

from relrec_core.products import users
from relrec_core.products.network import Distances
from relrec_core.products.truth import CAUSES, Truth


def recovered(distances: Distances, x: Tensor, planted: Truth) -> list[dict[str, float | str]]:
    """Rank correlation over users of learned emphasis with planted taste, a row a cause.

    A cause that several relations have gets the mean of their emphases. The last row is the mean
    over causes.
    """
    found = users.emphasis(distances, x).cpu().numpy()  # (U, R)
    relations = sorted(CAUSES)
    causes = list(planted.tastes.columns)
    learned = np.stack(
        [found[:, [i for i, r in enumerate(relations) if CAUSES[r] == c]].mean(1) for c in causes],
        axis=1,
    )  # (U, causes)
    tastes = planted.tastes.to_numpy(float)  # (U, causes)
    rows: list[dict[str, float | str]] = [
        {"cause": c, "correlation": _rank(learned[:, i], tastes[:, i]), "users": len(tastes)}
        for i, c in enumerate(causes)
    ]
    overall = float(np.mean([float(row["correlation"]) for row in rows]))
    return [*rows, {"cause": "mean", "correlation": overall, "users": len(tastes)}]


def _rank(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    return float(spearmanr(one, other).statistic)
