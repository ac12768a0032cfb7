"""One map, faithful and fine: the pixels' sum, placed where support meets support."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

GRAIN, NEAR = 1 / 64, 1 / 12
"""Standard deviations, as shares of the picture's side: below the first, single pixels cancel one
another out; within the second lies what counts as around a pixel."""


def focused(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The sum of a map, distributed by support times the square of the support around it.

    F = sum(R) * P G(P)^2 / sum(P G(P)^2), with P = max(g(R), 0), and g and G Gaussians of the
    widths `GRAIN` and `NEAR`. Near a cause the signs of single pixels cancel: blurring what R marks
    as opposing does not raise the score. So F has no negative part. A sum that is not above zero
    supports nowhere and is spread evenly.

    Args:
        pixels: (S, S) relevance R.
    """
    whole = pixels.astype(np.float64)
    side, total = len(pixels), whole.sum()
    support = np.clip(gaussian_filter(whole, GRAIN * side), 0, None)
    if total <= 0:
        return np.full_like(pixels, total / pixels.size)
    weight = support * gaussian_filter(support, NEAR * side) ** 2
    return np.asarray(total / weight.sum() * weight, dtype=np.float32)
