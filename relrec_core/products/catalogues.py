"""Find catalogues by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from relrec_core import paths
from relrec_core.errors import SourceError, shortened
from relrec_core.products.data import catalogue, recomposed
from relrec_core.products.data.catalogue import ITEMS_FILE, Catalogue
from relrec_core.products.studio import drawn_catalogue
from relrec_core.runs.card import DataCard

STUDIO = "studio"
SHIPPED_STUDIO = paths.ASSETS / "products" / STUDIO
_OTHER_STUDIO = re.compile(rf"{STUDIO}-(\d+)-(\d+)")
"""`studio-ITEMS-SEED`."""

Progress = Callable[[int, int], None]


def catalogue_folder(dataset: str, progress: Progress | None = None) -> Path:
    """Folder of a catalogue by name or path; a studio is rendered when it is first asked for.

    Raises:
        SourceError: there is none.
        ConfigError: a studio of that size cannot be rendered.
    """
    if dataset == STUDIO:
        return SHIPPED_STUDIO
    if found := _OTHER_STUDIO.fullmatch(dataset):
        recipe = drawn_catalogue.Recipe(
            items=int(found[1]), seed=int(found[2]), bare=drawn_catalogue.BARE
        )
        return drawn_catalogue.ensure(paths.data_dir() / dataset, recipe, progress)
    if folder := paths.named_folder(dataset, ITEMS_FILE):
        return folder
    if (found := recomposed.NAME.fullmatch(dataset)) and (
        source := paths.named_folder(found[1], ITEMS_FILE)
    ):
        target = paths.data_dir() / f"{source.name}-{found[2]}"
        return recomposed.recompose(catalogue.load(source), found[2], target)
    raise SourceError(
        f"There is no catalogue '{shortened(dataset)}'. Name a folder that holds {ITEMS_FILE}, "
        f"or '{STUDIO}'."
    )


def open_catalogue(dataset: str, progress: Progress | None = None) -> Catalogue:
    """Read and check a catalogue by name or folder."""
    return catalogue.load(catalogue_folder(dataset, progress))


def data_card(catalogue: Catalogue) -> DataCard:
    """What a model card and a stored table say of the data."""
    counts = {"items": len(catalogue.items), "pairs": len(catalogue.relations)}
    return DataCard.of(catalogue, counts, catalogue.rendered)
