"""Rendered products for people: drawn again from their recipe, larger than what networks read."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from relrec_core import paths, permission
from relrec_core.errors import ConfigError
from relrec_core.products.data import images
from relrec_core.products.data.images import ImageError
from relrec_core.products.studio.drawn_catalogue import VERSION, Attributes, Recipe, paint, plan
from relrec_core.sources.about import about

SIDE = 512
"""Pixels."""
FOLDER = ".redrawn"
"""In the data directory; it may be deleted at any time."""


def large(folder: Path, item: str, side: int = SIDE) -> Image.Image | None:
    """The product's picture, a square of `side` pixels, drawn now and kept, or as it was kept.

    None where the folder's catalogue was not drawn by this version, or holds no such product.
    """
    recipe = _recipe(folder)
    if recipe is None:
        return None
    number, attributes = _planned(recipe).get(item, (0, None))
    if attributes is None:
        return None
    told = json.dumps([VERSION, vars(recipe), side])
    kept = paths.data_dir() / FOLDER / hashlib.sha256(told.encode()).hexdigest()[:16]
    file = kept / f"{attributes.item_id}.png"
    if file.is_file():
        try:
            return images.read(file, side)
        except ImageError:
            file.unlink(missing_ok=True)  # it is drawn anew
    chance = np.random.default_rng([recipe.seed, 2, number])
    picture = paint(attributes, side, chance).picture
    if not permission.read_only():
        with paths.replacing(file) as temporary:
            picture.save(temporary, format="PNG", compress_level=3)
    return picture


def _recipe(folder: Path) -> Recipe | None:
    said = about(folder).get("recipe")
    if not isinstance(said, dict) or said.get("version") != VERSION:
        return None
    names = tuple(Recipe.__dataclass_fields__)
    numbers = {name: said[name] for name in names if isinstance(said.get(name), int)}
    if len(numbers) < len(names):
        return None
    try:
        return Recipe(**numbers)
    except ConfigError:
        return None


@lru_cache(maxsize=4)
def _planned(recipe: Recipe) -> dict[str, tuple[int, Attributes]]:
    """Number and attributes of each product by its id."""
    return {each.item_id: (number, each) for number, each in enumerate(plan(recipe))}
