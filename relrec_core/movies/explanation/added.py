"""The fewest movies to be liked as well where there are many: bounds, then a proof over few."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from relrec_core.movies.data.features import Indices
from relrec_core.movies.explanation.forms import ROUNDING, adding
from relrec_core.movies.explanation.smallest import Bools, Form, fewest
from relrec_core.movies.model.ranking import Profile, Recommender
from relrec_core.movies.model.relevance import Doubles

FEW = 64
"""Rivals that are looked at, those that stand highest: whoever enters the list passes them."""
TOGETHER = 2_000
"""Moves that a mixed-integer program is asked about."""
PART = 2_048
"""Moves whose gains are made at once."""


@dataclass(frozen=True, eq=False)
class Entry:
    """A movie that is to come into the first n of a user, and rivals (R,) that stand high."""

    recommender: Recommender
    profile: Profile
    item: int
    rivals: Indices
    n: int

    def form(self, moves: Indices) -> Form:
        """What liking these movies (M,) as well does to its lead over the rivals."""
        return adding(self.recommender, self.profile, self.item, self.rivals, moves)


def fewest_of_many(
    entry: Entry, moves: Indices, most: int, enough: Callable[[list[int]], bool], seconds: float
) -> tuple[list[int] | None, int]:
    """A set of fewer than `most` moves that is enough, and how many are needed at least.

    Over some rivals (R,), all but n - 1 of which are passed by whatever brings the movie into the
    first n, and all moves (M,): a size is excluded where no move may be one of so many
    (`_possible`), or by a mixed-integer program over those that may.
    """
    if most <= 1:
        return None, most
    until, need = time.monotonic() + seconds, len(entry.rivals) - entry.n + 1
    gaps, gains, same = _gains(entry, moves)
    for size in range(1, most):
        possible = _possible(gains, gaps, same, need, size)
        if not possible.any():
            continue
        left = until - time.monotonic()
        if possible.sum() > TOGETHER or left <= 0:
            return None, size
        few = moves[possible]
        found = fewest(entry.form(few), need, size, left)
        if found.at_least <= size:
            items = [] if found.taken is None else few[found.taken].tolist()
            return (items if items and enough(items) else None), found.at_least
    return None, most


def _gains(entry: Entry, moves: Indices) -> tuple[Doubles, Doubles, Indices]:
    """Gaps (R,); what each move gains at most, (M, R); and the rival that it is itself, or -1."""
    forms = (entry.form(moves[at : at + PART]) for at in range(0, len(moves), PART))
    parts = [(form.gaps, form.most_gain(len(form.gains)), form.same) for form in forms]
    gaps, gains, same = zip(*parts, strict=True)
    return gaps[0], np.concatenate(gains), np.concatenate(same)


def _possible(gains: Doubles, gaps: Doubles, same: Indices, need: int, size: int) -> Bools:
    """Moves (M,) that may be one of `size` after which `need` rivals have passed.

    With the largest gains of the others at each rival, and each of them a rival itself where it
    is one: what cannot be enough even so cannot be one of them.
    """
    tied = ROUNDING * (1 + np.abs(gaps))
    kept = np.ones(len(gains), dtype=bool)
    while kept.any():
        own = gains[kept]
        others = min(size - 1, len(own) - 1)
        rest = _largest(own, others).sum(axis=0)  # (R,)
        passed = own + rest > gaps - tied
        mine = same[kept]
        passed[np.flatnonzero(mine >= 0), mine[mine >= 0]] = True
        more = min(size - 1, int((mine >= 0).sum()))
        stays = passed.sum(axis=1) + more >= need
        if stays.all():
            break
        kept[np.flatnonzero(kept)[~stays]] = False
    return kept


def _largest(gains: Doubles, count: int) -> Doubles:
    """The largest of each column, (count, R)."""
    first = len(gains) - count
    return np.partition(gains, first, axis=0)[first:] if count else gains[:0]
