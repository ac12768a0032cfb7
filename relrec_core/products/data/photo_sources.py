"""Public catalogues of product photos: where they are, under which licence, how they are brought.

Two come as one archive. Amazon's come by category: the metadata first, then each picture from its
own address, politely, going on where they stopped.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from relrec_core import paths, permission
from relrec_core.errors import DataError, RelRecError, SourceError, StorageError, storing
from relrec_core.products.data import amazon, catalogue, downloads, furnishings, groceries
from relrec_core.products.data.bundle import Bundle, opened
from relrec_core.products.data.catalogue import ITEMS_FILE, RELATIONS_FILE
from relrec_core.products.data.downloads import Manners, Tally
from relrec_core.products.data.new_catalogue import write_about
from relrec_core.sources import lock
from relrec_core.sources.download import Progress, download
from relrec_core.sources.fetch import require_space

MEGABYTE = 1_000_000
MOST_PRODUCTS = 5_000
"""Products of one of Amazon's categories, unless another number is asked for."""
_DEPARTMENTS = (
    *("Automotive", "Books", "CDs_and_Vinyl", "Cell_Phones_and_Accessories"),
    *("Clothing_Shoes_and_Jewelry", "Digital_Music", "Electronics", "Grocery_and_Gourmet_Food"),
    *("Home_and_Kitchen", "Kindle_Store", "Movies_and_TV", "Musical_Instruments"),
    *("Office_Products", "Patio_Lawn_and_Garden", "Pet_Supplies", "Sports_and_Outdoors"),
    *("Tools_and_Home_Improvement", "Toys_and_Games", "Video_Games"),
)
CATEGORIES = {
    "2014": (
        *_DEPARTMENTS,
        *("Amazon_Instant_Video", "Apps_for_Android", "Baby", "Beauty"),
        "Health_and_Personal_Care",
    ),
    "2018": (
        *_DEPARTMENTS,
        *("AMAZON_FASHION", "All_Beauty", "Appliances", "Arts_Crafts_and_Sewing", "Gift_Cards"),
        *("Industrial_and_Scientific", "Luxury_Beauty", "Magazine_Subscriptions"),
        *("Prime_Pantry", "Software"),
    ),
}
"""Edition -> names of the files of its metadata."""
_PLACES = {
    "2014": (
        "https://snap.stanford.edu/data/amazon/productGraph/categoryFiles",
        "https://mcauleylab.ucsd.edu/public_datasets/data/amazon/categoryFiles",
    ),
    "2018": (
        "https://mcauleylab.ucsd.edu/public_datasets/data/amazon_v2/metaFiles2",
        "https://jmcauley.ucsd.edu/data/amazon_v2/metaFiles2",
    ),
}
PATTERNS = {f"amazon-{edition}-CATEGORY": names for edition, names in CATEGORIES.items()}
AMAZON_LICENCE = "McAuley et al.: research use; photos and texts belong to their owners"
_AMAZON = re.compile(r"amazon-(\d{4})-(\w+)", re.ASCII)


@dataclass(frozen=True)
class PhotoSource:
    """A catalogue of photos.

    Args:
        urls: addresses of its archive or metadata, tried in order.
        size: bytes that the archive may have, packed or unpacked.
        marker: a file that its archive holds; empty for metadata.
        build: writes a catalogue from the archive's files.
        relations: what relates two products, a sentence or two.
    """

    name: str
    title: str
    licence: str
    licence_link: str
    urls: tuple[str, ...]
    size: int
    marker: str = ""
    build: Callable[[Bundle, Path, int], None] | None = None
    relations: str = ""

    @property
    def by_hand(self) -> str:
        """What a person can do when no place can be reached."""
        return (
            f"By hand: download {self.urls[0]} in a browser, then run: python3 scripts/fetch.py "
            f"{self.name} --from PATH_OF_THE_FILE"
        )


@dataclass(frozen=True)
class Fetched:
    """A catalogue's folder, and for one whose pictures come one by one how many came."""

    folder: Path
    pictures: Tally | None = None


ARCHIVES: dict[str, PhotoSource] = {
    source.name: source
    for source in (
        PhotoSource(
            name="furnishings",
            title="Furnishings in rooms (Tautkute et al. 2017)",
            licence=(
                "None stated; its authors write that the photos are property of IKEA and only "
                "allowed for non-commercial use."
            ),
            licence_link="https://github.com/IvonaTau/ikea",
            urls=(
                "https://github.com/IvonaTau/ikea/archive/"
                "6f316e3fecf8ce95069eaef5f2021405c536168a.zip",
                "https://github.com/IvonaTau/ikea/archive/refs/heads/master.zip",
            ),
            size=600 * MEGABYTE,
            marker=furnishings.TEXTS,
            build=furnishings.build,
            relations=furnishings.RELATIONS,
        ),
        PhotoSource(
            name="groceries",
            title="Grocery Store (Klasson et al. 2019)",
            licence="MIT",
            licence_link="https://github.com/marcusklasson/GroceryStoreDataset",
            urls=(
                "https://github.com/marcusklasson/GroceryStoreDataset/archive/refs/heads/master.zip",
            ),
            size=1_000 * MEGABYTE,
            marker=groceries.CLASSES,
            build=groceries.build,
            relations=groceries.RELATIONS,
        ),
    )
}


