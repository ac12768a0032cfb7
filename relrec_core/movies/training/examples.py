"""Training examples: hide part of a profile, ask for what was hidden. Vectorised over viewers.

Two generators. `Removal` is the paper's (Fusco et al. 2019, section 4.2): one film becomes the
label, and a few further features go. `Masking` hides a random share of the films at a random
rate and asks for all of them at once, which covers long and short histories alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from scipy import sparse
from torch import Tensor

from relrec_core.movies.data.features import FeatureSpace

MOST_REMOVED = 64
MOST_SHORT = 10.0


@dataclass(frozen=True)
class Batch:
    """Averaging bags (B, F) whose rows sum to one, and label weights (B, V), rows sum to one.

    `weight` (B,) is what each example counts.
    """

    bags: Tensor
    targets: Tensor
    weight: Tensor


def _normalised(bags: Tensor) -> Tensor:
    return bags / bags.sum(dim=1, keepdim=True).clamp(min=1)


class _Profiles:
    """Histories and attributes of the viewers who have something to learn from."""

    def __init__(self, liked: sparse.csr_matrix, space: FeatureSpace, least: int) -> None:
        rows = np.flatnonzero(np.diff(liked.indptr) >= least)
        self.liked: sparse.csr_matrix = liked[rows]
        self.counts = np.diff(self.liked.indptr)
        self.own: sparse.csr_matrix = space.user_attributes[rows]
        self.of_items = torch.from_numpy(
            space.item_attributes[:, space.n_items :].toarray()
        )  # (V, F - V)

    def films(self, rows: npt.NDArray[np.int64]) -> Tensor:
        return torch.from_numpy(self.liked[rows].toarray())  # (B, V)

    def bags(self, films: Tensor, rows: npt.NDArray[np.int64]) -> Tensor:
        """Films (B, V) that are left -> (B, F) with their attributes and the viewer's own."""
        implied = ((films @ self.of_items) > 0).float()  # (B, F - V)
        bags = torch.cat([films, implied], dim=1)  # (B, F)
        return bags + torch.from_numpy(self.own[rows].toarray())  # (B, F)


class Masking:
    """Hide each film of a viewer at a rate drawn from between two `rates`; all of them are labels.

    Films that stay visible are labels too, with weight `seen`. A share `short` of the examples
    keeps only about one to ten films, as a new viewer has. One example a viewer, which counts
    as the number of films to the power `weight_power`.
    """

    def __init__(
        self,
        liked: sparse.csr_matrix,
        space: FeatureSpace,
        *,
        rates: tuple[float, float],
        seen: float,
        short: float = 0.0,
        attribute_dropout: float = 0.0,
        weight_power: float = 1.0,
    ) -> None:
        self._profiles = _Profiles(liked, space, least=2)
        (self._low, self._high), self._seen, self._short = sorted(rates), seen, short
        self._attribute_dropout, self._weight_power = attribute_dropout, weight_power

    def __len__(self) -> int:
        return len(self._profiles.counts)

    def draw(self, rows: npt.NDArray[np.int64], generator: torch.Generator) -> Batch:
        """Fresh examples of users `rows`: bags (B, F), targets (B, V), weights (B,)."""
        films = self._profiles.films(rows)  # (B, V)
        one = (len(rows), 1)
        rate = self._low + (self._high - self._low) * torch.rand(one, generator=generator)
        counts = films.sum(dim=1, keepdim=True)  # (B, 1)
        few = MOST_SHORT ** torch.rand(one, generator=generator)  # (B, 1)
        short = torch.rand(one, generator=generator) < self._short
        rate = torch.where(short, (1 - few / counts).clamp(min=0), rate)
        visible = films * (torch.rand(films.shape, generator=generator) >= rate)  # (B, V)
        targets = films - (1 - self._seen) * visible  # (B, V)
        bags = self._profiles.bags(visible, rows)  # (B, F)
        if self._attribute_dropout:
            keep = torch.rand(bags.shape, generator=generator) >= self._attribute_dropout
            keep[:, : films.shape[1]] = True
            bags = bags * keep
        labels = targets.sum(dim=1, keepdim=True)  # (B, 1)
        weight = counts[:, 0] ** self._weight_power * (labels[:, 0] > 0)  # (B,)
        return Batch(_normalised(bags), targets / labels.clamp(min=1e-6), weight)


class Removal:
    """Section 4.2: a film is taken out as the label; after r removals a further random feature

    goes with probability 1 / (r + 1)^beta, and the first refusal ends it. An attribute that only
    the label contributed goes with the label. One example an interaction.
    """

    def __init__(self, liked: sparse.csr_matrix, space: FeatureSpace, *, beta: float) -> None:
        self._profiles = _Profiles(liked, space, least=1)
        films = self._profiles.liked
        self._owner = np.repeat(np.arange(films.shape[0]), self._profiles.counts)
        self._label = films.indices.astype(np.int64)
        r = torch.arange(1, MOST_REMOVED + 1, dtype=torch.float64)
        self._continue = (1 / (r + 1) ** beta).float()  # chance to go on after r removals

    def __len__(self) -> int:
        return len(self._label)

    def draw(self, rows: npt.NDArray[np.int64], generator: torch.Generator) -> Batch:
        """Fresh examples of interactions `rows`: bags (B, F), targets (B, V), weights (B,)."""
        owners, labels = self._owner[rows], torch.from_numpy(self._label[rows])
        films = self._profiles.films(owners)  # (B, V)
        targets = torch.zeros_like(films)
        targets[torch.arange(len(rows)), labels] = 1
        bags = self._profiles.bags(films - targets, owners)  # (B, F)
        go_on = torch.rand((len(rows), MOST_REMOVED), generator=generator) < self._continue
        further = go_on.float().cumprod(dim=1).sum(dim=1).long()  # (B,)
        keys = torch.rand(bags.shape, generator=generator).masked_fill(bags == 0, -1.0)  # (B, F)
        most = min(int(further.max()) + 1, bags.shape[1])
        highest = keys.topk(most, dim=1).values  # (B, most)
        limit = highest.gather(1, further.clamp(max=most - 1)[:, None])  # (B, 1)
        bags = bags * (keys <= limit)
        return Batch(_normalised(bags), targets, torch.ones(len(rows)))
