"""Find data sets by name."""

from __future__ import annotations

from pathlib import Path

from relrec_core import paths
from relrec_core.errors import SourceError, shortened
from relrec_core.movies.data.interactions import LAYOUTS, MovieData, load
from relrec_core.movies.data.shares import Shares
from relrec_core.runs.card import DataCard
from relrec_core.sources.registry import SOURCES


def data_folder(dataset: str) -> Path:
    """Folder of a data set: one fetched by name, or any folder with ratings in a known layout."""
    for layout in LAYOUTS:
        if found := paths.named_folder(dataset, layout.interactions):
            return found
    if dataset in SOURCES:
        raise SourceError(
            f"{SOURCES[dataset].title} is not on this computer yet. Get it with "
            f"`python3 scripts/fetch.py {dataset}`, then load this page again."
        )
    raise SourceError(
        f"There is no data set '{shortened(dataset)}'. Name a folder that holds "
        f"{' or '.join(of.interactions for of in LAYOUTS)}, or one that "
        "`python3 scripts/fetch.py --list` shows."
    )


def open_data(dataset: str, shares: Shares | None = None) -> MovieData:
    """Read and check a data set by name or folder; all of it, or this process's share."""
    return load(data_folder(dataset), shares)


def data_card(data: MovieData) -> DataCard:
    """What a model card and a stored table say of the data."""
    ratings = len(data.ratings) + data.elsewhere
    counts = {"users": len(data.users), "movies": len(data.items), "ratings": ratings}
    return DataCard.of(data, counts)
