"""Someone's own sessions: a folder, or files handed in, which stay in memory.

Nothing here writes or sends.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from relrec_core.errors import DataError, border, unreadable
from relrec_core.sessions.data import scrobbles
from relrec_core.sessions.data.dataset import (
    SUFFIXES,
    TRACKS_PREFIXES,
    Loaded,
    SessionData,
    files_in,
    load_folder,
    load_last,
)
from relrec_core.sessions.data.history import History, read_history
from relrec_core.sessions.data.packed import unpacked
from relrec_core.sessions.data.plays import HEARD
from relrec_core.sessions.data.readers import MAXIMUM_UPLOAD_BYTES, Upload
from relrec_core.sessions.data.schema import LONGEST
from relrec_core.sessions.data.sessions import Part, Sessions, concatenate
from relrec_core.sessions.data.shards import META_FILE, Shards

MOST = 1000
"""Sessions that are looked at; of more, the last."""
NAMED = 5
"""Listeners that are named at the top; of more, the first."""


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
    with border(unreadable(folder, "a folder of session logs or prepared shards")):
        if not (folder / META_FILE).is_file():
            return _noted(load_last(*files_in(folder), folder.name, MOST))
        shards = Shards.open(folder)
        return _noted(Loaded(_last(shards, None), shards.meta.sessions, shards.meta.longer))


def unseen(folder: Path) -> Own:
    """The sessions of such a folder that are for the test: whatever was trained on it has not
    learnt from them.

    Raises:
        DataError: there are none, or they are malformed.
    """
    with border(unreadable(folder, "a folder of session logs or prepared shards")):
        if (folder / META_FILE).is_file():
            shards = Shards.open(folder)
            data, total = _last(shards, "test"), shards.meta.parts["test"]
        else:
            whole = load_folder(folder)
            test = whole.sessions.part("test")
            total = len(test)
            data = replace(whole, sessions=test.take(slice(max(0, total - MOST), None)))
        if not total:
            raise DataError(folder, "no session for the test", "some ten sessions or more")
        own = _noted(Loaded(data, total))
        return Own(
            data, ("Sessions that were kept for the test: none was learnt from.", *own.notes)
        )


def _last(shards: Shards, part: Part | None) -> SessionData:
    """The last `MOST` sessions of a part, or of all."""
    pieces: list[Sessions] = []
    for shard in reversed(range(len(shards.meta.shards))):
        pieces.insert(0, shards.read(shard, part))
        if sum(map(len, pieces)) >= MOST:
            break
    last = concatenate(pieces)
    return shards.data(last.take(slice(max(0, len(last) - MOST), None)))


def state_of(folder: Path) -> str:
    """Names, times and sizes of what is in a folder: another text when something changed.

    Raises:
        DataError: it cannot be listed.
    """
    with border(unreadable(folder, "a folder that may be read")):
        about = [(file.name, file.lstat()) for file in sorted(folder.iterdir())]
        return str([(name, stat.st_mtime, stat.st_size) for name, stat in about])


def from_files(files: Sequence[Upload]) -> Own:
    """Session logs with or without files of track features, or streaming histories.

    Each file may be packed in a zip archive.

    Raises:
        DataError: they are malformed, of another kind, or of both kinds at once.
        SourceError: an archive is damaged or too large.
    """
    if not files:
        raise DataError("upload", "no file", "session logs or a streaming history")
    if sum(len(file.content) for file in files) > MAXIMUM_UPLOAD_BYTES:
        limit = f"at most {MAXIMUM_UPLOAD_BYTES // 1_000_000} MB in all files together"
        size = f"{sum(len(file.content) for file in files) / 1e6:,.0f} MB"
        raise DataError("upload", size, f"{limit}; prepare larger data from a folder")
    files = unpacked(files)
    for file in files:
        if file.name.lower().endswith((*scrobbles.SUFFIXES, ".csv")):
            scrobbles.refuse(file)
    history = [file for file in files if file.name.lower().endswith(".json")]
    if not history:
        return _from_logs(files)
    if len(history) < len(files):
        other = next(file for file in files if file not in history)
        raise DataError(
            other.name, "another kind of file beside a streaming history", "one kind at a time"
        )
    return _from_history(read_history(history, MOST))


def _from_history(found: History) -> Own:
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
    if found.estimated:
        notes.append(
            f"{found.estimated:,} plays are from Spotify's account data, which does not say what "
            f"was skipped: of these, one of less than {HEARD.seconds} seconds counts as a skip."
        )
    if len(found.listeners) > 1:
        named = ", ".join(found.listeners[:NAMED])
        more = " and others" if len(found.listeners) > NAMED else ""
        notes.append(
            f"{len(found.listeners):,} listeners, whose sessions are kept apart: {named}{more}."
        )
    own = _noted(Loaded(found.data, found.sessions))
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
    return _noted(load_last(logs, features, most=MOST))


def _noted(loaded: Loaded) -> Own:
    notes = []
    if loaded.longer:
        notes.append(
            f"{loaded.longer:,} session{'s' if loaded.longer > 1 else ''} of more than {LONGEST} "
            f"tracks: cut into pieces of {LONGEST}, a single track at the end left out."
        )
    if loaded.total > MOST:
        notes.append(f"Of {loaded.total:,} sessions the last {MOST:,} are shown.")
    return Own(loaded.data, tuple(notes))
