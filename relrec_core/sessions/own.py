"""Someone's own sessions: a folder, or files handed in, which stay in memory.

Nothing here writes or sends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from relrec_core.errors import DataError
from relrec_core.sessions.data import SUFFIXES, TRACKS_PREFIXES, SessionData, load, load_folder
from relrec_core.sessions.history import read_history
from relrec_core.sessions.sessions import Sessions, concatenate
from relrec_core.sessions.shards import META_FILE, Shards
from relrec_core.sessions.tables import Upload

MOST = 1000
"""Sessions that are looked at; of more, the last."""


@dataclass(frozen=True)
class Own:
    """Sessions, and in sentences what of the files is not among them."""

    data: SessionData
    notes: tuple[str, ...]


def from_folder(folder: Path) -> Own:
    """Session logs or prepared shards in a folder.

    Raises:
        DataError: there are none, or they are malformed.
    """
    if not (folder / META_FILE).is_file():
        return _last(load_folder(folder))
    shards = Shards.open(folder)
    meta = shards.meta
    pieces: list[Sessions] = []
    for shard in reversed(range(len(meta.shards))):
        pieces.insert(0, shards.read(shard))
        if sum(map(len, pieces)) >= MOST:
            break
    data = SessionData(
        title=meta.title,
        simulated=meta.simulated,
        content_hash=meta.content_hash,
        columns=shards.columns,
        sessions=concatenate(pieces),
        tracks=shards.tracks(),
    )
    return _last(data, meta.sessions)


def from_files(files: Sequence[Upload]) -> Own:
    """Session logs with or without files of track features, or a listener's streaming history.

    Raises:
        DataError: they are malformed, of another kind, or of both kinds at once.
    """
    if not files:
        raise DataError("upload", "no file", "session logs or a streaming history")
    history = [file for file in files if file.name.lower().endswith(".json")]
    if not history:
        return _from_logs(files)
    if len(history) < len(files):
        other = next(file for file in files if file not in history)
        raise DataError(
            other.name, "another kind of file beside a streaming history", "one kind at a time"
        )
    found = read_history(history)
    notes = [
        f"{words}: {count:,}."
        for words, count in (
            ("Plays", found.plays),
            ("Entries without music (podcasts, videos), left out", found.other),
            ("Tracks alone between two pauses, which form no session", found.left_over),
            ("Ways to begin or end a track that the model has not met", found.new_reasons),
        )
        if count
    ]
    own = _last(found.data)
    return Own(own.data, (*notes, *own.notes))


def _from_logs(files: Sequence[Upload]) -> Own:
    for file in files:
        if not file.name.lower().endswith(SUFFIXES):
            expected = "session logs as CSV or Parquet, or a streaming history as JSON"
            raise DataError(file.name, "another kind of file", expected)
    features = [f for f in files if f.name.lower().startswith(TRACKS_PREFIXES)]
    logs = [f for f in files if f not in features]
    if not logs:
        raise DataError(
            features[0].name, "track features only", "the session logs beside them, in other files"
        )
    return _last(load(logs, features))


def _last(data: SessionData, total: int | None = None) -> Own:
    found = len(data.sessions) if total is None else total
    if found <= MOST:
        return Own(data, ())
    kept = data.sessions.take(slice(len(data.sessions) - MOST, None))
    note = f"Of {found:,} sessions the last {MOST:,} are shown."
    return Own(replace(data, sessions=kept), (note,))
