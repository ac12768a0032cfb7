"""Turn any number of log files into Parquet shards, in a streaming way and with bounded memory.

python -m relrec_core.sessions.training.prepare LOGS... --features FILES... --out FOLDER
python -m relrec_core.sessions.training.prepare --simulate SESSIONS --seed SEED --out FOLDER
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from relrec_core import paths, permission
from relrec_core.errors import DataError, RelRecError, border, storing, unreadable
from relrec_core.sessions.data.dataset import files_in, identity, titled
from relrec_core.sessions.data.encoding import Encoding
from relrec_core.sessions.data.readers import Block
from relrec_core.sessions.data.reading import Seen, build, log_columns, whole_sessions
from relrec_core.sessions.data.schema import SPOTIFY_COLUMNS, Column, absent, missing
from relrec_core.sessions.data.sessions import PARTS, Fingerprint, Sessions, concatenate, parts
from relrec_core.sessions.data.shards import META_FILE, TRACKS_FILE, Meta, write_shard
from relrec_core.sessions.data.tracks import Tracks, read_tracks, track_table
from relrec_core.sessions.simulation import simulator
from relrec_core.sessions.simulation.catalogue import catalogue
from relrec_core.sessions.simulation.simulator import SimulationSettings

SHARD_SESSIONS = 25_000

Progress = Callable[[str, int], None]
"""Called with the log file being read and the sessions prepared so far."""


def prepare(
    inputs: Sequence[Path],
    features: Sequence[Path],
    out: Path,
    progress: Progress | None = None,
    *,
    title: str = "",
    shard_sessions: int = SHARD_SESSIONS,
) -> Meta:
    """Read logs and track features, write shards, tracks and `meta.json` into the folder `out`.

    The folder appears as a whole or not at all; one that is there already is refused. Raises
    `DataError` naming file, line and column at the first problem in the data.
    """
    _check_new(out)
    first = inputs[0] if inputs else out
    with border(unreadable(first, "session logs")):
        columns = log_columns(inputs)
        tracks = read_tracks(features)
        pieces = _pieces(inputs, columns, tracks, progress)
        return _stored(out, pieces, columns, tracks, title or "Prepared sessions", shard_sessions)


def prepare_simulated(
    sessions: int,
    out: Path,
    progress: Progress | None = None,
    *,
    seed: int = 0,
    settings: SimulationSettings | None = None,
    shard_sessions: int = SHARD_SESSIONS,
) -> Meta:
    """Simulate sessions straight into shards, the same as from the simulator's own files."""
    _check_new(out)
    settings = settings or SimulationSettings()
    music = catalogue(settings.tracks, seed)
    tracks = track_table(Block("simulated tracks", 1, music.frame))
    title = simulator.title(seed)

    def pieces() -> Iterator[Sessions]:
        done = 0
        for frame in simulator.blocks(sessions, seed, settings, music):
            piece = build(Block("simulated logs", 1, frame), SPOTIFY_COLUMNS, tracks)
            done += len(piece)
            if progress is not None:
                progress(title, done)
            yield piece

    return _stored(out, pieces(), SPOTIFY_COLUMNS, tracks, title, shard_sessions)


def _check_new(out: Path) -> None:
    if out.exists():
        raise DataError(out, "a folder or file of that name", "a new folder for the shards")


def _stored(
    out: Path,
    pieces: Iterator[Sessions],
    columns: tuple[Column, ...],
    tracks: Tracks,
    title: str,
    shard_sessions: int,
) -> Meta:
    permission.require_writable("store sessions")
    with storing(out):
        out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}.", dir=out.parent) as temporary:
        work = Path(temporary) / "shards"
        work.mkdir()
        with paths.replacing(work / TRACKS_FILE) as path:
            tracks.frame.write_parquet(path)
        meta = _written(work, _sized(pieces, shard_sessions), columns, tracks, title)
        paths.write_text(work / META_FILE, meta.to_json())
        shutil.move(work, out)
    return meta


def _pieces(
    inputs: Sequence[Path],
    columns: tuple[Column, ...],
    tracks: Tracks,
    progress: Progress | None,
) -> Iterator[Sessions]:
    seen, done = Seen(), 0
    for file in inputs:
        for block in whole_sessions(file):
            piece = build(block, columns, tracks)
            seen.add(file, piece)
            done += len(piece)
            if progress is not None:
                progress(file.name, done)
            yield piece


def _sized(pieces: Iterator[Sessions], size: int) -> Iterator[Sessions]:
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


def _written(
    folder: Path,
    shards: Iterator[Sessions],
    columns: tuple[Column, ...],
    tracks: Tracks,
    title: str,
) -> Meta:
    fingerprint, simulated = Fingerprint(), False
    names: list[str] = []
    sizes: list[int] = []
    plays = skipped = 0
    found: Counter[int] = Counter()
    for number, sessions in enumerate(shards):
        names.append(f"sessions-{number:05d}.parquet")
        write_shard(folder / names[-1], sessions)
        fingerprint.add(sessions)
        sizes.append(len(sessions))
        found.update(parts(sessions.ids).tolist())
        plays += int(sessions.mask_b.sum())
        skipped += int(sessions.skipped.sum())
        simulated = simulated or bool(sessions.causes.any())
    have = tuple(c.name for c in (*columns, *tracks.columns))
    return Meta(
        title=titled(title, simulated),
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
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code and says on stderr what went wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m relrec_core.sessions.training.prepare", description="Prepare session logs."
    )
    parser.add_argument("logs", nargs="*", type=Path, help="CSV or Parquet files, or one folder")
    parser.add_argument("--features", nargs="+", type=Path, default=[], help="track features")
    parser.add_argument("--simulate", type=int, help="so many simulated sessions instead")
    parser.add_argument("--seed", type=int, default=0, help="of the simulation")
    parser.add_argument("--out", type=Path, required=True, help="a new folder for the shards")
    parser.add_argument("--title", default="", help="how the data is called on the dashboard")
    chosen = parser.parse_args(arguments)
    if (chosen.simulate is None) == (not chosen.logs):
        parser.error("give either session logs or --simulate")
    try:
        if chosen.simulate is not None:
            meta = prepare_simulated(chosen.simulate, chosen.out, _report, seed=chosen.seed)
        else:
            logs, features = list(chosen.logs), list(chosen.features)
            if len(logs) == 1 and logs[0].is_dir():
                logs, found = files_in(logs[0])
                features = features or found
            meta = prepare(logs, features, chosen.out, _report, title=chosen.title)
    except (RelRecError, OSError) as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    lacking = f"; absent: {', '.join(meta.absent)}" if meta.absent else ""
    sys.stderr.write("\n")
    sys.stdout.write(f"{meta.sessions:,} sessions in {len(meta.shards)} shards{lacking}\n")
    return 0


def _report(file: str, sessions: int) -> None:
    sys.stderr.write(f"\r{file}: {sessions:,} sessions")
    sys.stderr.flush()


if __name__ == "__main__":
    raise SystemExit(main())
