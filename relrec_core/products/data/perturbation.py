"""Erase parts of a picture: by blurring them away, or with noise."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from relrec_core.products.data.images import WHITENED

BLUR = 1 / 10
"""Standard deviation of the blur, as a share of the picture's side."""
SOFT = 1 / 2
"""Standard deviation of a soft edge, as a share of a cell's side."""


def blurred(pictures: Tensor) -> Tensor:
    """(B, 3, S, S) through a Gaussian so wide that no detail is left."""
    return _smoothed(pictures, BLUR * pictures.shape[-1])


def pale(pictures: Tensor, white: Tensor) -> Tensor:
    """(B, 3, S, S) blurred and nearly white (3, 1, 1): what shows nothing any more."""
    return torch.lerp(blurred(pictures), white.expand_as(pictures), WHITENED)


def _smoothed(pictures: Tensor, sigma: float) -> Tensor:
    """(B, C, S, S) through a Gaussian of this many pixels, cut off at two of it."""
    reach = min(round(2 * sigma), pictures.shape[-1] - 1)
    at = torch.arange(-reach, reach + 1, dtype=pictures.dtype, device=pictures.device)
    kernel = torch.exp(-0.5 * (at / sigma).square())
    kernel = kernel / kernel.sum()
    channels = pictures.shape[1]
    x = F.pad(pictures, (reach,) * 4, mode="reflect")
    x = F.conv2d(x, kernel.view(1, 1, 1, -1).expand(channels, 1, 1, -1), groups=channels)
    return F.conv2d(x, kernel.view(1, 1, -1, 1).expand(channels, 1, -1, 1), groups=channels)


def noise(pictures: Tensor, low: Tensor, high: Tensor, generator: torch.Generator) -> Tensor:
    """Uniform between black and white, shaped like the pictures (B, 3, S, S)."""
    drawn = torch.rand(pictures.shape, generator=generator, dtype=pictures.dtype)
    return low + drawn.to(pictures.device) * (high - low)


def erased(picture: Tensor, kept: Tensor, replacement: Tensor, *, soft: bool = False) -> Tensor:
    """The picture where it is kept, the replacement elsewhere.

    Args:
        picture: (1, 3, S, S) or (R, 3, S, S).
        kept: (R, h, w) boolean cells.
        replacement: broadcastable to the result.
        soft: pass from one to the other over half a cell instead of at once. Networks answer to
            contours, and a hard edge is one that was not there.

    Returns:
        (R, 3, S, S), channels last in memory.
    """
    side = picture.shape[-1]
    rows, columns = (
        torch.arange(side, device=kept.device) * cells // side for cells in kept.shape[1:]
    )
    full = kept[:, rows][:, :, columns][:, None]  # (R, 1, S, S)
    if soft:
        share = _smoothed(full.to(picture.dtype), SOFT * side / kept.shape[-1])
        mixed = torch.lerp(replacement.expand_as(picture), picture, share)
    else:
        mixed = torch.where(full, picture, replacement)
    return mixed.contiguous(memory_format=torch.channels_last)
