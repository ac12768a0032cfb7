"""The fewest moves after which enough rivals have passed: greedy, bounds and a proof by HiGHS."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from relrec_core.movies.data.features import Indices
from relrec_core.movies.model.relevance import Doubles

Bools = npt.NDArray[np.bool_]
INFEASIBLE, OPTIMAL = 2, 0
ROUNDING = 1e-6
"""What HiGHS may be off by; a bound of 3.000001 is a bound of 3."""


@dataclass(frozen=True, eq=False)
class Form:
    """Which rivals pass, as a linear form of the moves that are taken.

    Rival r passes once the gains (M, R) of the moves taken exceed its gap (R,), or with the move
    that it is itself: `same` (M,) holds the rival of each move, -1 for none. The gain `extra`
    (G, R) of a group of moves comes with all of its members or, if not `jointly`, with any.
    """

    gains: Doubles
    gaps: Doubles
    groups: tuple[Indices, ...]
    extra: Doubles
    jointly: bool
    same: Indices

    def passed(self, taken: Bools) -> int:
        """How many rivals have passed."""
        done = self.margins(taken) > 0
        done[self.same[taken & (self.same >= 0)]] = True
        return int(done.sum())

    def margins(self, taken: Bools) -> Doubles:
        """By how much each rival has passed, (R,), negative where it has not."""
        done = np.all if self.jointly else np.any
        came = np.array([done(taken[g]) for g in self.groups], dtype=bool)
        return np.asarray(taken @ self.gains + came @ self.extra - self.gaps, dtype=np.float64)

    def most_gain(self, size: int) -> Doubles:
        """(M, R) no sum of at most `size` of which is less than what these moves gain together.

        A group's gain is dealt out to its members; one that needs more than `size` cannot come.
        """
        most = self.gains.copy()
        for group, extra in zip(self.groups, np.maximum(self.extra, 0.0), strict=True):
            if not self.jointly:
                most[group] += extra
            elif len(group) <= size:
                most[group] += extra / len(group)
        return np.maximum(most, 0.0)


@dataclass(frozen=True, eq=False)
class Fewest:
    """The smallest set found, if any, and the size that no set is below."""

    taken: Bools | None
    at_least: int


def fewest(form: Form, need: int, most: int, seconds: float) -> Fewest:
    """The fewest moves after which `need` rivals have passed.

    The rivals that matter are those that some set of less than the known size can bring past
    (`soonest`); a mixed-integer program over them decides (HiGHS, Huangfu and Hall 2018).

    Args:
        form: what each move gains.
        need: rivals that must have passed.
        most: no more moves than this.
        seconds: time limit of the program.
    """
    found = greedy(form, need, most, lambda taken: form.passed(taken) >= need)
    size = most + 1 if found is None else int(found.sum())
    order, reach = soonest(form, size - 1)
    for rival in np.flatnonzero(reach < size)[np.argsort(reach[reach < size], kind="stable")]:
        if reach[rival] >= size or not reach[rival]:
            continue
        straight = np.zeros(len(form.gains), dtype=bool)
        straight[order[: reach[rival], rival]] = True
        if form.passed(straight) >= need:
            found, size = straight, int(reach[rival])
    sizes = np.arange(size)
    passed = np.searchsorted(np.sort(reach), sizes, side="right")
    passed += np.minimum(sizes, (form.same >= 0).sum())  # those that are taken themselves
    at_least = int((passed < need).sum())
    if at_least >= size:
        return Fewest(found, size)
    better = _decided(form, need, (at_least, size - 1), reach, seconds)
    if better.taken is not None and form.passed(better.taken) >= need:
        found = better.taken
    return Fewest(found, better.at_least)


def greedy(form: Form, need: int, most: int, enough: Callable[[Bools], bool]) -> Bools | None:
    """Take the move that brings the nearest `need` rivals nearest, then give back what is idle.

    None where `most` moves are not enough.
    """
    taken = np.zeros(len(form.gains), dtype=bool)
    largest = np.abs(form.gains).max(axis=0, initial=0.0)
    while not enough(taken):
        if taken.sum() >= min(most, len(taken)):
            return None
        missing = -form.margins(taken)
        missing[form.same[taken & (form.same >= 0)]] = -np.inf
        near = np.argpartition(missing, need - 1)[:need]
        near = near[missing[near] > -largest[near]]
        gains = form.gains[:, near] + _completing(form, taken, near)
        gains[form.same[:, None] == near] = np.inf
        left = np.maximum(missing[near] - gains, 0.0).sum(axis=1)  # (M,)
        left[taken] = np.inf
        taken[left.argmin()] = True
    for move in np.flatnonzero(taken):
        taken[move] = False
        if not enough(taken):
            taken[move] = True
    return taken


def _completing(form: Form, taken: Bools, rivals: Indices) -> Doubles:
    """(M, R) what a move gains besides its own, by completing or opening a group."""
    more = np.zeros((len(taken), len(rivals)))
    for group, extra in zip(form.groups, form.extra[:, rivals], strict=True):
        open_ = group[~taken[group]]
        if len(open_) == (1 if form.jointly else len(group)):
            more[open_] += extra
    return more


def soonest(form: Form, most: int) -> tuple[Indices, Indices]:
    """With how many moves, at the least, each rival may have passed: (R,), `most` + 1 if later.

    Sorted by `Form.most_gain`, the largest first, it is where their sum exceeds the gap: exact
    without groups, a lower bound with them. Also gives that order, (M, R), where it is needed.
    """
    best = form.most_gain(most)
    order = np.zeros(best.shape, dtype=np.int64)
    reach = np.where(form.gaps < 0, 0, most + 1)
    quick = np.flatnonzero((form.gaps >= 0) & (form.gaps < most * best.max(axis=0, initial=0.0)))
    if len(quick):
        order[:, quick] = np.argsort(-best[:, quick], axis=0, kind="stable")
        first = order[:most, quick]
        passed = np.take_along_axis(best[:, quick], first, 0).cumsum(axis=0) > form.gaps[quick]
        reach[quick] = np.where(passed.any(axis=0), passed.argmax(axis=0) + 1, most + 1)
    return order, reach


def _decided(
    form: Form, need: int, sizes: tuple[int, int], reach: Indices, seconds: float
) -> Fewest:
    """A set within these sizes, found or excluded by a mixed-integer program.

    Binary x (moves), y (groups), z (rivals): sum x is least, and z_r only where gains . x +
    extra . y >= gap_r. As many z as are needed, or moves x that are a rival themselves instead.
    """
    low, high = sizes
    groups = np.array(
        [k for k, g in enumerate(form.groups) if not form.jointly or len(g) <= high], dtype=np.int64
    )
    worst = np.sort(np.minimum(form.gains, 0.0), axis=0)[:high].sum(axis=0)
    worst += np.minimum(form.extra[groups], 0.0).sum(axis=0)
    certain = worst > form.gaps
    open_ = np.flatnonzero((reach <= high) & ~certain)
    gains, extra = form.gains[:, open_], form.extra[np.ix_(groups, open_)]
    slack = form.gaps[open_] - worst[open_]
    m, g, r = len(gains), len(groups), len(open_)
    passes = np.hstack([gains.T, extra.T, -np.diag(slack)])
    itself = (form.same >= 0) & ~certain[form.same]
    counted = np.r_[itself, np.zeros(g), np.ones(r)]
    kept = [form.groups[k] for k in groups]
    moves = np.repeat([1.0, 0.0], [m, g + r])
    upper = np.ones(m + g + r)
    upper[:m] = _useful(gains, itself, kept, high)
    said = milp(
        moves,
        constraints=[
            LinearConstraint(sparse.csr_array(passes), form.gaps[open_] - slack, np.inf),
            LinearConstraint(moves, low, high),
            LinearConstraint(counted, need - certain.sum(), np.inf),
            *_once(form.same, itself, open_, m + g),
            *_grouped(kept, form.jointly, m, m + g + r),
        ],
        integrality=np.ones(m + g + r, dtype=np.int64),
        bounds=Bounds(0.0, upper),
        options={"time_limit": seconds},
    )
    if said.status == INFEASIBLE:
        return Fewest(None, high + 1)
    bound = low if said.mip_dual_bound is None else said.mip_dual_bound
    at_least = max(low, int(np.ceil(bound - ROUNDING)) if np.isfinite(bound) else low)
    taken = None if said.x is None else said.x[:m] > 0.5
    return Fewest(taken, min(at_least, high + 1))


def _once(same: Indices, itself: Bools, open_: Indices, first: int) -> list[LinearConstraint]:
    """A rival that is taken itself counts once: x + z <= 1, z being the variables from `first`."""
    place = {int(rival): first + k for k, rival in enumerate(open_)}
    pairs = [(k, place[int(same[k])]) for k in np.flatnonzero(itself) if int(same[k]) in place]
    rows = np.repeat(np.arange(len(pairs)), 2)
    columns = np.array(pairs, dtype=np.int64).reshape(-1)
    matrix = sparse.coo_array(
        (np.ones(len(columns)), (rows, columns)), shape=(len(pairs), first + len(open_))
    )
    return [LinearConstraint(matrix, -np.inf, 1.0)] if pairs else []


def _grouped(
    groups: list[Indices], jointly: bool, moves: int, columns: int
) -> list[LinearConstraint]:
    """A group's variable is the product of its members' or, if not `jointly`, their maximum."""
    sign = 1.0 if jointly else -1.0
    rows: list[LinearConstraint] = []
    for number, group in enumerate(groups):
        n = len(group)
        each = sparse.coo_array(  # x_i >= y, or x_i <= y
            (
                np.repeat([sign, -sign], n),
                ([*range(n)] * 2, [*group.tolist(), *[moves + number] * n]),
            ),
            shape=(n, columns),
        )
        rows.append(LinearConstraint(each, 0.0, np.inf))
        together = sparse.coo_array(  # sum x - y <= n - 1, or y <= sum x
            (
                np.r_[np.full(n, sign), -sign],
                ([0] * (n + 1), [*group.tolist(), moves + number]),
            ),
            shape=(1, columns),
        )
        rows.append(LinearConstraint(together, -np.inf, n - 1 if jointly else 0))
    return rows


def _useful(gains: Doubles, itself: Bools, groups: list[Indices], size: int) -> Bools:
    """Moves that a smallest set may need: (M,).

    One that is no rival and in no group is needless where it gains nothing, or where as many
    others of its kind as may be taken gain no less with every rival.
    """
    alone = ~itself
    for group in groups:
        alone[group] = False
    useful = ~alone | (gains > 0).any(axis=1)
    number = np.arange(len(gains))
    for move in np.flatnonzero(alone & useful):
        no_less = alone & (gains >= gains[move]).all(axis=1)
        equal = no_less & (gains <= gains[move]).all(axis=1)
        useful[move] = (no_less & (~equal | (number < move))).sum() < size
    return useful
