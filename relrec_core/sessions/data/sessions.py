"""Listening sessions as arrays: the first half with what was done, the second to be predicted."""

from __future__ import annotations

import hashlib
import re
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
import numpy.typing as npt

from relrec_core.sessions.data.schema import HALF, SKIP, Column

Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
Indices = npt.NDArray[np.int32]
Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = ("train", "validation", "test")
NO_TRACK = -1
BY_ID, BY_TIME = "checksum of the session id", "time at which the session began"
"""By what sessions are split into parts."""
CUT = "~"
"""Stands before the number of a piece in the id of a session that was too long, from its second
piece on."""
_NAMED = re.compile(
    r"(?P<user>Listener \d+), session \d+|\d{4}-\d\d-\d\d \d\d:\d\d, (?P<name>.+) \(\d+\)"
)
_NUMBERS = frozenset(map(str, range(2, 1 << 16)))
CAUSES = (
    "unknown",
    "persistence",
    "context",
    "sequence",
    "musical",
    "noise",
    "turn",
    "clash",
    "occasion",
)
"""Why a simulated track was skipped or not; real data is `unknown`."""


@dataclass(frozen=True)
class Sessions:
    """S sessions; a session of n tracks has its first n // 2 in A and the others in B.

    Slots are filled from the left; the others hold zeros, and -1 for a track.
    """

    ids: npt.NDArray[np.object_]
    """(S,) session ids."""
    lengths: Bytes
    """(S,) tracks in the session, from 2 to 20."""
    logs: Bytes
    """(S, 10, columns) what is known of the plays of A, one byte each, see `values.codes`."""
    ahead: Bytes
    """(S, 10, columns known ahead) the same of the plays of B, where it is known before them."""
    tracks_a: Indices
    """(S, 10) row of the track in `Tracks`."""
    tracks_b: Indices
    """(S, 10) row of the track in `Tracks`."""
    skipped: Bools
    """(S, 10) the target: `skip_2` of B."""
    causes: Bytes
    """(S, 10) index into `CAUSES`; no model reads it."""

    def __len__(self) -> int:
        return len(self.lengths)

    @property
    def mask_a(self) -> Bools:
        """(S, 10) True where A has a track."""
        return np.asarray(np.arange(HALF) < self.lengths[:, None] // 2)

    @property
    def mask_b(self) -> Bools:
        """(S, 10) True where B has a track."""
        return np.asarray(np.arange(HALF) < self.lengths[:, None] - self.lengths[:, None] // 2)

    def skipped_before(self, columns: tuple[Column, ...]) -> Bools:
        """(S, 10) `skip_2` of A; `columns` are those of `logs`."""
        names = [column.name for column in columns]
        return np.asarray(self.logs[:, :, names.index(SKIP)] == 1)

    def take(self, rows: npt.NDArray[np.intp] | Bools | slice) -> Sessions:
        """The sessions at these rows, in their order."""
        return Sessions(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def part(self, part: Part) -> Sessions:
        """Training, validation or test sessions: 80, 10 and 10 % by a checksum of the id."""
        return self.take(parts(self.ids) == PARTS.index(part))


def known_ahead(columns: Iterable[Column]) -> tuple[Column, ...]:
    """Those columns of plays that are known of B too."""
    return tuple(column for column in columns if column.ahead)


def empty(n: int, columns: tuple[Column, ...]) -> Sessions:
    """Room for `n` sessions without a track, with these columns of plays."""
    return Sessions(
        ids=np.full(n, "", dtype=object),
        lengths=np.zeros(n, dtype=np.uint8),
        logs=np.zeros((n, HALF, len(columns)), dtype=np.uint8),
        ahead=np.zeros((n, HALF, len(known_ahead(columns))), dtype=np.uint8),
        tracks_a=np.full((n, HALF), NO_TRACK, dtype=np.int32),
        tracks_b=np.full((n, HALF), NO_TRACK, dtype=np.int32),
        skipped=np.zeros((n, HALF), dtype=np.bool_),
        causes=np.zeros((n, HALF), dtype=np.uint8),
    )


def concatenate(pieces: Iterable[Sessions]) -> Sessions:
    """All sessions, one piece after the other; at least one piece."""
    listed = list(pieces)
    if len(listed) == 1:
        return listed[0]
    return Sessions(
        **{f.name: np.concatenate([getattr(p, f.name) for p in listed]) for f in fields(Sessions)}
    )


def uncut(identity: str) -> tuple[str, int]:
    """Id of the whole session of which this is a piece, and the number of the piece, from 1."""
    whole, _, number = identity.rpartition(CUT)
    return (whole, int(number)) if whole and number in _NUMBERS else (identity, 1)


def listener_of(identity: str) -> str:
    """Who is named in the id of a session: in Yambda's, and in those of several people's histories;
    nobody in others."""
    found = _NAMED.fullmatch(uncut(identity)[0])
    return (found["user"] or found["name"]) if found else ""


def parts(ids: Iterable[str]) -> Bytes:
    """(S,) index into `PARTS`, the same for an id whatever else is in the data, and for all pieces
    of a session."""
    whole = (uncut(i)[0].encode() for i in ids)
    tenth = np.array([zlib.crc32(i) % 10 for i in whole], dtype=np.uint8)
    return np.asarray(np.maximum(tenth, 7) - 7, dtype=np.uint8)


def parts_in_time(began: npt.NDArray[np.int64]) -> Bytes:
    """(S,) index into `PARTS` by when each session began (S,): the first 80 % are for training, and
    no session of a part began before one of the part before it.
    """
    n = len(began)
    ends = np.sort(began)[[n * 8 // 10, n * 9 // 10]]
    return np.asarray(np.searchsorted(ends, began, side="right"), dtype=np.uint8)


class Fingerprint:
    """SHA-256 of sessions that come in pieces; it does not depend on where they are cut, nor on
    fields of which the data has nothing.
    """

    def __init__(self) -> None:
        self._digests = {f.name: hashlib.sha256() for f in fields(Sessions)}
        self._filled = dict.fromkeys(self._digests, False)

    def add(self, sessions: Sessions) -> None:
        """Take in the next sessions."""
        for name, digest in self._digests.items():
            values = getattr(sessions, name)
            self._filled[name] |= values.size > 0
            if name == "ids":
                digest.update("".join(f"{i}\n" for i in values).encode())
            else:
                digest.update(np.ascontiguousarray(values).data)

    def hexdigest(self, *extra: str) -> str:
        """Over all pieces and the `extra` texts."""
        total = hashlib.sha256()
        filled = (d.hexdigest() for name, d in self._digests.items() if self._filled[name])
        for text in (*filled, *extra):
            total.update(text.encode() + b"\n")
        return total.hexdigest()
