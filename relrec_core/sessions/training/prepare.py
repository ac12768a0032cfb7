"""Turn any number of log files into Parquet shards, in a streaming way and with bounded memory.

python -m relrec_core.sessions.training.prepare LOGS... --features FILES... --out FOLDER
python -m relrec_core.sessions.training.prepare yambda-50m --out FOLDER
python -m relrec_core.sessions.training.prepare --simulate SESSIONS --seed SEED --out FOLDER
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from relrec_core import paths
from relrec_core.errors import DataError, RelRecError, border, storing, unreadable
from relrec_core.sessions.data import yambda
from relrec_core.sessions.data.dataset import files_in, is_table_name
from relrec_core.sessions.data.readers import Block
from relrec_core.sessions.data.reading import Seen, build, log_columns, longer, whole_sessions
from relrec_core.sessions.data.schema import LONGEST, SPOTIFY_COLUMNS, Column
from relrec_core.sessions.data.sessions import Sessions
from relrec_core.sessions.data.shard_writer import (
    SHARD_SESSIONS,
    Holding,
    check_new,
    write_shards,
)
from relrec_core.sessions.data.shards import Meta
from relrec_core.sessions.data.tracks import Tracks, read_tracks, track_table
from relrec_core.sessions.data.yambda_sessions import LISTENED
from relrec_core.sessions.simulation import simulator
from relrec_core.sessions.simulation.catalogue import catalogue
from relrec_core.sessions.simulation.simulator import SimulationSettings
from relrec_core.sessions.training.prepare_yambda import prepare_yambda
from relrec_core.sources import archive

MAXIMUM_UNPACKED_BYTES = 20_000_000_000
"""Of an archive of session logs; Spotify's ten days of training logs have 15 GB."""

Progress = Callable[[str, int], None]
"""Called with what is read and how much of it so far."""


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
    check_new(out)
    first = inputs[0] if inputs else out
    with border(unreadable(first, "session logs")):
        columns = log_columns(inputs)
        tracks = read_tracks(features)
        logs = _Logs(inputs, columns, tracks, progress)
        return write_shards(
            out,
            logs,
            Holding(columns, tracks, title or "Prepared sessions"),
            shard_sessions=shard_sessions,
            longer=lambda: logs.longer,
        )


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
    check_new(out)
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
                progress(f"{title}: sessions", done)
            yield piece

    held = Holding(SPOTIFY_COLUMNS, tracks, title)
    return write_shards(out, pieces(), held, shard_sessions=shard_sessions)


@dataclass
class _Logs:
    """The sessions of log files, block by block; `longer` counts those that had to be cut."""

    inputs: Sequence[Path]
    columns: tuple[Column, ...]
    tracks: Tracks
    progress: Progress | None
    longer: int = 0

    def __iter__(self) -> Iterator[Sessions]:
        seen, done = Seen(), 0
        for file in self.inputs:
            for block in whole_sessions(file):
                piece = build(block, self.columns, self.tracks)
                seen.add(file, piece)
                done += len(piece)
                self.longer += longer(block)
                if self.progress is not None:
                    self.progress(f"{file.name}: sessions", done)
                yield piece


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit code and says on stderr what went wrong."""
    parser = argparse.ArgumentParser(
        prog="python -m relrec_core.sessions.training.prepare", description="Prepare session logs."
    )
    parser.add_argument(
        "logs", nargs="*", type=Path, help="CSV or Parquet files, a folder or a zip"
    )
    parser.add_argument("--features", nargs="+", type=Path, default=[], help="track features")
    parser.add_argument("--simulate", type=int, help="so many simulated sessions instead")
    parser.add_argument("--seed", type=int, default=0, help="of the simulation")
    parser.add_argument("--out", type=Path, required=True, help="a new folder for the shards")
    parser.add_argument("--sessions", type=int, help="of Yambda only the first so many sessions")
    parser.add_argument(
        "--skip-below",
        type=int,
        default=LISTENED,
        metavar="PER_CENT",
        help=f"of Yambda: a listen to less of the track is a skip (default {LISTENED})",
    )
    parser.add_argument("--title", default="", help="how the data is called on the dashboard")
    chosen = parser.parse_args(arguments)
    if (chosen.simulate is None) == (not chosen.logs):
        parser.error("give either session logs or --simulate")
    if chosen.sessions is not None and chosen.sessions < 1:
        parser.error("--sessions begins at 1")
    try:
        if chosen.simulate is not None:
            meta = prepare_simulated(chosen.simulate, chosen.out, _report, seed=chosen.seed)
        else:
            meta = _prepared(chosen)
    except (RelRecError, OSError) as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    cut = f"; {meta.longer:,} longer than {LONGEST} tracks were cut" if meta.longer else ""
    lacking = f"; absent: {', '.join(meta.absent)}" if meta.absent else ""
    sys.stderr.write("\n")
    sys.stdout.write(f"{meta.sessions:,} sessions in {len(meta.shards)} shards{cut}{lacking}\n")
    sys.stdout.write(
        f"Learn from them: python3 scripts/train.py sessions --dataset {chosen.out} --activate\n"
    )
    return 0


def _prepared(chosen: argparse.Namespace) -> Meta:
    logs, features = list(chosen.logs), list(chosen.features)
    if len(logs) == 1 and logs[0].suffix.lower() == ".zip":
        check_new(chosen.out)
        with storing(chosen.out):
            chosen.out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=chosen.out.parent) as temporary:
            unpack_logs(logs[0], Path(temporary))
            return prepare(
                *files_in(Path(temporary)), chosen.out, _report, title=chosen.title or logs[0].stem
            )
    folder = paths.named_folder(str(logs[0])) if len(logs) == 1 else None
    if folder is not None and yambda.is_published(folder):
        return prepare_yambda(
            folder, chosen.out, _report, most=chosen.sessions, threshold=chosen.skip_below
        )
    if folder is not None:
        logs, found = files_in(folder)
        features = features or found
    return prepare(logs, features, chosen.out, _report, title=chosen.title)


def unpack_logs(packed: Path, folder: Path) -> None:
    """Write the tables of a zip archive of session logs into a folder.

    Raises:
        DataError: there is no such archive, or no table in it.
        SourceError: it is damaged, hostile or too large.
    """
    if not packed.is_file():
        raise DataError(packed, "no such file", "a zip archive of session logs")
    tables = [name for name in sorted(archive.names(packed)) if is_table_name(name)]
    if not tables:
        raise DataError(packed, "no tables in it", "session logs as CSV or Parquet")
    archive.extract(packed, tables, folder, MAXIMUM_UNPACKED_BYTES)


def _report(what: str, done: int) -> None:
    sys.stderr.write(f"\r\033[K{what}: {done:,}" if done else f"\r\033[K{what} …")
    sys.stderr.flush()


if __name__ == "__main__":
    raise SystemExit(main())
