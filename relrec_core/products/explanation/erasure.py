"""What the network sees of a picture of which only some cells are left."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from relrec_core.products.data.perturbation import blurred, erased
from relrec_core.products.explanation.result import GRID
from relrec_core.products.model.ranking import Recommender

CHUNK = 4
"""Pictures passed through the trunk at once: few, so that they stay in the cache."""


@torch.inference_mode()
def seen_of(
    of: Recommender,
    picture: Tensor,
    features: Tensor,
    kept: npt.NDArray[np.bool_],
    between: Callable[[], None] = lambda: None,
    *,
    soft: bool = False,
) -> Tensor:
    """Features (R, F) of a picture with only the kept cells; the others are blurred.

    Args:
        of: whose trunk.
        picture: (1, 3, S, S).
        features: (1, F) of the whole picture.
        kept: (R, GRID * GRID).
        between: called now and then; may raise to stop.
        soft: with soft edges, see `perturbation.erased`.
    """
    touched = torch.from_numpy(~kept.all(1))  # (R,)
    rows = features.repeat(len(kept), 1)  # (R, F)
    if not touched.any():
        return rows
    masks = torch.from_numpy(kept.reshape(len(kept), GRID, GRID))[touched]
    replacement = blurred(picture)
    parts = []
    for chunk in torch.split(masks, CHUNK):
        between()
        parts.append(of.seen(erased(picture, chunk, replacement, soft=soft)))
    rows[touched] = torch.cat(parts)
    return rows
