"""Session data in memory: logs and track features in Spotify's schema, or the part of it there is.

`load` reads files from disk or from an upload. What does not fit in memory goes through
`prepare` and `Shards` instead, which give the same sessions.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import polars as pl

from relrec_core.errors import DataError, border, unreadable
from relrec_core.sessions.data import yambda
from relrec_core.sessions.data.encoding import Batch, Encoding
from relrec_core.sessions.data.readers import Block, Input
from relrec_core.sessions.data.reading import (
    PLAYS_AND_TRACKS,
    Seen,
    build,
    log_columns,
    longer,
    whole_sessions,
)
from relrec_core.sessions.data.schema import (
    LOG_COLUMNS,
    TRACK_KEY,
    Column,
    absent,
    missing,
    present,
)
from relrec_core.sessions.data.sessions import Fingerprint, Sessions, concatenate
from relrec_core.sessions.data.tracks import Tracks, joined_tracks, read_tracks, track_table

SUFFIXES = (".csv", ".csv.gz", ".parquet")
TRACKS_PREFIXES = ("tf_", "track")
"""How files of track features are called in a folder: Spotify's `tf_mini`, our `tracks`."""
DEEP = 4
"""Levels of folders in which tables are looked for."""
LICENCES = {
    True: "Simulated by RelRec: invented listeners and tracks, free to use.",
    False: "As the owner of the session logs says.",
}
"""Of simulated and of other data."""


@dataclass(frozen=True)
class SessionData:
    """Checked sessions with their tracks; `columns` says what each byte of their logs is.

    `terms` say who may use them, where that is known.
    """

    title: str
    simulated: bool
    content_hash: str
    columns: tuple[Column, ...]
    sessions: Sessions
    tracks: Tracks
    terms: str = ""

    @property
    def licence(self) -> str:
        """Who may use it, in words."""
        return self.terms or LICENCES[self.simulated]

    @property
    def names(self) -> tuple[str, ...]:
        """All columns of plays and tracks that the data has."""
        return tuple(c.name for c in (*self.columns, *self.tracks.columns))

    @property
    def absent(self) -> tuple[str, ...]:
        """Groups of inputs of which the data has nothing."""
        return absent(self.names)

    @property
    def missing(self) -> dict[str, tuple[str, ...]]:
        """For each incomplete group the columns that the data lacks."""
        return missing(self.names)

    def encoding(self) -> Encoding:
        """How to turn these sessions into numbers; its statistics are those of these tracks."""
        return Encoding.of(self.columns, self.tracks)

    def batch(self, encoding: Encoding | None = None) -> Batch:
        """All sessions as tensors, by their own encoding or that of another data set."""
        encoding = encoding or self.encoding()
        return encoding.encode(self.sessions, self.columns, encoding.table(self.tracks))


def load(logs: Sequence[Input], features: Sequence[Input] = (), title: str = "") -> SessionData:
    """Read session logs and track features; without the latter, each row carries its track's.

    Raises `DataError` naming file, line and column at the first problem.
    """
    return load_last(logs, features, title).data


@dataclass(frozen=True)
class Loaded:
    """The last sessions of logs with `total` sessions, `longer` of which had to be cut."""

    data: SessionData
    total: int
    longer: int = 0


def load_last(
    logs: Sequence[Input], features: Sequence[Input] = (), title: str = "", most: int | None = None
) -> Loaded:
    """The last `most` sessions or all; all are checked.

    Only what is returned is held in memory. Raises `DataError` as `load`.
    """
    with border(unreadable(logs[0].name if logs else "logs", "session logs")):
        columns = log_columns(logs)
        known = read_tracks(features) if features else None
        seen, total, cut = Seen(), 0, 0
        kept: deque[tuple[Block, int]] = deque()
        for file in logs:
            for block in whole_sessions(file, PLAYS_AND_TRACKS):
                piece = build(block, columns, known or joined_tracks([block]))
                seen.add(file, piece)
                kept.append((block, len(piece)))
                total += len(piece)
                cut += longer(block)
                while most is not None and sum(n for _, n in kept) - kept[0][1] >= most:
                    kept.popleft()
        tracks = known or joined_tracks(block for block, _ in kept)
        sessions = concatenate(build(block, columns, tracks) for block, _ in kept)
        if most is not None:
            sessions = sessions.take(slice(max(0, len(sessions) - most), None))
        return Loaded(_assembled(title or logs[0].name, columns, sessions, tracks), total, cut)


def load_frames(
    plays: pl.DataFrame, title: str, features: pl.DataFrame | None = None
) -> SessionData:
    """The same from data frames in the schema, such as the simulator's."""
    block = Block("plays", 1, plays)
    columns = present(plays.columns, LOG_COLUMNS)
    if features is None:
        tracks = joined_tracks([block])
    else:
        tracks = track_table(Block("tracks", 1, features))
    return _assembled(title, columns, build(block, columns, tracks), tracks)


def _assembled(
    title: str, columns: tuple[Column, ...], sessions: Sessions, tracks: Tracks
) -> SessionData:
    fingerprint, simulated = Fingerprint(), bool(sessions.causes.any())
    fingerprint.add(sessions)
    return SessionData(
        title=titled(title, simulated),
        simulated=simulated,
        content_hash=fingerprint.hexdigest(*identity(columns, tracks)),
        columns=columns,
        sessions=sessions,
        tracks=tracks,
    )


def titled(title: str, simulated: bool) -> str:
    """The title, which always says so if the data is simulated."""
    return f"{title} (simulated)" if simulated and "simulated" not in title.lower() else title


def identity(columns: tuple[Column, ...], tracks: Tracks) -> tuple[str, ...]:
    """What the content hash covers besides the sessions: the columns and the tracks' features."""
    names = ",".join(c.name for c in (*columns, *tracks.columns))
    ids = hashlib.sha256("\n".join(tracks.frame[TRACK_KEY]).encode())
    features = hashlib.sha256(np.ascontiguousarray(tracks.features()).data)
    return names, ids.hexdigest(), features.hexdigest()


def files_in(folder: Path) -> tuple[list[Path], list[Path]]:
    """Session logs and track features in a folder, by name; `DataError` if there are no logs.

    If the folder itself has neither, in its folders up to `DEEP`: Spotify's logs and features come
    in one each.
    """
    if not folder.is_dir():
        raise DataError(folder, "no such folder", "a folder of session logs")
    with border(unreadable(folder, "a folder of session logs")):
        levels = (folder.glob("/".join(["*"] * depth)) for depth in range(1, DEEP + 1))
        tables = (sorted(filter(_is_table, level)) for level in levels)
        files: list[Path] = next(filter(None, tables), [])
    if yambda.is_published(folder):
        raise DataError(folder, "Yambda as it is published", f"prepared sessions: {yambda.PREPARE}")
    features = [p for p in files if p.name.lower().startswith(TRACKS_PREFIXES)]
    logs = [p for p in files if p not in features]
    if not logs:
        raise DataError(folder, "no session logs", "CSV or Parquet files of session logs")
    return logs, features


def is_table_name(name: str) -> bool:
    """Whether a file of this name, with its folders, is a table that is not hidden."""
    parts = PurePosixPath(name).parts
    hidden = any(part.startswith((".", "__MACOSX")) for part in parts)
    return not hidden and name.lower().endswith(SUFFIXES)


def _is_table(path: Path) -> bool:
    return is_table_name(path.name) and not path.is_dir()


def load_folder(folder: Path, title: str = "") -> SessionData:
    """Read all logs of a folder; files named `tf_*` or `track*` hold the track features."""
    return load(*files_in(folder), title or folder.name)
