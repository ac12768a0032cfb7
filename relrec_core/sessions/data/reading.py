"""Turn checked rows of logs into sessions, file by file, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import polars as pl

from relrec_core.errors import DataError
from relrec_core.sessions.data.readers import Block, Input, blocks, columns_of, name_of
from relrec_core.sessions.data.schema import (
    CAUSE,
    DISPLAY,
    LENGTH,
    LOG_COLUMNS,
    LONGEST,
    POSITION,
    SESSION,
    SHORTEST,
    SKIP,
    TRACK,
    TRACK_COLUMNS,
    Column,
    present,
)
from relrec_core.sessions.data.sessions import CAUSES, CUT, Sessions, empty
from relrec_core.sessions.data.tracks import Tracks, played
from relrec_core.sessions.data.values import codes, text, whole

REQUIRED = (SESSION, POSITION, SKIP)
_PLAYS = (SESSION, POSITION, LENGTH, TRACK, CAUSE, *(c.name for c in LOG_COLUMNS))
ENDLESS = 50 * LONGEST
"""Rows of one session after which nothing more of it is read."""
PLAYS_AND_TRACKS = (*_PLAYS, *DISPLAY, *(c.name for c in TRACK_COLUMNS))


def log_columns(files: Sequence[Input]) -> tuple[Column, ...]:
    """Columns of the logs; `DataError` where one is required or one file lacks what another has."""
    if not files:
        raise DataError("logs", "no file", "at least one file of session logs")
    first = columns_of(files[0])
    for file in files:
        have = columns_of(file)
        for column in REQUIRED:
            if column not in have:
                raise DataError(
                    name_of(file), "no such column", "session logs with it", column=column
                )
        differing = sorted(set(first).symmetric_difference(have).intersection(_PLAYS))
        if differing:
            where = f"the same columns as in {name_of(files[0])}"
            raise DataError(name_of(file), "other columns", where, column=differing[0])
    return present(first, LOG_COLUMNS)


def whole_sessions(file: Input, wanted: tuple[str, ...] = _PLAYS) -> Iterator[Block]:
    """Blocks of rows that never cut a session, as long as its rows stand together."""
    kept: Block | None = None
    for block in blocks(file, wanted):
        if kept is not None:
            block = Block(kept.file, kept.first, pl.concat([kept.frame, block.frame]))
        ids = text(block, SESSION)
        same = (ids == ids[-1]).to_numpy()
        cut = len(ids) - int(np.argmin(same[::-1])) if not same.all() else 0
        if cut:
            yield Block(block.file, block.first, block.frame[:cut])
        kept = Block(block.file, block.line(cut), block.frame[cut:])
        if len(kept.frame) > ENDLESS:
            found = f"session '{ids[-1]}' of more than {ENDLESS:,} tracks"
            expected = f"at most {ENDLESS:,} tracks"
            raise DataError(file.name, found, expected, row=kept.first, column=SESSION)
    if kept is not None:
        yield kept


def build(block: Block, columns: tuple[Column, ...], tracks: Tracks) -> Sessions:
    """Sessions of a block, in the order of the file.

    Rows of a session stand together, in any order. One of more than 20 tracks is cut into pieces
    of 20, each a session of its own, and a single track that is left at its end is left out.
    Raises `DataError` naming the line for a session that is too short, for positions that are not
    1, 2, ... or do not agree with `session_length`, for unknown tracks and for bad values.
    """
    ids = text(block, SESSION)
    positions = whole(block, POSITION, 1, np.iinfo(np.int32).max)
    starts, counts = _runs(block, ids)
    owners = np.repeat(np.arange(len(starts)), counts)
    order = np.lexsort((positions, owners))
    _check_positions(block, ids, positions, starts, counts, order)
    known = tracks.find(block, played(block))
    values = np.stack([codes(block, column) for column in columns], axis=1)
    names, lengths = _cut(ids.gather(starts).to_numpy().astype(object), counts)
    order = order[(positions[order] - 1) // LONGEST * LONGEST + 1 < counts[owners]]

    owners = np.repeat(np.arange(len(names)), lengths)
    place = np.arange(len(owners)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    half = (lengths // 2)[owners]
    before, after = place < half, place >= half
    slot_a = (owners[before], place[before])
    slot_b = (owners[after], (place - half)[after])
    result = replace(empty(len(names), columns), ids=names, lengths=lengths.astype(np.uint8))
    result.logs[slot_a] = values[order][before]
    result.ahead[slot_b] = values[order][after][:, [column.ahead for column in columns]]
    result.tracks_a[slot_a] = known[order][before]
    result.tracks_b[slot_b] = known[order][after]
    skips = values[:, [column.name for column in columns].index(SKIP)]
    result.skipped[slot_b] = skips[order][after] == 1
    if CAUSE in block.frame.columns:
        result.causes[slot_b] = _causes(block)[order][after]
    return result


def _cut(
    ids: npt.NDArray[np.object_], counts: npt.NDArray[np.intp]
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.intp]]:
    """Ids and lengths of the pieces of sessions with these ids and lengths."""
    if counts.max() <= LONGEST:
        return ids, counts
    pieces = -(-counts // LONGEST)
    number = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    lengths = np.minimum(np.repeat(counts, pieces) - number * LONGEST, LONGEST)
    names = np.repeat(ids, pieces)
    later = np.flatnonzero(number)
    names[later] = [f"{names[i]}{CUT}{number[i] + 1}" for i in later]
    return names[lengths > 1], lengths[lengths > 1]


def longer(block: Block) -> int:
    """How many sessions of a block have more than 20 tracks."""
    runs = block.frame[SESSION].rle().struct.field("len")
    return int((runs > LONGEST).sum())


def _causes(block: Block) -> npt.NDArray[np.uint8]:
    column = Column(CAUSE, "", "category", CAUSES)
    filled = block.frame[CAUSE].cast(pl.String).fill_null(CAUSES[0])
    return codes(Block(block.file, block.first, filled.to_frame()), column)


def _runs(block: Block, ids: pl.Series) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """First row and number of rows of each session."""
    starts = np.flatnonzero(np.diff(ids.rle_id().to_numpy().astype(np.int64), prepend=-1))
    counts = np.diff(np.append(starts, len(ids)))
    again = (~ids.gather(starts).is_first_distinct()).to_numpy()
    if again.any():
        row = int(starts[np.argmax(again)])
        found = f"session '{ids[row]}' again after other sessions"
        raise DataError(block.file, found, "its rows together", row=block.line(row), column=SESSION)
    return starts, counts


def _check_positions(
    block: Block,
    ids: pl.Series,
    positions: npt.NDArray[np.int64],
    starts: npt.NDArray[np.intp],
    counts: npt.NDArray[np.intp],
    order: npt.NDArray[np.intp],
) -> None:
    ordered = positions[order]
    right = np.arange(len(ordered)) - np.repeat(starts, counts) + 1
    if (ordered != right).any():
        row = int(np.argmax(ordered != right))
        line = block.line(int(order[row]))
        found = f"position {ordered[row]} in session '{ids[int(order[row])]}'"
        twice = row > 0 and ordered[row] == ordered[row - 1] and right[row] > 1
        if twice:
            found += " a second time"
        expected = f"position {right[row]}: no gaps and none twice"
        raise DataError(block.file, found, expected, row=line, column=POSITION)
    bad = counts < SHORTEST
    if bad.any():
        session = int(np.argmax(bad))
        row = int(starts[session])
        found = f"session '{ids[row]}' of {counts[session]} track"
        expected = f"at least {SHORTEST} tracks"
        raise DataError(block.file, found, expected, row=block.line(row), column=SESSION)
    if LENGTH not in block.frame.columns:
        return
    stated = whole(block, LENGTH, 1, np.iinfo(np.int32).max)
    bad = stated != np.repeat(counts, counts)
    if bad.any():
        row = int(np.argmax(bad))
        actual = np.repeat(counts, counts)[row]
        found = f"{stated[row]} for session '{ids[row]}'"
        expected = f"{actual}, the number of its rows"
        raise DataError(block.file, found, expected, row=block.line(row), column=LENGTH)


class Seen:
    """Ids of all sessions read so far, as 8-byte hashes, to find one that comes twice."""

    def __init__(self) -> None:
        self._sorted: list[npt.NDArray[np.uint64]] = []

    def add(self, file: Input, sessions: Sessions) -> None:
        """Raise `DataError` if one of these sessions of `file` was added before."""
        new = pl.Series(sessions.ids.tolist(), dtype=pl.String).hash().to_numpy()
        for known in self._sorted:
            at = np.minimum(np.searchsorted(known, new), len(known) - 1)
            again = known[at] == new
            if again.any():
                found = f"session '{sessions.ids[int(np.argmax(again))]}' a second time"
                expected = "each session once and its rows together"
                raise DataError(name_of(file), found, expected)
        merged = np.sort(new)
        while self._sorted and len(self._sorted[-1]) <= 2 * len(merged):
            merged = np.sort(np.concatenate([self._sorted.pop(), merged]), kind="stable")
        self._sorted.append(merged)
