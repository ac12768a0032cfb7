"""What the catalogue says of a pair beside its pictures: how often its two categories are related.

The logit of a pair becomes g = q - d + s_r(a, b), with points s of relation r for the categories a
and b. They are added, so that the split of a score into what the pictures and what the categories
give is exact.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from relrec_core.products.data.catalogue import CATEGORY, Catalogue
from relrec_core.products.data.split import TRAIN, Pairs, Rows, Split

CATEGORY_POINTS = "category_points"
"""Name of the table in a checkpoint."""
MOST = 1000
"""Categories that are told apart, the most frequent ones; bounds the table's memory."""
PRIOR = 0.5
"""Pairs that the expectation counts for, beside those that were counted."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Categories:
    """Points that two categories add to the logit of a relation.

    Args:
        names: of the categories, each once; of any other nothing is known, and it adds nothing.
        table: s (R, C, C), symmetric.
    """

    names: tuple[str, ...]
    table: Floats

    def places(self, categories: Sequence[str]) -> Rows:
        """(n,) place of each among the names; -1 for an unknown one."""
        place = {name: number for number, name in enumerate(self.names)}
        return np.array([place.get(name, -1) for name in categories], dtype=np.int64)

    def points(self, relation: Rows | int, one: Rows | int, other: Rows | int) -> Floats:
        """s of pairs by the places of their categories, (n,) each or one for all."""
        known = (np.asarray(one) >= 0) & (np.asarray(other) >= 0)
        return np.where(known, self.table[relation, one, other], 0.0)

    def of_pairs(self, catalogue: Catalogue, pairs: Pairs) -> Floats:
        """(n,) likewise, of pairs of a catalogue's products."""
        place = self.places(catalogue.items[CATEGORY].tolist())
        return self.points(pairs.relation, place[pairs.left], place[pairs.right])


def log_odds(catalogue: Catalogue, split: Split) -> Categories:
    """How much more often than chance two categories are related in training, as logarithms.

    s_r(a, b) = log((n + k m) / (e + k)): n pairs were counted, e would be if training's pairs were
    any of its products, and k = `PRIOR` pairs more are as expected, m: how much more often each of
    the two categories is in a related pair, and pairs of one (or of two) categories are related,
    than chance has it (an empirical Bayes estimate of a Poisson rate, Clayton and Kaldor 1987).
    """
    names, code = _most_frequent(catalogue.items[CATEGORY].tolist())
    count = len(names)
    own = split.training_items()
    size = np.bincount(code[own][code[own] >= 0], minlength=count).astype(float)  # (C,)
    same = np.eye(count, dtype=np.bool_)
    once = np.where(same, 0.5, 1.0)  # below, a pair counts from both its sides
    by_chance = np.outer(size, size) - np.diag(size)
    by_chance /= max(len(own) * (len(own) - 1), 1)
    related, table = split.positives(TRAIN), []
    for number in range(len(split.relations)):
        of = related.where(related.relation == number)
        n, e = np.zeros((count, count)), 2 * len(of) * by_chance
        for a, b in ((of.left, of.right), (of.right, of.left)):
            known = (code[a] >= 0) & (code[b] >= 0)
            np.add.at(n, (code[a][known], code[b][known]), 1.0)
        often = (n.sum(axis=1) + PRIOR) / (e.sum(axis=1) + PRIOR)  # (C,)
        m = np.outer(often, often)
        for alike in (same, ~same):
            m[alike] *= (n[alike].sum() + 0.5) / ((m * e)[alike].sum() + 0.5)
        table.append(np.log((n * once + PRIOR * m) / (e * once + PRIOR)))
    return Categories(names, np.stack(table))


def _most_frequent(categories: Sequence[str]) -> tuple[tuple[str, ...], Rows]:
    """Names of the `MOST` most frequent categories, sorted, and the place of each product's among
    them, -1 for another or none."""
    found, counts = np.unique(np.array([c for c in categories if c], dtype=str), return_counts=True)
    kept = np.sort(np.argsort(-counts, kind="stable")[:MOST])
    chosen = Categories(tuple(found[kept].tolist()), np.zeros((0, 0, 0)))
    return chosen.names, chosen.places(categories)
