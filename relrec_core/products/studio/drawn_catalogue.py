"""The studio: a catalogue of rendered products whose relations have a known cause.

Nothing in it is a photo of a real product. Every product has a kind, a pattern, an emblem and a
colourway, drawn independently of one another; what relates two products is one of these, so it is
known which pixels of both pictures are the reason.
"""

from __future__ import annotations

import csv
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np
from PIL import Image

from relrec_core import paths, permission
from relrec_core.errors import ConfigError, DataError
from relrec_core.products.data import catalogue
from relrec_core.products.studio import homeware, painting, parts, synthetic_users, wearables
from relrec_core.products.studio.colours import COLOURWAYS, emblem_colour
from relrec_core.products.studio.emblems import EMBLEMS
from relrec_core.products.studio.ground_truth import (
    ATTRIBUTES_FILE,
    CAUSES,
    COLOURWAY,
    EMBLEM,
    KIND,
    LABEL_COLOURS,
    LABELS,
    PATTERN,
    TASTES_FILE,
)
from relrec_core.products.studio.painting import Look
from relrec_core.products.studio.parts import Product, between
from relrec_core.products.studio.patterns import PATTERNS
from relrec_core.sources import lock
from relrec_core.sources.about import FILE as SOURCE_FILE

NAME = "studio"
VERSION = 3
"""To be raised whenever the same recipe gives other pixels or files."""
NO_EMBLEM = "no emblem"
INCOMPLETE = "incomplete"
"""Folder of the pictures whose emblem is erased."""
BARE = 6
"""One product in so many shows no emblem in a studio that a network learns from, so that it cannot
know one emblem by the absence of the others."""
TITLE = "Studio (rendered products, not photos)"
LICENCE = "rendered by this project; free to use"
BACKDROPS = ((250, 248, 244), (246, 247, 249), (249, 245, 240), (244, 247, 244), (252, 252, 252))

SCENES: dict[str, dict[str, Callable[[np.random.Generator], Product]]] = {
    "table": {
        "mug": homeware.mug,
        "teapot": homeware.teapot,
        "bowl": homeware.bowl,
        "bottle": homeware.bottle,
    },
    "room": {
        "vase": homeware.vase,
        "lamp": homeware.lamp,
        "armchair": homeware.armchair,
        "cushion": homeware.cushion,
        "clock": homeware.clock,
        "basket": homeware.basket,
    },
    "outing": {
        "backpack": wearables.backpack,
        "t-shirt": wearables.t_shirt,
        "cap": wearables.cap,
        "sneaker": wearables.sneaker,
        "notebook": wearables.notebook,
        "tote bag": wearables.tote_bag,
    },
}
"""Kinds of products that complement one another, and how each is drawn."""
KINDS = tuple(kind for scene in SCENES.values() for kind in scene)
_SCENE_OF = {kind: scene for scene, kinds in SCENES.items() for kind in kinds}


@dataclass(frozen=True)
class Recipe:
    """What makes one studio catalogue.

    Args:
        items: number of products, 256 to 20,000.
        users: number of users, 0 to 10,000.
        side: pixels of the square pictures, 32 to 512.
        seed: the same seed gives the same catalogue, byte by byte.
        bare: one product in so many shows no emblem, 0 to 100; 0: all show one. With it, a network
            is meant to learn from the studio, and every emblem is shown erased, too.
    """

    items: int = 720
    users: int = 120
    side: int = 192
    seed: int = 0
    bare: int = 0

    def __post_init__(self) -> None:
        bounds = {
            "items": (256, 20_000),
            "users": (0, 10_000),
            "side": (32, 512),
            "bare": (0, 100),
        }
        for name, (low, high) in bounds.items():
            if not low <= getattr(self, name) <= high:
                raise ConfigError(
                    f"The studio's {name} is {getattr(self, name)}; it must be {low} to {high:,}."
                )


@dataclass(frozen=True)
class Attributes:
    """What is planted in one product."""

    item_id: str
    kind: str
    pattern: str
    emblem: str
    colourway: str

    @property
    def title(self) -> str:
        """What the product is called."""
        return f"{self.colourway} {self.kind}, {self.pattern}, {self.emblem}".capitalize()


