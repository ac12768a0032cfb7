"""Fetch data: fetch.py --list | NAME | NAME --from PATH"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from relrec_core.errors import RelRecError
from scripts import environment


def main(arguments: list[str]) -> int:
    """Fetch or list as the arguments say; returns the exit code."""
    options = argparse.ArgumentParser(prog="fetch.py", description="Fetch data for RelRec.")
    options.add_argument("name", nargs="?", help="what to fetch; --list shows the names")
    options.add_argument("--list", action="store_true", help="show what can be fetched")
    options.add_argument(
        "--from",
        dest="origin",
        type=Path,
        metavar="PATH",
        help="archive or unpacked folder on this computer to take it from",
    )
    given = options.parse_args(arguments)
    if given.list == (given.name is not None) or (given.list and given.origin is not None):
        options.error("give either --list or a name")
    try:
        environment.enter(environment.RUNTIME)
        from relrec_core import logs  # needs what was installed

        logs.begin()
        if given.list:
            print_list()
        else:
            folder = fetch_with_progress(given.name, given.origin)
            print(f"{given.name} is installed in {folder}")
    except RelRecError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; the next start goes on from here.", file=sys.stderr)
        return 130
    return 0


def fetch_with_progress(name: str, origin: Path | None = None) -> Path:
    """Fetch with a progress bar on the terminal."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from relrec_core.sources import fetch

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TransferSpeedColumn(), transient=True) as bar:
        task = bar.add_task(f"fetching {name}", total=None)

        def show(what: str, done: int, total: int | None) -> None:
            bar.update(task, description=what, completed=done, total=total)

        return fetch.fetch(name, origin=origin, progress=show)


def print_list() -> None:
    """Print a table of everything that can be fetched."""
    from rich.console import Console
    from rich.table import Table

    from relrec_core.sources import fetch
    from relrec_core.sources.registry import SOURCES

    table = Table(show_lines=True)
    for column in ("name", "title", "licence", "installed"):
        table.add_column(column, overflow="fold")
    for source in SOURCES.values():
        folder = fetch.installed(source.name)
        licence = f"{source.licence}\n{source.licence_link}"
        table.add_row(source.name, source.title, licence, str(folder) if folder else "no")
    Console().print(table)
