"""Yambda's listens cut into sessions, with what was known of each track before it was played.

A session ends with a pause of 20 minutes between the times of two listens; one of more than 20
tracks is cut into pieces. A skip is a listen of which less than a threshold was played. Whatever
is told of the listener and of the track is from before the session, so that none of it tells how
the second half ends: the listens of all users that count for the popularity, too.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt

from relrec_core.sessions.data.schema import (
    BY_NAME,
    LOG_COLUMNS,
    LONGEST,
    SHORTEST,
    SKIP,
    YAMBDA_COLUMNS,
    present,
)
from relrec_core.sessions.data.sessions import CUT, Sessions, empty
from relrec_core.sessions.data.values import SHARE_STEPS, magnitudes
from relrec_core.sessions.data.yambda import Keys, Listens, Numbers, keys

PAUSE_SECONDS = 1_200
LISTENED = 50
"""Per cent of a track, from which on Yambda's authors count it as listened."""
COLUMNS = present((SKIP, *(column.name for column in YAMBDA_COLUMNS)), LOG_COLUMNS)
"""What is known of a play."""
DAY = 86_400

Values = dict[str, npt.NDArray[np.uint8]]


@dataclass(frozen=True, eq=False)
class Known:
    """What the whole data says of T tracks and of the users.

    `items` (T,) are the tracks, sorted; `listens` all listens of these by track and time, and
    `first` (T,) where each track's begin among them. `likes` and `dislikes` are as `events` gives
    them.
    """

    items: Numbers
    listens: Keys
    likes: tuple[Keys, Keys]
    dislikes: tuple[Keys, Keys]

    @cached_property
    def first(self) -> npt.NDArray[np.intp]:
        """(T,) row in `listens` with which each track begins."""
        return np.searchsorted(self.listens, keys(self.items, np.zeros_like(self.items)))


@dataclass(frozen=True, eq=False)
class Pieces:
    """P sessions of n listens: where each begins, of how many it is, and who it is.

    `owner` (n,) is the session of each listen, `number` (P,) the session's of its user from 1, and
    `part` (P,) the number of the piece of a longer one from 0. `longer` sessions were cut.
    """

    start: npt.NDArray[np.intp]
    length: npt.NDArray[np.intp]
    owner: npt.NDArray[np.intp]
    number: npt.NDArray[np.intp]
    part: npt.NDArray[np.intp]
    longer: int

    @property
    def kept(self) -> npt.NDArray[np.bool_]:
        """(P,) those that are long enough to have two halves."""
        return self.length >= SHORTEST


def cut(listens: Listens) -> Pieces:
    """Whole users' listens, ordered by time, as sessions of at most 20 tracks."""
    n = len(listens)
    other_user = np.diff(listens.user, prepend=-1) != 0  # (n,)
    begins = other_user | (np.diff(listens.time, prepend=0) >= PAUSE_SECONDS)
    starts = np.flatnonzero(begins)
    session = np.cumsum(begins) - 1
    place = np.arange(n) - starts[session]
    start = np.flatnonzero(place % LONGEST == 0)
    of_user = np.cumsum(other_user) - 1
    first_of_user = session[np.flatnonzero(other_user)][of_user]
    return Pieces(
        start=start,
        length=np.diff(start, append=n),
        owner=np.cumsum(place % LONGEST == 0) - 1,
        number=(session - first_of_user)[start] + 1,
        part=place[start] // LONGEST,
        longer=int((np.diff(starts, append=n) > LONGEST).sum()),
    )


def began(listens: Listens, pieces: Pieces) -> Numbers:
    """(P,) time at which the session began of which each is a piece."""
    first = np.arange(len(pieces.part)) - pieces.part
    return np.asarray(listens.time[pieces.start[first]])


