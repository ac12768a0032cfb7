"""Which pairs are for training, validation and test, and negative sampling: unrelated pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from relrec_core.errors import DataError
from relrec_core.products.data.catalogue import CATEGORY, RELATION, SOURCE, TARGET, Catalogue

TRAIN, VALIDATION, TEST = 0, 1, 2
PARTS = {"train": TRAIN, "validation": VALIDATION, "test": TEST}
SHARES = (0.8, 0.1, 0.1)
"""Of training, validation and test, as in McAuley et al. 2015, section 4.1."""

HARD_ATTEMPTS = 20
"""After so many, a pair for which no other product of the category is found is any pair."""

By = Literal["pairs", "items"]
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of products and what is claimed of them, each field (n,): rows of the catalogue,
    number of the relation, and whether it holds."""

    left: Rows
    right: Rows
    relation: Rows
    holds: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.left)

    def where(self, chosen: npt.NDArray[np.bool_] | Rows) -> Pairs:
        """Those that a mask (P,) or row numbers choose."""
        return Pairs(
            self.left[chosen], self.right[chosen], self.relation[chosen], self.holds[chosen]
        )

    def joined(self, other: Pairs) -> Pairs:
        """These, then the others."""
        return Pairs(
            np.concatenate((self.left, other.left)),
            np.concatenate((self.right, other.right)),
            np.concatenate((self.relation, other.relation)),
            np.concatenate((self.holds, other.holds)),
        )


class Split:
    """A catalogue's related pairs in three parts.

    Args:
        catalogue: whose pairs.
        by: `pairs`: two products and all their relations go to one part at random. `items`: every
            product belongs to a part; a pair to the later one of its two, so that no product of
            the test pairs' test side was seen in training.
        seed: of the assignment.

    Raises:
        DataError: too few pairs to have some of each relation in every part.
    """

    def __init__(self, catalogue: Catalogue, by: By, seed: int) -> None:
        frame = catalogue.relations
        self.n_items = len(catalogue.items)
        self.relations = catalogue.relation_names
        left = frame[SOURCE].to_numpy(np.int64)
        right = frame[TARGET].to_numpy(np.int64)
        relation = np.asarray(frame[RELATION].cat.codes, dtype=np.int64)
        self.related = Pairs(left, right, relation, np.ones(len(left), dtype=np.bool_))
        self._known = np.unique(self._keys(left, right, relation))
        _, self._category = np.unique(catalogue.items[CATEGORY].to_numpy(str), return_inverse=True)
        chance = np.random.default_rng([seed, 1])
        self.item_part = _parts(self.n_items, chance) if by == "items" else None
        """(N,) part of each product; None where pairs were split."""
        if self.item_part is not None:
            self.pair_part = np.maximum(self.item_part[left], self.item_part[right])
        else:
            unique, place = np.unique(left * self.n_items + right, return_inverse=True)
            self.pair_part = _parts(len(unique), chance)[place]
        for number, name in enumerate(self.relations):
            counts = np.bincount(self.pair_part[relation == number], minlength=3)
            if not counts.all():
                raise DataError(
                    catalogue.folder,
                    f"{counts.sum()} pair(s) of relation '{name}'",
                    "enough for training, validation and test",
                )

    def training_items(self) -> Rows:
        """Products that training may see."""
        if self.item_part is None:
            return np.arange(self.n_items)
        return np.flatnonzero(self.item_part == TRAIN)

    def positives(self, part: int) -> Pairs:
        """The related pairs of one part."""
        return self.related.where(self.pair_part == part)

    def negatives(self, part: int, seed: tuple[int, ...], hard: float = 0.0) -> Pairs:
        """As many unrelated pairs of each relation as the part has related ones.

        Both products are drawn evenly from those the part may use; a pair that is related, in
        whatever part, is drawn again.

        Args:
            part: of the split.
            seed: of the drawing.
            hard: share of pairs made from a related one by putting another product of the same
                category in the place of one, so that categories alone do not tell them apart.
        """
        chance = np.random.default_rng([*seed, 2])
        positives = self.positives(part)
        relation = positives.relation
        left, right = np.zeros_like(relation), np.zeros_like(relation)
        missing = np.arange(len(relation))
        swapped = chance.random(len(relation)) < hard
        for attempt in range(200):
            left[missing], right[missing] = self._draw(part, len(missing), chance)
            if attempt < HARD_ATTEMPTS:
                of = missing[swapped[missing]]
                left[of], right[of] = self._swapped(part, positives.where(of), chance)
            at = self._keys(left[missing], right[missing], relation[missing])
            place = np.searchsorted(self._known, at).clip(max=len(self._known) - 1)
            wrong = (self._known[place] == at) | (left[missing] == right[missing])
            missing = missing[wrong]
            if not len(missing):
                return Pairs(left, right, relation, np.zeros(len(left), dtype=np.bool_))
        raise DataError("relations", "nearly every pair related", "pairs that are not related")

    def balanced(self, part: int, seed: int, hard: float = 0.0) -> Pairs:
        """Related pairs of the part and as many unrelated ones, always the same for a seed."""
        return self.positives(part).joined(self.negatives(part, (seed, part), hard))

    def _swapped(self, part: int, pairs: Pairs, chance: np.random.Generator) -> tuple[Rows, Rows]:
        """The pairs with one product replaced by any other of its category."""
        flip = chance.random(len(pairs)) < 0.5
        if self.item_part is not None:  # one product of the part itself always stays
            ours, theirs = (self.item_part[side] == part for side in (pairs.left, pairs.right))
            flip = np.where(ours & theirs, flip, theirs)
        stays = np.where(flip, pairs.right, pairs.left)
        goes = np.where(flip, pairs.left, pairs.right)
        usable = self._usable(part)
        order = usable[np.argsort(self._category[usable], kind="stable")]
        start = np.searchsorted(self._category[order], np.arange(self._category.max() + 2))
        category = self._category[goes]
        size = start[category + 1] - start[category]
        place = start[category] + (chance.random(len(pairs)) * size).astype(np.int64)
        comes = order[np.minimum(place, len(order) - 1)]
        return stays, np.where(size > 0, comes, goes)

    def _usable(self, part: int) -> Rows:
        """Products that pairs of the part may have."""
        if self.item_part is None:
            return np.arange(self.n_items)
        return np.flatnonzero((self.item_part == part) | (self.item_part == TRAIN))

    def _draw(self, part: int, count: int, chance: np.random.Generator) -> tuple[Rows, Rows]:
        if self.item_part is None:
            drawn = chance.integers(self.n_items, size=(2, count))
            return drawn[0], drawn[1]
        own = np.flatnonzero(self.item_part == part)
        return chance.choice(own, count), chance.choice(self._usable(part), count)

    def _keys(self, left: Rows, right: Rows, relation: Rows) -> Rows:
        low, high = np.minimum(left, right), np.maximum(left, right)
        return (relation * self.n_items + low) * self.n_items + high


def _parts(count: int, chance: np.random.Generator) -> Rows:
    """(count,) parts in the proportion of `SHARES`, in random order."""
    bounds = np.round(np.cumsum(SHARES) * count)
    return np.searchsorted(bounds, chance.permutation(count), side="right").astype(np.int64)
