"""Settings that suit catalogues of photos, and how long a training with them takes here."""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from relrec_core import paths
from relrec_core.errors import DataError
from relrec_core.products.config import Config
from relrec_core.products.data.catalogue import ITEMS_FILE, RELATION, RELATIONS_FILE
from relrec_core.products.training.probe import STEP
from relrec_core.sources.about import about

_SEEING = {"trunk": "vgg16-conv", "weights": "vgg16-conv", "probe_epochs": 40, "augment": False}
RECOMMENDED, QUICK = "Recommended", "Quick look"
PRESETS: dict[str, dict[str, Any]] = {
    RECOMMENDED: _SEEING | {"epochs": 8, "learning_rate": 3e-5, "head_rate": 1e-3},
    QUICK: _SEEING | {"epochs": 1, "freeze": True, "head_rate": 1e-3},
}
"""For photos: the trunk has learnt to see, and learns on; or only the distances learn."""
MEANING = {
    RECOMMENDED: "The network goes on learning to see, from weights that know photos.",
    QUICK: "Only the distances are learnt; the network sees as it did before. Less accurate.",
}
BACKWARD = 3.1
"""Time of a step over that of seeing the same pictures, measured with VGG-16 on a processor."""
_BEGIN = 10.0
"""Seconds to load the libraries and the weights."""
_TRIED = 4
_ROWS = 1024


@dataclass(frozen=True)
class Size:
    """What a catalogue holds: products, rows of related pairs, and kinds of relation."""

    products: int
    pairs: int
    relations: int


def installed() -> dict[str, str]:
    """Names of the catalogues in the data directory, and their titles."""
    found = {}
    for items in sorted(paths.data_dir().glob(f"*/{ITEMS_FILE}")):
        if (items.parent / RELATIONS_FILE).is_file():
            try:
                title = about(items.parent).get("title", items.parent.name)
            except DataError as error:
                title = f"damaged: {error}"
            found[items.parent.name] = str(title)
    return found


def presets(dataset: str) -> Mapping[str, Mapping[str, Any]]:
    """Settings to choose from for a catalogue of photos, the recommended ones first.

    There are none for one that is rendered or not on this computer.
    """
    folder = _folder(dataset)
    if folder is None or about(folder).get("rendered") is True:
        return {}
    return PRESETS


def size(dataset: str) -> Size | None:
    """How large a catalogue is; None where it is not on this computer."""
    folder = _folder(dataset)
    if folder is None:
        return None
    with (folder / ITEMS_FILE).open(encoding="utf-8", errors="replace", newline="") as file:
        products = sum(1 for _ in csv.reader(file)) - 1
    with (folder / RELATIONS_FILE).open(encoding="utf-8", errors="replace", newline="") as file:
        related = [row.get(RELATION) for row in csv.DictReader(file)]
    return Size(products, len(related), len(set(related)))


def seconds(config: Config, of: Size) -> float:
    """About how long a training takes on this computer, tried on a few pictures.

    Two looks at all products, the passes over the pictures, and the steps of the distances alone.
    """
    import torch

    from relrec_core.products.model.trunks import TRUNKS, trunk

    net = trunk(config.trunk)
    x = torch.zeros(_TRIED, 3, config.side, config.side)
    x = x.contiguous(memory_format=torch.channels_last)
    features = torch.randn(_ROWS, TRUNKS[config.trunk].features)
    directions = torch.randn(TRUNKS[config.trunk].features, config.dim)
    with torch.no_grad():
        net(x[:1])
        seeing = _timed(lambda: net(x)) / _TRIED
        placing = _timed(lambda: features @ directions) / _ROWS * of.products
    passes = config.warm_epochs + config.guided_epochs + config.incomplete_epochs
    passes += 0 if config.freeze else config.epochs
    steps = config.epochs * math.ceil(of.products / config.batch_size)
    steps += config.probe_epochs * math.ceil(2 * 0.8 * of.pairs / STEP)
    pictures = of.products * (2 + BACKWARD * passes)
    return _BEGIN + pictures * seeing + steps * BACKWARD * of.relations * placing


def _timed(call: Callable[[], object]) -> float:
    """Seconds of work of this thread, one of those that share it, in the faster of two calls.

    What other programs take meanwhile does not count.
    """
    taken = []
    for _ in range(2):
        begun = time.thread_time()
        call()
        taken.append(time.thread_time() - begun)
    return min(taken)


def _folder(dataset: str) -> Path | None:
    return paths.named_folder(dataset, ITEMS_FILE, RELATIONS_FILE) if dataset else None
