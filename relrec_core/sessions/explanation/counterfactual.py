"""Counterfactuals: one session with other skips in it, and the fewest that suffice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from relrec_core.errors import ProfileError
from relrec_core.experts.attribution import Doubles, Judgement
from relrec_core.sessions.data.schema import REASONS, SKIP, Column
from relrec_core.sessions.data.sessions import Bools, Bytes, Sessions
from relrec_core.sessions.model.metrics import THRESHOLD

END = "hist_user_behavior_reason_end"
START = "hist_user_behavior_reason_start"
SKIPPED: dict[str, int] = {
    "skip_1": 1,
    SKIP: 1,
    "skip_3": 1,
    "not_skipped": 0,
    END: REASONS.index("fwdbtn"),
}
PLAYED: dict[str, int] = {
    "skip_1": 0,
    SKIP: 0,
    "skip_3": 0,
    "not_skipped": 1,
    END: REASONS.index("trackdone"),
}


MOST = 1024
"""Sets of turned skips that are tried, the empty one included: all of ten tracks."""
SMALL = 3
"""Sets of up to so many tracks are tried first, and alone where there are more than `MOST`."""


def with_skip(
    session: Sessions, columns: tuple[Column, ...], place: int, skipped: bool
) -> Sessions:
    """The session with the track at `place` of A (from 0) skipped or played to its end.

    All columns that tell of it agree: the four flags, the reason it ended, and the reason the
    next one started. The session is one of one.

    Raises:
        ProfileError: there is no such track in A.
    """
    half = int(session.mask_a[0].sum())
    if not 0 <= place < half:
        raise ProfileError(f"The first half has no track {place + 1} that could be changed.")
    chosen = np.arange(half)[None] == place  # (1, half)
    return _with(session, {"logs": _told(session.logs, columns, chosen, np.array([[skipped]]))})


def with_turned(session: Sessions, columns: tuple[Column, ...], sets: Bools) -> Sessions:
    """The one session once for each of `sets` (N, tracks of A): skips where True are plays there,
    and plays skips, told as by `with_skip`."""
    turned = session.take(np.zeros(len(sets), dtype=np.intp))
    skipped = turned.skipped_before(columns)[:, : sets.shape[1]] ^ sets  # (N, half)
    return _with(turned, {"logs": _told(turned.logs, columns, sets, skipped)})


@dataclass(frozen=True, eq=False)
class Tried:
    """Sets (N, tracks of A) of turned tracks, and the probability (N, 10) of a skip after each."""

    sets: Bools
    probability: Doubles


def trials(
    predict: Callable[[Sessions], Judgement], session: Sessions, columns: tuple[Column, ...]
) -> Iterator[Tried]:
    """All sets of turned tracks of A, smaller ones first, the first of them empty.

    Up to `SMALL` tracks in one pass, and all others in another for whoever goes on; of a first
    half with more than `MOST` sets only the first.
    """
    half = int(session.mask_a[0].sum())
    rest = range(SMALL + 1, half + 1 if 2**half <= MOST else 0)
    for sizes in (range(min(SMALL, half) + 1), rest):
        chosen = [one for size in sizes for one in combinations(range(half), size)]
        if chosen:
            sets = np.array([[place in one for place in range(half)] for one in chosen])
            yield Tried(sets, predict(with_turned(session, columns, sets)).probability)


@dataclass(frozen=True)
class Smallest:
    """The fewest tracks of A that, turned, turn one prediction.

    `places` (from 0) is empty where none suffice; of equally small sets it is the one that changes
    the probability most, and `equals` counts them. `tried` sets were tried: all of up to
    `largest` tracks.
    """

    places: tuple[int, ...]
    before: float
    after: float
    equals: int
    tried: int
    largest: int


def smallest(found: Iterator[Tried], focus: int) -> Smallest:
    """The smallest set of `trials` that turns the prediction at `focus` (of B, from 0).

    It is the smallest by exhaustion: no smaller set turns the prediction.
    """
    tried, before, sets = 0, 0.0, np.zeros((1, 0), dtype=np.bool_)
    for trial in found:
        sets, probability = trial.sets, trial.probability[:, focus]  # (N, half), (N,)
        before = before if tried else float(probability[0])
        turned = (probability >= THRESHOLD) != (before >= THRESHOLD)  # (N,)
        size = sets.sum(axis=1)  # (N,)
        if turned.any():
            least = int(size[turned].min())
            equal = np.flatnonzero(turned & (size == least))
            best = equal[np.abs(probability[equal] - before).argmax()]
            places = tuple(np.flatnonzero(sets[best]).tolist())
            tried += int((size <= least).sum())
            return Smallest(places, before, float(probability[best]), len(equal), tried - 1, least)
        tried += len(sets)
    return Smallest((), before, before, 0, tried - 1, int(sets.sum(axis=1).max()))


def _with(session: Sessions, changed: Mapping[str, np.ndarray]) -> Sessions:
    return Sessions(**{**vars(session), **changed})


def _told(logs: Bytes, columns: tuple[Column, ...], chosen: Bools, skipped: Bools) -> Bytes:
    """logs (N, 10, columns) with the `chosen` tracks (N, half) skipped or played."""
    logs, half = logs.copy(), chosen.shape[1]
    at = {column.name: i for i, column in enumerate(columns)}
    for name, value in SKIPPED.items():
        if name in at:
            told = np.where(skipped, value, PLAYED[name])  # (N, half)
            logs[:, :half, at[name]] = np.where(chosen, told, logs[:, :half, at[name]])
    if START in at:
        ended = np.where(skipped & chosen, SKIPPED[END], PLAYED[END])  # (N, half)
        after = logs[:, 1:half, at[START]]  # (N, half - 1)
        logs[:, 1:half, at[START]] = np.where(chosen[:, :-1], ended[:, :-1], after)
    return logs
