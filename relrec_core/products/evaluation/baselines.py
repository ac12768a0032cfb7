"""Simpler rules for whether two products are related, measured beside the network."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from relrec_core.products.data.catalogue import CATEGORY, Catalogue
from relrec_core.products.data.split import TRAIN, Pairs, Split
from relrec_core.products.model.network import Distances
from relrec_core.products.training import probe
from relrec_core.products.training.probe import Lesson

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]
EPOCHS = 40


def best_threshold(training: Floats, holds: Bools) -> float:
    """The threshold above which calling a pair related is right most often in training."""
    order = np.argsort(-training, kind="stable")
    right = np.cumsum(np.where(holds[order], 1, -1))
    best = int(np.argmax(right))
    if right[best] <= 0:
        return float("inf")
    below = training[order[best + 1]] if best + 1 < len(order) else training[order[best]]
    return float((training[order[best]] + below) / 2)


def cosine(x: Tensor, pairs: Pairs) -> Floats:
    """Cosine (n,) of the centred features (N, F) of each pair."""
    unit = F.normalize(x - x.mean(dim=0), dim=1)
    left, right = torch.tensor(pairs.left), torch.tensor(pairs.right)
    return (unit[left] * unit[right]).sum(dim=1).numpy()


def cosine_rule(x: Tensor, split: Split, test: Pairs, seed: int) -> Bools:
    """Related if the cosine is above the threshold that suits the relation in training."""
    training = split.balanced(TRAIN, seed)
    known, asked = cosine(x, training), cosine(x, test)
    found = np.zeros(len(test), dtype=np.bool_)
    for relation in range(len(split.relations)):
        of = training.relation == relation
        threshold = best_threshold(known[of], training.holds[of])
        found |= (test.relation == relation) & (asked > threshold)
    return found


def category_rule(catalogue: Catalogue, split: Split, test: Pairs, seed: int) -> Bools:
    """Related if pairs of these two categories are more often related than not in training."""
    names, codes = np.unique(catalogue.items[CATEGORY].to_numpy(str), return_inverse=True)
    count = len(names)

    def key(pairs: Pairs) -> npt.NDArray[np.int64]:
        one, other = codes[pairs.left], codes[pairs.right]
        both = np.minimum(one, other) * count + np.maximum(one, other)
        return np.asarray(pairs.relation * count * count + both, dtype=np.int64)

    training = split.balanced(TRAIN, seed)
    kinds, place = np.unique(key(training), return_inverse=True)
    votes = np.bincount(place, np.where(training.holds, 1.0, -1.0))
    at = np.searchsorted(kinds, key(test)).clip(max=len(kinds) - 1)
    return np.asarray((kinds[at] == key(test)) & (votes[at] > 0))


def metric(x: Tensor, split: Split, dim: int, seed: int, lesson: Lesson | None = None) -> Distances:
    """Distances of D dimensions learned on features (N, F) that stay as they are."""
    torch.manual_seed(seed)
    learned = Distances(x.shape[1], dim, len(split.relations), 0)
    learned.calibrate(x)
    probe.learn(learned, x, split, lesson or Lesson(EPOCHS, seed))
    return learned.requires_grad_(False)


def calls(
    distances: Distances, x: Tensor, pairs: Pairs, catalogue: Catalogue | None = None
) -> Bools:
    """Whether each pair (n,) is more probable than not, by the pictures alone or, with the
    catalogue, by what its categories add as well."""
    left, right, relation = (torch.tensor(v) for v in (pairs.left, pairs.right, pairs.relation))
    with torch.no_grad():
        g = distances.logits(x, left, right, relation).numpy()
    if catalogue is not None and distances.categories is not None:
        g = g + distances.categories.of_pairs(catalogue, pairs)
    return np.asarray(g >= 0)
