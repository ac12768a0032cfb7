"""All small sets of liked movies, where the order of two movies is not linear in what changes."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from relrec_core.movies.data.features import Indices
from relrec_core.movies.model.item_vectors import AlsVectors, FoldedAgain

TOGETHER = 4_000
"""Of more moves only single ones are tried: a matrix holds a number for each pair."""
CELLS = 1 << 20
"""Numbers that are held at once."""
ROUNDING = 1e-9
"""By how much, relative and absolute, scores in double precision may be off."""


@dataclass(frozen=True, eq=False)
class Lead:
    """A movie, its rivals (R,) and how many of these must have passed, for a history (n,)."""

    scorer: AlsVectors
    bag: Indices
    item: int
    rivals: Indices
    need: int


def fewest_of_all(
    lead: Lead,
    moves: Indices,
    most: int,
    enough: Callable[[list[int]], bool],
    seconds: float,
    *,
    adds: bool,
) -> tuple[list[int] | None, int]:
    """The first set of fewer than `most` moves that is enough, and how many are needed at least.

    Every set is solved for, the small ones first; of movies that leave only those sizes and rivals
    that a bound does not exclude (`FoldedAgain.may_pass`). A set after which enough rivals seem to
    have passed is verified. With `adds` a rival passes when it falls behind or is taken itself,
    else when it is ahead.
    """
    until = time.monotonic() + seconds
    for size in range(1, most):
        if size > 1 and len(moves) > TOGETHER:
            return None, size
        if time.monotonic() > until:
            return None, size
        able = lead if adds else _able(lead, moves, size)
        if len(able.rivals) < lead.need:
            continue
        for first, of, sets in _sets(able, moves, size):
            if time.monotonic() > until:
                return None, size
            ahead = of.ahead(sets)
            near = ROUNDING * (1 + np.abs(ahead))
            passed = ahead > -near if adds else ahead < near
            if adds:
                for place in range(size):
                    passed |= moves[first + sets[:, place], None] == able.rivals
            for row in np.flatnonzero(passed.sum(axis=1) >= lead.need):
                if enough(taken := moves[first + sets[row]].tolist()):
                    return taken, size
    return None, most


def _able(lead: Lead, moves: Indices, size: int) -> Lead:
    """With those rivals alone that may pass once at most so many movies have left."""
    of = lead.scorer.folded_again(lead.bag, moves, lead.item, lead.rivals)
    return replace(lead, rivals=lead.rivals[of.may_pass(size)])


def _sets(lead: Lead, moves: Indices, size: int) -> Iterator[tuple[int, FoldedAgain, Indices]]:
    """All sets of that size in parts: the first of the moves, what they do, and sets of them."""
    many = max(1, CELLS // max(len(lead.rivals), size**2))
    step = many if size == 1 else len(moves)
    for first in range(0, len(moves), step):
        part = moves[first : first + step]
        of = lead.scorer.folded_again(lead.bag, part, lead.item, lead.rivals)
        every = itertools.combinations(range(len(part)), size)
        while sets := list(itertools.islice(every, many)):
            yield first, of, np.array(sets, dtype=np.int64)
