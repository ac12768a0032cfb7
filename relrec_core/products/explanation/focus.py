"""One map, faithful and fine: the pixels' sum, placed where support meets support."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

NEAR = 1 / 16
"""Standard deviation of what counts as around a pixel, as a share of the picture's side."""


def focused(pixels: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The sum of a map, distributed by support times the support around it.

    F = sum(R) * R+ G(R+) / sum(R+ G(R+)), with R+ = max(R, 0) and G a Gaussian. Near a cause the
    signs of single pixels cancel: blurring what R marks as opposing does not raise the score. So
    F has no negative part. A sum that is not above zero supports nowhere and is spread evenly.

    Args:
        pixels: (S, S) relevance R.
    """
    whole = pixels.astype(np.float64)
    total, support = whole.sum(), np.clip(whole, 0, None)
    if total <= 0:
        return np.full_like(pixels, total / pixels.size)
    weight = support * gaussian_filter(support, NEAR * len(pixels))
    return np.asarray(total / weight.sum() * weight, dtype=np.float32)