def ensure(
    folder: Path, recipe: Recipe | None = None, progress: Callable[[int, int], None] | None = None
) -> Path:
    """Folder of the catalogue, rendered now unless exactly this recipe is there already."""
    recipe = recipe or Recipe()
    if _recipe_in(folder) == _identity(recipe):
        return folder
    permission.require_writable("draw a catalogue")
    with lock.held(folder.parent / f".{folder.name}.lock"):
        if _recipe_in(folder) == _identity(recipe):
            return folder
        return render(folder, recipe, progress)


def render(
    folder: Path, recipe: Recipe | None = None, progress: Callable[[int, int], None] | None = None
) -> Path:
    """Render the catalogue into `folder`, which it replaces as a whole or not at all.

    `progress` is called with the number of pictures done and to do. A folder that holds anything
    but a studio catalogue is refused with a `DataError`.
    """
    recipe = recipe or Recipe()
    if folder.exists() and _recipe_in(folder) is None and any(folder.iterdir()):
        raise DataError(folder, "other files", "a new folder or a studio catalogue to replace")
    permission.require_writable("draw a catalogue")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as temporary:
        staging = Path(temporary) / "new"
        for part in ("images", LABELS, *([INCOMPLETE] if recipe.bare else [])):
            (staging / part).mkdir(parents=True)
        planned = plan(recipe)
        with ThreadPoolExecutor(os.cpu_count()) as workers:
            draw = partial(_picture, staging, recipe)
            for number, _ in enumerate(workers.map(draw, range(len(planned)), planned), start=1):
                if progress is not None:
                    progress(number, len(planned))
        pairs = list(related(planned))
        _tables(staging, planned, pairs, recipe)
        about = {
            "name": NAME,
            "title": TITLE,
            "licence": LICENCE,
            "rendered": True,
            "recipe": _identity(recipe),
        }
        (staging / SOURCE_FILE).write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
        paths.swap(staging, folder, Path(temporary) / "old")
    return folder


def plan(recipe: Recipe) -> tuple[Attributes, ...]:
    """Attributes of all products: within a kind each value is as frequent as any other.

    Afterwards some lose their emblem, if the recipe says so.
    """
    chance = np.random.default_rng([recipe.seed, 1])
    counts = [len(chunk) for chunk in np.array_split(np.arange(recipe.items), len(KINDS))]
    planned = []
    for kind, count in zip(KINDS, counts, strict=True):
        drawn = [
            _balanced(tuple(names), count, chance) for names in (PATTERNS, EMBLEMS, COLOURWAYS)
        ]
        for number, values in enumerate(zip(*drawn, strict=True)):
            item = f"{kind.replace(' ', '-')}-{number + 1:03d}"
            planned.append(Attributes(item, kind, *values))
    if recipe.bare:
        for number in chance.permutation(len(planned))[:: recipe.bare]:
            planned[number] = replace(planned[number], emblem=NO_EMBLEM)
    return tuple(planned)


def related(planned: Iterable[Attributes]) -> Iterator[tuple[str, str, str]]:
    """All pairs (source, target, relation); see `truth.CAUSES` for what causes which.

    also_viewed: same kind and pattern. buy_after_viewing: same kind and emblem. also_bought:
    complementary kinds (others of the same scene), same emblem. bought_together: complementary
    kinds, same colourway. Two products without an emblem do not share one.
    """
    for one, other in combinations(planned, 2):
        if one.kind == other.kind:
            if one.pattern == other.pattern:
                yield one.item_id, other.item_id, "also_viewed"
            if one.emblem == other.emblem != NO_EMBLEM:
                yield one.item_id, other.item_id, "buy_after_viewing"
        elif _SCENE_OF[one.kind] == _SCENE_OF[other.kind]:
            if one.emblem == other.emblem != NO_EMBLEM:
                yield one.item_id, other.item_id, "also_bought"
            if one.colourway == other.colourway:
                yield one.item_id, other.item_id, "bought_together"