def sessions(listens: Listens, pieces: Pieces, known: Known, threshold: int) -> Sessions:
    """The sessions that are long enough; a listen of under `threshold` per cent is a skip."""
    skipped = listens.played < threshold  # (n,)
    values = _values(listens, pieces, known, skipped)
    table = np.stack([values[column.name] for column in COLUMNS], axis=1)  # (n, columns)
    kept, length = pieces.kept, pieces.length[pieces.kept]
    rows = np.flatnonzero(kept[pieces.owner])
    owner = np.repeat(np.arange(len(length)), length)
    place = np.arange(len(rows)) - np.repeat(np.cumsum(length) - length, length)
    half = (length // 2)[owner]
    a, b = place < half, place >= half
    slot_a, slot_b = (owner[a], place[a]), (owner[b], (place - half)[b])
    track = np.searchsorted(known.items, listens.item[rows]).astype(np.int32)
    result = replace(
        empty(len(length), COLUMNS),
        ids=_ids(listens.user[pieces.start[kept]], pieces.number[kept], pieces.part[kept]),
        lengths=length.astype(np.uint8),
    )
    result.logs[slot_a] = table[rows[a]]
    result.ahead[slot_b] = table[rows[b]][:, [column.ahead for column in COLUMNS]]
    result.tracks_a[slot_a] = track[a]
    result.tracks_b[slot_b] = track[b]
    result.skipped[slot_b] = skipped[rows[b]]
    return result


def _ids(user: Numbers, number: Iterable[int], part: Iterable[int]) -> npt.NDArray[np.object_]:
    found = np.empty(len(user), dtype=object)
    found[:] = [
        f"Listener {u}, session {n}" + (f"{CUT}{p + 1}" if p else "")
        for u, n, p in zip(user.tolist(), number, part, strict=True)
    ]
    return found


def _values(
    listens: Listens, pieces: Pieces, known: Known, skipped: npt.NDArray[np.bool_]
) -> Values:
    """Each column's bytes of all n listens."""
    began = listens.time[pieces.start][pieces.owner]  # (n,)
    other_user = np.diff(listens.user, prepend=-1) != 0
    since = np.where(other_user, np.inf, np.diff(listens.time, prepend=0))
    heard, skips, rate = _habits(listens, pieces, skipped)
    popularity, first = _popularity(listens.item, began, known)
    return {
        SKIP: skipped.astype(np.uint8),
        "is_organic": listens.organic.astype(np.uint8),
        "seconds_since_last": magnitudes(since, BY_NAME["seconds_since_last"]),
        "listens_before": magnitudes(popularity, BY_NAME["listens_before"]),
        "days_in_data": magnitudes(np.maximum(began - first, 0) / DAY, BY_NAME["days_in_data"]),
        "liked_before": _marked(listens, began, known.likes[0]),
        "disliked_before": _marked(listens, began, known.dislikes[0]),
        "heard_before": magnitudes(heard, BY_NAME["heard_before"]),
        "own_track_skip_rate": _shares((skips + rate) / (heard + 1)),
        "own_skip_rate": _shares(rate),
        "likes_before": magnitudes(
            _counted(listens.user, began, known.likes[1]), BY_NAME["likes_before"]
        ),
    }


def _shares(values: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    return np.asarray(np.round(values * SHARE_STEPS), dtype=np.uint8)


def _habits(
    listens: Listens, pieces: Pieces, skipped: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """(n,) how often the user heard the track before the session, and skipped it, and the rate of
    all skips of the user before it: (skips + 1) / (listens + 2)."""
    n = len(listens)
    before = np.concatenate([[0], np.cumsum(skipped)])  # (n + 1,)
    user_start = np.searchsorted(listens.user, listens.user)  # (n,)
    session_start = pieces.start[pieces.owner]  # (n,)
    rate = (before[session_start] - before[user_start] + 1) / (session_start - user_start + 2)
    order = np.lexsort((listens.item, listens.user))  # (n,) by user, track and time
    pair = keys(listens.user, listens.item)[order]
    begins = np.diff(pair, prepend=pair[:1] + np.uint64(1)) != 0
    in_session = begins | (np.diff(pieces.owner[order], prepend=-1) != 0)
    at = np.arange(n)
    pair_start = at[begins][np.cumsum(begins) - 1]
    run_start = at[in_session][np.cumsum(in_session) - 1]
    ordered = np.concatenate([[0], np.cumsum(skipped[order])])
    heard, skips = np.empty(n), np.empty(n)
    heard[order] = run_start - pair_start
    skips[order] = ordered[run_start] - ordered[pair_start]
    return heard, skips, rate


def _popularity(
    item: Numbers, began: Numbers, known: Known
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.int64]]:
    """(n,) listens of the track by anyone before the session, and the time of its first."""
    row = np.minimum(np.searchsorted(known.items, item), len(known.items) - 1)
    first = known.first[row]
    time = (known.listens[first] & np.uint64(0xFFFFFFFF)).astype(np.int64)
    return np.maximum(_sorted_search(known.listens, keys(item, began)) - first, 0), time


def _marked(listens: Listens, began: Numbers, events: Keys) -> npt.NDArray[np.uint8]:
    """(n,) 1 where the user had liked, or disliked, the track before the session."""
    pair = keys(listens.user, listens.item)
    at = np.minimum(_sorted_search(events[:, 0], pair), max(len(events) - 1, 0))
    found = (events[at, 0] == pair) & (events[at, 1] < began.astype(np.uint64))
    return np.asarray(found, dtype=np.uint8)


def _counted(user: Numbers, began: Numbers, by_time: Keys) -> npt.NDArray[np.intp]:
    """(n,) events of the user before the session."""
    start = _sorted_search(by_time, keys(user, np.zeros_like(user)))
    return _sorted_search(by_time, keys(user, began)) - start


def _sorted_search(values: Keys, asked: Keys) -> npt.NDArray[np.intp]:
    """`np.searchsorted`, asked in order: memory is then walked through once."""
    order = np.argsort(asked)
    found = np.empty(len(asked), dtype=np.intp)
    found[order] = np.searchsorted(values, asked[order])
    return found
