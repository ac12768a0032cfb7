"""What a network of experts says, as arrays: predictions, and who made them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import torch

from relrec_core.experts.mixture import Mixed

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Judgement:
    """Predictions of any shape (...) by K experts, or by one network without any (K = 1)."""

    probability: Doubles
    """(...) of the positive class."""
    attribution: Doubles
    """(..., K) share of each expert, sums to 1."""
    experts: Doubles
    """(..., K) probability that each expert alone would give."""

    @classmethod
    def of(cls, parts: Sequence[Mixed]) -> Self:
        """Parts of one batch, joined along their first dimension."""
        found = ((part.probability, part.attribution, part.experts) for part in parts)
        return cls(*(torch.cat(each).cpu().numpy() for each in zip(*found, strict=True)))

    @property
    def top(self) -> npt.NDArray[np.intp]:
        """(...) the expert with the largest share."""
        return np.asarray(self.attribution.argmax(axis=-1))
