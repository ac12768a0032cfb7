"""Explain all recommendations of a model at once: python -m relrec_core.explain WING

    python3 scripts/explain.py movies
    python3 scripts/explain.py movies --top 20 --out FOLDER
    python3 scripts/explain.py movies --run RUN --counterfactual --audit --out FOLDER
    python3 scripts/explain.py products --top 3 --out FOLDER
    python3 scripts/explain.py sessions --data FOLDER --out FOLDER
    python3 scripts/explain.py movies --out FOLDER --engine ray --address auto

The folder becomes a data set of Parquet files; SCHEMA.md in it says what is in the columns, and the
dashboard's Training page looks into those in the data directory. A job that was stopped or killed
goes on with the same command. Exit code 0: done; 1: failed, with a sentence;
130: stopped.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from relrec_core import commands, logs, paths
from relrec_core.batch import local, on_ray
from relrec_core.batch.dataset import NOTE, Dataset
from relrec_core.batch.job import Job
from relrec_core.batch.progress import Pace
from relrec_core.cores import cores
from relrec_core.errors import ConfigError, RelRecError
from relrec_core.runs import directory
from relrec_core.runs.directory import Run
from relrec_core.wings import WINGS


def main(arguments: list[str]) -> int:
    """Explain as `arguments` say; returns the exit code."""
    try:
        given = _parser().parse_args(arguments)
        logs.begin()
        rows, dataset = _explained(given)
        said = f"{rows:,} rows written to {dataset.folder}; SCHEMA.md there says what they hold."
        print(said)
        if NOTE in dataset.about.of:
            print(dataset.about.of[NOTE])
        return 0
    except KeyboardInterrupt:
        print("Stopped; the same command goes on from here.", file=sys.stderr)
        return 130
    except RelRecError as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = commands.parser("explain.py", __doc__)
    parser.add_argument("wing", choices=[*WINGS], help="whose model to explain")
    parser.add_argument(
        "--out", type=Path, help="folder of the data set (default: one that the dashboard lists)"
    )
    parser.add_argument("--run", help="name or folder of a run (default: the one that is shown)")
    parser.add_argument("--top", type=int, help="recommendations of each (10 movies, 3 products)")
    parser.add_argument(
        "--strongest", type=int, default=20, help="movies: contributions that are named (20)"
    )
    parser.add_argument(
        "--counterfactual",
        action="store_true",
        help="movies: the fewest liked movies without which another would stand first",
    )
    parser.add_argument(
        "--audit", action="store_true", help="also the deletion test of every row, which takes long"
    )
    parser.add_argument(
        "--histories",
        type=Path,
        metavar="FILE",
        help="movies: other users, of a Parquet or CSV file with user_id and item_id",
    )
    parser.add_argument(
        "--shortlist",
        type=int,
        metavar="N",
        help="movies: score only N candidates that an index finds for each user, and say what "
        "share of the best they hold (default: all, of more than a million movies 1,000)",
    )
    parser.add_argument("--data", default="", help="sessions: folder (default: new simulated ones)")
    parser.add_argument("--engine", choices=["local", "ray"], default="local")
    parser.add_argument("--address", help="of a Ray cluster, such as auto")
    parser.add_argument(
        "--processes", type=int, default=cores(), help="at once (default: one a core)"
    )
    return parser


def _explained(given: argparse.Namespace) -> tuple[int, Dataset]:
    if given.processes < 1 or given.strongest < 1 or (given.top is not None and given.top < 1):
        raise ConfigError("--processes, --top and --strongest are numbers from 1 on.")
    wing = WINGS[given.wing]
    run = _run(given)
    job = Job(module=wing.batch, run=run.path.resolve(), options=_options(given))
    folder = given.out or paths.explanations_dir() / f"{given.wing}-{run.name}"
    dataset = Dataset.prepared(folder, job, job.explained)
    dataset.tidied()
    sizes, missing = dataset.about.sizes, dataset.missing()
    with commands.shown(given.wing) as tell:
        before = sum(sizes) - sum(sizes[part] for part in missing)
        pace = Pace(tell, dataset.about.unit, sum(sizes), before)
        if given.engine == "ray":
            return on_ray.run(dataset, given.processes, pace, given.address), dataset
        return local.run(dataset, given.processes, pace), dataset


def _run(given: argparse.Namespace) -> Run:
    if given.run is None:
        return WINGS[given.wing].shown_run()
    return directory.named(given.wing, given.run)


def _options(given: argparse.Namespace) -> dict[str, bool | int | str]:
    """What the wing's rows depend on; defaults are the wing's own."""
    asked: dict[str, bool | int | str] = {"audit": True} if given.audit else {}
    if given.top is not None:
        asked["top"] = given.top
    if given.wing == "movies":
        asked |= {"strongest": given.strongest, "counterfactual": given.counterfactual}
        if given.shortlist is not None:
            asked["shortlist"] = given.shortlist
        if given.histories is not None:
            asked["histories"] = str(given.histories.resolve())
    if given.wing == "sessions":
        asked |= {"data": given.data}
    return asked


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
