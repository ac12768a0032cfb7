"""Fetch data: fetch.py --list | NAME | NAME --from PATH | NAME --limit N"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from relrec_core.errors import RelRecError, SourceError
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
    options.add_argument(
        "--limit",
        type=int,
        metavar="N",
        help="of one of Amazon's categories keep at most so many products (default 5000)",
    )
    given = options.parse_args(arguments)
    if given.limit is not None and given.limit < 2:
        options.error("--limit begins at 2")
    if given.list == (given.name is not None) or (given.list and given.origin is not None):
        options.error("give either --list or a name")
    try:
        environment.enter(environment.RUNTIME)
        from relrec_core import logs  # needs what was installed

        logs.begin()
        if given.list:
            print_list()
        else:
            folder, note = fetch_with_progress(given.name, given.origin, given.limit)
            print(f"{given.name} is installed in {folder}{note}")
    except RelRecError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped; the next start goes on from here.", file=sys.stderr)
        return 130
    return 0


def fetch_with_progress(
    name: str, origin: Path | None = None, limit: int | None = None
) -> tuple[Path, str]:
    """Fetch with a progress bar on the terminal; the folder, and what is to be said of it."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    from relrec_core.products.data import photo_sources
    from relrec_core.sessions.data import yambda, yambda_source
    from relrec_core.sources import fetch
    from relrec_core.sources.registry import SOURCES

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TransferSpeedColumn(), transient=True) as bar:
        task = bar.add_task(f"fetching {name}", total=None)

        def show(what: str, done: int, total: int | None) -> None:
            bar.update(task, description=what, completed=done, total=total)

        if name == yambda.NAME:
            folder = yambda_source.fetch(origin, show)
            return folder, f". Make sessions of it: {yambda.PREPARE}"
        photos = photo_sources.find(name)
        if photos is None:
            if name not in SOURCES:
                photographed = (*photo_sources.ARCHIVES, *photo_sources.PATTERNS)
                known = ", ".join((*SOURCES, yambda.NAME, *photographed))
                raise SourceError(f"There is no source '{name}'; the known ones are {known}.")
            return fetch.fetch(name, origin=origin, progress=show), ""
        most = photo_sources.MOST_PRODUCTS if limit is None else limit
        found = photo_sources.fetch(photos, origin=origin, limit=most, progress=show)
    tally = found.pictures
    if tally is None:
        return found.folder, ""
    have = tally.there + tally.fetched - tally.shared
    note = f" with {have:,} pictures; {tally.dead + tally.shared:,} do not exist any more"
    if tally.failed:
        note += f", and {tally.failed:,} could not be had now: the same command tries them again"
    return found.folder, note


def print_list() -> None:
    """Print a table of everything that can be fetched."""
    from rich.console import Console
    from rich.table import Table

    from relrec_core.products.data import photo_sources
    from relrec_core.sessions.data import yambda, yambda_source
    from relrec_core.sources import fetch
    from relrec_core.sources.registry import SOURCES

    table = Table(show_lines=True)
    for column in ("name", "title", "licence", "installed"):
        table.add_column(column, overflow="fold")
    for source in SOURCES.values():
        folder = fetch.installed(source.name)
        licence = f"{source.licence}\n{source.licence_link}"
        table.add_row(source.name, source.title, licence, str(folder) if folder else "no")
    folder = yambda_source.installed()
    licence = f"{yambda.LICENCE}\n{yambda.LICENCE_LINK}"
    table.add_row(yambda.NAME, yambda.TITLE, licence, str(folder) if folder else "no")
    for photos in photo_sources.ARCHIVES.values():
        folder = photo_sources.installed(photos.name)
        licence = f"{photos.licence}\n{photos.licence_link}"
        table.add_row(photos.name, photos.title, licence, str(folder) if folder else "no")
    for pattern, categories in photo_sources.PATTERNS.items():
        title = f"Amazon by category: {', '.join(categories)}"
        table.add_row(pattern, title, photo_sources.AMAZON_LICENCE, "")
    Console().print(table)
