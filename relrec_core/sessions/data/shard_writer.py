"""Write sessions that come in pieces as a folder of shards, as a whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

from relrec_core import paths, permission
from relrec_core.errors import DataError, storing
from relrec_core.sessions.data.dataset import identity, titled
from relrec_core.sessions.data.encoding import Encoding
from relrec_core.sessions.data.schema import Column, absent, missing
from relrec_core.sessions.data.sessions import (
    BY_ID,
    BY_TIME,
    PARTS,
    Bytes,
    Fingerprint,
    Sessions,
    concatenate,
    parts,
)
from relrec_core.sessions.data.shards import META_FILE, TRACKS_FILE, Meta, write_shard
from relrec_core.sessions.data.tracks import Tracks

SHARD_SESSIONS = 25_000


@dataclass(frozen=True)
class Holding:
    """What all sessions of a folder of shards have in common.

    `arrays` are further files of arrays, by name, that are kept beside them; `licence` says who
    may use the sessions, where that is known. `parts` (S,) holds the part of each session in their
    order, as `parts_in_time` gives it; without it, a checksum of the ids decides.
    """

    columns: tuple[Column, ...]
    tracks: Tracks
    title: str
    licence: str = ""
    arrays: Mapping[str, Mapping[str, npt.NDArray[np.float32]]] = field(default_factory=dict)
    parts: Bytes | None = None


def check_new(out: Path) -> None:
    """Raise `DataError` if there is anything called `out`."""
    if out.exists():
        raise DataError(out, "a folder or file of that name", "a new folder for the shards")


def write_shards(
    out: Path,
    pieces: Iterable[Sessions],
    held: Holding,
    *,
    shard_sessions: int = SHARD_SESSIONS,
    longer: Callable[[], int] = lambda: 0,
) -> Meta:
    """Write shards, tracks and `meta.json` into the folder `out`, which appears whole or never.

    Args:
        out: a new folder.
        pieces: the sessions, any number at a time.
        held: what they have in common.
        shard_sessions: sessions a shard.
        longer: how many sessions had to be cut; asked when all pieces have come.

    Raises:
        StorageError: it cannot be written.
        ReadOnlyError: in read-only mode.
    """
    permission.require_writable("store sessions")
    with storing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as temporary:
        work = Path(temporary) / "shards"
        work.mkdir()
        with paths.replacing(work / TRACKS_FILE) as path:
            held.tracks.frame.write_parquet(path)
        for name, arrays in held.arrays.items():
            with paths.replacing(work / name) as path:
                save_file(dict(arrays), path)
        meta = _written(work, _sized(pieces, shard_sessions), held)
        meta = meta.model_copy(update={"longer": longer()})
        paths.write_text(work / META_FILE, meta.to_json())
        shutil.move(work, out)
    return meta


def _sized(pieces: Iterable[Sessions], size: int) -> Iterator[Sessions]:
    """The same sessions in pieces of `size`; the last may be smaller."""
    waiting: list[Sessions] = []
    for piece in pieces:
        waiting.append(piece)
        if sum(map(len, waiting)) >= size:
            joined = concatenate(waiting)
            full = len(joined) // size * size
            for start in range(0, full, size):
                yield joined.take(slice(start, start + size))
            waiting = [joined.take(slice(full, None))] if full < len(joined) else []
    if waiting:
        yield concatenate(waiting)


def _written(folder: Path, shards: Iterator[Sessions], held: Holding) -> Meta:
    columns, tracks = held.columns, held.tracks
    fingerprint, simulated = Fingerprint(), False
    names: list[str] = []
    sizes: list[int] = []
    plays = skipped = 0
    found: Counter[int] = Counter()
    for number, sessions in enumerate(shards):
        names.append(f"sessions-{number:05d}.parquet")
        first = sum(sizes)
        sizes.append(len(sessions))
        told = None if held.parts is None else held.parts[first : first + len(sessions)]
        part = parts(sessions.ids) if told is None else told
        write_shard(folder / names[-1], sessions, part)
        fingerprint.add(sessions)
        found.update(part.tolist())
        plays += int(sessions.mask_b.sum())
        skipped += int(sessions.skipped.sum())
        simulated = simulated or bool(sessions.causes.any())
    have = tuple(c.name for c in (*columns, *tracks.columns))
    return Meta(
        title=titled(held.title, simulated),
        simulated=simulated,
        content_hash=fingerprint.hexdigest(*identity(columns, tracks)),
        encoding=Encoding.of(columns, tracks),
        shards=tuple(names),
        sizes=tuple(sizes),
        parts={part: found[i] for i, part in enumerate(PARTS)},
        tracks=len(tracks),
        plays=plays,
        skipped=skipped,
        absent=absent(have),
        missing=missing(have),
        licence=held.licence,
        split=BY_ID if held.parts is None else BY_TIME,
    )
