"""One map, faithful and fine: the pixels' sum, placed where support meets support."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

GRAIN, NEAR, EDGE = 1 / 48, 1 / 16, 1 / 24
"""Standard deviations, as shares of the picture's side: below the first, single pixels cancel one
another out; within the second lies what counts as around a pixel; by the third its edge is soft."""


def focused(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The sum of a map, distributed by support times the square of the support around it.

    F = sum(R) * P A^2 / sum(P A^2), with P = max(g(R), 0) and A = e(max(n(R), 0)), where g, n and e
    are Gaussians of the widths `GRAIN`, `NEAR` and `EDGE`. Around a pixel signs cancel before they
    are cut, so that where noise goes both ways there is no support. Near a cause the signs of
    single pixels cancel as well: blurring what R marks as opposing does not raise the score. So F
    has no negative part. A sum that is not above zero, or of which nothing is left around any
    pixel, supports nowhere and is spread evenly.

    Args:
        pixels: (S, S) relevance R.
    """
    whole = pixels.astype(np.float64)
    side, total = len(pixels), whole.sum()
    support = np.clip(gaussian_filter(whole, GRAIN * side), 0, None)
    around = np.clip(gaussian_filter(whole, NEAR * side), 0, None)
    weight = support * gaussian_filter(around, EDGE * side) ** 2
    if total <= 0 or not weight.any():
        return np.full_like(pixels, total / pixels.size)
    return np.asarray(total / weight.sum() * weight, dtype=np.float32)