def find(name: str) -> PhotoSource | None:
    """The source of that name, or None if it is none of photos.

    Raises:
        SourceError: Amazon has no such edition or category.
    """
    asked = _AMAZON.fullmatch(name)
    if asked is None:
        return ARCHIVES.get(name)
    edition, category = asked.groups()
    if category not in CATEGORIES.get(edition, ()):
        known = ", ".join(CATEGORIES.get(edition, ())) or "those of 2014 and 2018"
        raise SourceError(f"Amazon's data have no '{category}' of {edition}; there are {known}.")
    return PhotoSource(
        name=name,
        title=f"Amazon {edition}, {category.replace('_', ' ')}",
        licence=AMAZON_LICENCE,
        licence_link="https://cseweb.ucsd.edu/~jmcauley/datasets.html",
        urls=tuple(f"{place}/meta_{category}.json.gz" for place in _PLACES[edition]),
        size=12_000 * MEGABYTE,
        relations="What Amazon's pages said: also bought, also viewed and the like.",
    )


def installed(name: str) -> Path | None:
    """Folder of a catalogue that was fetched, or None."""
    folder = paths.data_dir() / name
    there = all((folder / file).is_file() for file in (ITEMS_FILE, RELATIONS_FILE))
    return folder if there else None


def fetch(
    source: PhotoSource,
    *,
    origin: Path | None = None,
    limit: int = MOST_PRODUCTS,
    manners: Manners | None = None,
    progress: Progress | None = None,
) -> Fetched:
    """Bring a catalogue into the data directory; what is there already is not asked for again.

    Args:
        source: of `find`.
        origin: its archive, unpacked folder or metadata on this computer.
        limit: of a category that is larger, keep so many products, the best connected ones.
        manners: how to ask for pictures that come one by one.
        progress: told what is done.

    Raises:
        SourceError: it cannot be reached, is damaged, or is something else; says what to do.
        ReadOnlyError: in read-only mode.
        StorageError: it cannot be written.
    """
    folder = paths.data_dir() / source.name
    if installed(source.name) is None or (origin is not None and source.build):
        permission.require_writable(f"install {source.title}")
        work = paths.data_dir() / ".downloads" / source.name
        with storing(folder), lock.held(work / "lock"):
            if source.build:
                require_space(source.title, source.size)
            _install(source, folder, work, origin, limit, progress)
    if source.build:
        return Fetched(folder)

    def told(tally: Tally) -> None:
        if progress is not None:
            have = tally.there + tally.fetched
            progress(
                f"{have:,} pictures, {tally.dead + tally.failed:,} that cannot be had", 0, None
            )

    return Fetched(folder, downloads.fetch_all(folder, manners, told))


def _install(
    source: PhotoSource,
    folder: Path,
    work: Path,
    origin: Path | None,
    limit: int,
    progress: Progress | None,
) -> None:
    failures = []
    for url in source.urls if origin is None else (str(origin),):
        try:
            if origin is None:
                file = work / url.rpartition("/")[2]
                download(url, file, limit=source.size, progress=progress)
            if progress is not None:
                progress(f"installing {source.title}", 0, None)
            _convert(source, origin or file, folder, limit)
        except (StorageError, KeyboardInterrupt):
            raise
        except RelRecError as error:
            failures.append(f"{url}: {str(error).rstrip('.')}")
        else:
            if origin is None:
                file.unlink()
            return
    tried = "; ".join(failures)
    raise SourceError(f"{source.title} could not be obtained. Tried {tried}. {source.by_hand}")


def _convert(source: PhotoSource, file: Path, folder: Path, limit: int) -> None:
    if source.build is None:
        amazon.convert(file, folder, limit=limit)
        return
    bundle = opened(file, source.marker)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as temporary:
        staging = Path(temporary) / "new"
        staging.mkdir()
        source.build(bundle, staging, source.size)
        about = {
            "name": source.name,
            "title": source.title,
            "licence": source.licence,
            "licence_link": source.licence_link,
            "relations": source.relations,
        }
        write_about(staging, about)
        found = catalogue.load(staging)
        if len(found.left_out) > len(found.items):
            raise DataError(folder, f"{len(found.left_out):,} unusable pictures", "whole pictures")
        paths.swap(staging, folder, Path(temporary) / "old")
