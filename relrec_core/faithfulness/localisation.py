"""How well a relevance map finds a region that is known to be the cause."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

Map = npt.NDArray[np.floating]
Mask = npt.NDArray[np.bool_]

TOLERANCE = 15 / 500
"""As a share of the longer side: 15 pixels on photos of 500."""


def share_over_area(relevance: Map, mask: Mask) -> float:
    """Share of the positive relevance inside the mask over the mask's share of the picture.

    1 is what a map gets that knows nothing; at most 1 / area. NaN without positive relevance.

    Args:
        relevance: (H, W).
        mask: (H, W), neither empty nor everything.
    """
    positive = np.clip(relevance.astype(np.float64), 0, None)
    total = positive.sum()
    if not total:
        return float("nan")
    return float(positive[mask].sum() / total / mask.mean())


def misses_by(relevance: Map, mask: Mask) -> float:
    """The pointing game (Zhang et al. 2018, section 5.2): how far the greatest value lies outside
    the mask, as a share of the picture's longer side.

    0 is a hit; the paper counts what is at most `TOLERANCE` away as one too.
    """
    away = distance_transform_edt(~mask)  # (H, W)
    return float(away.ravel()[int(np.argmax(relevance))] / max(mask.shape))
