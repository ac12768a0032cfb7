"""The ground truth of a studio catalogue: causes, their pixels, tastes; no model reads it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from PIL import Image

from relrec_core.errors import DataError
from relrec_core.products.data.catalogue import ITEM, USER
from relrec_core.products.studio.painting import Label

KIND, PATTERN, EMBLEM, COLOURWAY = "kind", "pattern", "emblem", "colourway"
FOLDER = "truth"
LABELS = f"{FOLDER}/labels"
ATTRIBUTES_FILE, TASTES_FILE = f"{FOLDER}/attributes.csv", f"{FOLDER}/tastes.csv"
CAUSES = {
    "also_viewed": PATTERN,
    "buy_after_viewing": EMBLEM,
    "also_bought": EMBLEM,
    "bought_together": COLOURWAY,
}
"""What, beside the kinds, makes two products related."""
PIXELS = {
    PATTERN: (Label.SURFACE,),
    EMBLEM: (Label.EMBLEM,),
    COLOURWAY: (Label.SURFACE, Label.TRIM),
}
"""Which pixels show a cause."""
LABEL_COLOURS = ((255, 255, 255), (200, 200, 200), (90, 140, 200), (240, 190, 90), (190, 40, 60))
"""How a label picture looks, by `Label`."""


@dataclass(frozen=True)
class Truth:
    """The planted causes of a studio catalogue.

    `attributes` has a row an item_id (kind, pattern, emblem, colourway), `tastes` a row a user_id:
    the share of purchases each cause led to, summing to 1.
    """

    folder: Path
    attributes: pd.DataFrame
    tastes: pd.DataFrame

    def labels(self, item: str) -> npt.NDArray[np.uint8]:
        """(H, W) `Label` of each pixel of the item's picture."""
        path = self.folder / LABELS / f"{item}.png"
        if item not in self.attributes.index or not path.is_file():
            raise DataError(path, f"no truth about '{item}'", "an item of this studio catalogue")
        with Image.open(path, formats=("PNG",)) as picture:
            return np.asarray(picture, dtype=np.uint8)

    def cause_mask(
        self, item: str, relation: str, side: int | None = None
    ) -> npt.NDArray[np.bool_]:
        """(H, W) True where the item's picture shows the cause of the relation.

        Args:
            item: item_id.
            relation: one of `CAUSES`; `DataError` otherwise.
            side: bring the mask to this many pixels; a pixel is True if at least half of it is.
        """
        if relation not in CAUSES:
            known = ", ".join(CAUSES)
            raise DataError(self.folder, f"relation '{relation}'", f"one with a cause: {known}")
        mask = np.isin(self.labels(item), PIXELS[CAUSES[relation]])
        if side is None or mask.shape == (side, side):
            return mask
        small = Image.fromarray(mask.astype(np.uint8) * 255).resize(
            (side, side), Image.Resampling.BOX
        )
        return np.asarray(small) >= 128


def load(folder: Path) -> Truth:
    """The truth in a studio catalogue's folder; `DataError` if it holds none."""
    tables = []
    for file, key in ((ATTRIBUTES_FILE, ITEM), (TASTES_FILE, USER)):
        path = folder / file
        if not path.is_file():
            raise DataError(path, "no such file", "a catalogue that the studio rendered")
        tables.append(pd.read_csv(path, dtype={key: str}, keep_default_na=False).set_index(key))
    return Truth(folder, *tables)
