"""Yambda as it is published -> sessions in shards, in bounded memory.

Three passes over the listens: which tracks there are and when the sessions began, when each track
was listened to by anyone, and then the sessions themselves, some users at a time. What is held
throughout is eight bytes a listen, nine a session and some hundred a track.

Sessions are split by the time at which they began, whoever's they are: what is learnt from lies
before what it is judged by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from relrec_core.errors import DataError
from relrec_core.sessions.data import yambda
from relrec_core.sessions.data.schema import TRACK_KEY
from relrec_core.sessions.data.sessions import Bytes, Sessions, parts_in_time
from relrec_core.sessions.data.shard_writer import SHARD_SESSIONS, Holding, check_new, write_shards
from relrec_core.sessions.data.shards import Meta
from relrec_core.sessions.data.tracks import Tracks
from relrec_core.sessions.data.yambda import Keys, Listens, Numbers
from relrec_core.sessions.data.yambda_sessions import (
    COLUMNS,
    LISTENED,
    Known,
    Pieces,
    began,
    cut,
    sessions,
)
from relrec_core.sessions.data.yambda_sound import FILE, Sound, read_sound

LONGEST_TRACK = 86_400
"""Seconds; what is longer is stored as this."""

Progress = Callable[[str, int], None]
"""Called with what is done and the listens or sessions done so far."""


@dataclass
class _Reading:
    """The users of the published listens with their sessions, up to the first `most`."""

    path: Path
    most: int | None
    longer: int = 0

    def __iter__(self) -> Iterator[tuple[Listens, Pieces]]:
        done, self.longer = 0, 0
        for listens in yambda.users(self.path):
            pieces = cut(listens)
            kept = np.flatnonzero(pieces.kept)
            if self.most is not None and done + len(kept) > self.most:
                last = kept[self.most - done - 1]
                listens = listens.take(slice(0, int(pieces.start[last] + pieces.length[last])))
                pieces = cut(listens)
            done += int(pieces.kept.sum())
            self.longer += pieces.longer
            yield listens, pieces
            if done == self.most:
                return


def prepare_yambda(
    folder: Path,
    out: Path,
    progress: Progress | None = None,
    *,
    most: int | None = None,
    threshold: int = LISTENED,
    shard_sessions: int = SHARD_SESSIONS,
) -> Meta:
    """Write sessions of a folder with Yambda's files into the new folder `out`.

    Args:
        folder: with `listens.parquet`, `likes.parquet` and `dislikes.parquet`, as published, and
            with `embeddings.parquet`, without which the sound is absent.
        out: appears as a whole or not at all.
        progress: called now and then.
        most: only the first so many sessions, those of the first users.
        threshold: per cent of a track under which a listen is a skip.
        shard_sessions: sessions a shard.

    Raises:
        DataError: a file is missing or not as published, or there is no session.
    """
    check_new(out)
    told = progress or (lambda what, done: None)
    paths = {file: yambda.located(folder, file) for file in yambda.FILES}
    for file in (yambda.LISTENS, yambda.LIKES, yambda.DISLIKES):
        if paths[file] is None:
            raise DataError(folder / file, "no such file", "the file as Yambda publishes it")
    listens_path = _there(paths[yambda.LISTENS])
    reading = _Reading(listens_path, most)
    items, parts = _items(reading, told)
    listens, seconds = _listens(listens_path, items, told)
    sound_path = paths[yambda.EMBEDDINGS]
    told("the sound of the tracks", 0)
    sound = None if sound_path is None else read_sound(sound_path, items)
    known = Known(
        items=items,
        listens=listens,
        likes=yambda.events(_there(paths[yambda.LIKES])),
        dislikes=yambda.events(_there(paths[yambda.DISLIKES])),
    )
    first = "" if most is None else f", the first {most:,} sessions"
    held = Holding(
        columns=COLUMNS,
        tracks=_tracks(items, seconds, sound),
        title=f"{yambda.TITLE}{first} (a skip: less than {threshold} % played)",
        licence=yambda.LICENCE,
        arrays={} if sound is None else {FILE: sound.arrays},
        parts=parts,
    )
    pieces = _pieces(reading, known, threshold, told)
    return write_shards(
        out, pieces, held, shard_sessions=shard_sessions, longer=lambda: reading.longer
    )


def _there(path: Path | None) -> Path:
    assert path is not None
    return path


def _items(reading: _Reading, told: Progress) -> tuple[Numbers, Bytes]:
    """(T,) the tracks of all sessions, sorted, and (S,) the part of each session."""
    items = np.empty(0, dtype=np.int64)
    starts: list[Numbers] = []
    done = 0
    for listens, pieces in reading:
        items = np.union1d(items, listens.item[pieces.kept[pieces.owner]])
        starts.append(began(listens, pieces)[pieces.kept])
        done += len(listens)
        told("which tracks there are: listens", done)
    if not len(items):
        raise DataError(reading.path, "no two listens within 20 minutes", "at least one session")
    return items, parts_in_time(np.concatenate(starts))


def _listens(path: Path, items: Numbers, told: Progress) -> tuple[Keys, npt.NDArray[np.float32]]:
    """All listens of these tracks by track and time, sorted, and (T,) lengths of the tracks."""
    found = np.empty(yambda.rows_of(path), dtype=np.uint64)
    seconds = np.zeros(len(items), dtype=np.float32)
    done = 0
    wanted = (yambda.ITEM, yambda.TIME, yambda.SECONDS)
    for first, batch in yambda.batches(path, wanted):
        item, time, length = (yambda.whole_numbers(path, name, batch[name]) for name in wanted)
        at = np.minimum(np.searchsorted(items, item), len(items) - 1)
        there = items[at] == item
        seconds[at[there]] = np.minimum(length[there], LONGEST_TRACK)
        some = yambda.keys(item[there], time[there])
        found[done : done + len(some)] = some
        done += len(some)
        told("when they were listened to: listens", first)
    found = found[:done]
    found.sort()
    return found, seconds


def _tracks(items: Numbers, seconds: npt.NDArray[np.float32], sound: Sound | None) -> Tracks:
    ids = pl.Series(TRACK_KEY, items).cast(pl.String)
    columns = {"duration": pl.Series(seconds)}
    if sound is not None:
        columns |= {
            f"music_embedding_{i}": pl.Series(np.ascontiguousarray(values))
            for i, values in enumerate(sound.numbers.T)
        }
    return Tracks(pl.DataFrame({TRACK_KEY: ids, "track_name": "Track " + ids, **columns}))


def _pieces(reading: _Reading, known: Known, threshold: int, told: Progress) -> Iterator[Sessions]:
    done = 0
    for listens, pieces in reading:
        found = sessions(listens, pieces, known, threshold)
        done += len(found)
        told("sessions", done)
        if len(found):
            yield found
