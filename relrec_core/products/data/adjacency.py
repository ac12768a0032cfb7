"""Which pairs a product has."""

from __future__ import annotations

import numpy as np

from relrec_core.products.data.split import Pairs, Rows


class Adjacency:
    """Finds the pairs of a few products without looking at all."""

    def __init__(self, pairs: Pairs, n_items: int) -> None:
        self.pairs = pairs
        ends = np.concatenate([pairs.left, pairs.right])
        self.order = np.argsort(ends, kind="stable") % len(pairs)
        self.start = np.searchsorted(np.sort(ends), np.arange(n_items + 1))

    def of(self, rows: Rows) -> Pairs:
        """All pairs with one end or two among the rows; with two, twice."""
        found = [self.order[self.start[row] : self.start[row + 1]] for row in rows]
        return self.pairs.where(np.concatenate(found))