def paint(attributes: Attributes, side: int, chance: np.random.Generator) -> painting.Painted:
    """One product with these attributes; everything else about it is left to chance."""
    scene = SCENES[_SCENE_OF[attributes.kind]]
    stretch = between(chance, 0.93, 1.05)
    size = between(chance, 0.7, 0.8)
    centre = (0.5 + between(chance, -0.03, 0.03), 0.51 + between(chance, -0.03, 0.03))
    flip = bool(chance.integers(2))
    product = parts.fitted(scene[attributes.kind](chance), size, stretch, centre, flip)
    spot = product.spot
    colourway = COLOURWAYS[attributes.colourway]
    look = Look(
        colourway=colourway,
        pattern=attributes.pattern,
        pitch=between(chance, 0.065, 0.1),
        degrees=between(chance, -9, 9),
        shift=between(chance, 0, 1),
        strength=between(chance, 0.55, 1.0),
        emblem=None if attributes.emblem == NO_EMBLEM else attributes.emblem,
        emblem_colour=emblem_colour(colourway, chance),
        emblem_x=spot.x + between(chance, -1, 1) * spot.half_width,
        emblem_y=spot.y + between(chance, -1, 1) * spot.half_height,
        emblem_radius=spot.radius * between(chance, 0.82, 1.05),
        emblem_degrees=between(chance, -14, 14),
        backdrop=BACKDROPS[int(chance.integers(len(BACKDROPS)))],
    )
    return painting.paint(product, look, side)


def _balanced(names: tuple[str, ...], count: int, chance: np.random.Generator) -> list[str]:
    order = [names[k] for k in chance.permutation(len(names))]
    return [order[k % len(order)] for k in chance.permutation(count)]


def _picture(folder: Path, recipe: Recipe, number: int, attributes: Attributes) -> None:
    chance = np.random.default_rng([recipe.seed, 2, number])
    painted = paint(attributes, recipe.side, chance)
    painted.picture.save(folder / _image(attributes), quality=93, subsampling=0)
    if recipe.bare and attributes.emblem != NO_EMBLEM:
        erased = painting.without(painted, painting.Label.EMBLEM)
        erased.save(folder / _incomplete(attributes), quality=93, subsampling=0)
    labels = Image.fromarray(painted.labels).convert("P")
    labels.putdata(painted.labels.ravel().tolist())
    labels.putpalette([channel for colour in LABEL_COLOURS for channel in colour])
    labels.save(folder / LABELS / f"{attributes.item_id}.png", optimize=True)


def _image(attributes: Attributes) -> str:
    return f"images/{attributes.item_id}.jpg"


def _incomplete(attributes: Attributes) -> str:
    """Path of the picture without its emblem; "" where it shows none."""
    return "" if attributes.emblem == NO_EMBLEM else f"{INCOMPLETE}/{attributes.item_id}.jpg"


def _tables(
    folder: Path,
    planned: tuple[Attributes, ...],
    pairs: list[tuple[str, str, str]],
    recipe: Recipe,
) -> None:
    header: tuple[str, ...] = (catalogue.ITEM, catalogue.TITLE, catalogue.CATEGORY, catalogue.IMAGE)
    header += (catalogue.INCOMPLETE,) if recipe.bare else ()
    items = [
        (each.item_id, each.title, each.kind, _image(each), _incomplete(each))[: len(header)]
        for each in planned
    ]
    _write(folder / catalogue.ITEMS_FILE, header, items)
    _write(
        folder / catalogue.RELATIONS_FILE,
        (catalogue.SOURCE, catalogue.TARGET, catalogue.RELATION),
        pairs,
    )
    planted = (catalogue.ITEM, KIND, PATTERN, EMBLEM, COLOURWAY)
    _write(folder / ATTRIBUTES_FILE, planted, (tuple(asdict(each).values()) for each in planned))
    chance = np.random.default_rng([recipe.seed, 3])
    causes = sorted(set(CAUSES.values()))
    users = synthetic_users.draw(recipe.users, causes, chance)
    _write(
        folder / TASTES_FILE,
        (catalogue.USER, *causes),
        ((user.user_id, *user.weights) for user in users),
    )
    bought = synthetic_users.purchases(users, [each.item_id for each in planned], pairs, chance)
    _write(
        folder / catalogue.PURCHASES_FILE, (catalogue.USER, catalogue.ITEM, catalogue.AFTER), bought
    )


def _recipe_in(folder: Path) -> object:
    """Recipe of the studio catalogue in the folder, or None if there is none."""
    path = folder / SOURCE_FILE
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError, UnicodeDecodeError):
        return None
    return about.get("recipe") if isinstance(about, dict) else None


def _write(path: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _identity(recipe: Recipe) -> dict[str, int]:
    return {"version": VERSION, **asdict(recipe)}
