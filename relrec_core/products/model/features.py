"""What the trunk sees in every product: features (N, F), computed once and stored."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from relrec_core import paths
from relrec_core.errors import ConfigError, SourceError
from relrec_core.products.config import Config
from relrec_core.products.data.pictures import Pictures
from relrec_core.runs.tensors import LARGE
from relrec_core.sources import weights as stored_weights

FEATURES = "features"
"""Name of the features in a checkpoint."""
BATCH = 32
FROM_NOTHING = "white"
"""How a trunk without initial weights wants pictures normalised."""


@torch.no_grad()
def features(
    trunk: nn.Sequential,
    pictures: Pictures,
    device: torch.device,
    between: Callable[[], None] = lambda: None,
    rows: npt.NDArray[np.int64] | None = None,
    in_bfloat16: bool = False,
    folder: Path | None = None,
) -> Tensor:
    """(N, F), of all products or of the rows given.

    Args:
        trunk: read in evaluation mode.
        pictures: of the catalogue.
        device: to compute on.
        between: called between two batches; may raise to stop.
        rows: of the catalogue.
        in_bfloat16: rougher and faster, for use while training.
        folder: where very many features are kept, in a file without a name, instead of in memory.
    """
    wanted = np.arange(len(pictures)) if rows is None else rows
    was_training = trunk.training
    trunk.eval()
    try:
        seen = torch.empty(0, device=device)
        for start in range(0, len(wanted), BATCH):
            between()
            x = pictures.batch(wanted[start : start + BATCH]).to(device)
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=in_bfloat16):
                found = trunk(x).float()
            if not start:
                seen = _room(len(wanted), found, folder)
            seen[start : start + len(found)] = found
        return seen
    finally:
        trunk.train(was_training)


def _room(count: int, like: Tensor, folder: Path | None) -> Tensor:
    """(count, F) for rows like these (n, F): in memory, or mapped where they are many."""
    shape = (count, like.shape[1])
    if folder is None or like.device.type != "cpu" or 4 * math.prod(shape) < LARGE:
        return like.new_empty(shape)
    with tempfile.TemporaryFile(dir=folder) as file:
        return torch.from_numpy(np.memmap(file, np.float32, "w+", shape=shape))


def initial(trunk: nn.Sequential, config: Config) -> str:
    """Give the trunk its initial weights; returns how they want pictures normalised.

    Raises:
        SourceError: the weights are not on this computer.
        ConfigError: they are of another trunk.
    """
    if not config.weights:
        return FROM_NOTHING
    folder = paths.data_dir() / config.weights
    if not (folder / stored_weights.FILE).is_file():
        raise SourceError(
            f"The weights '{config.weights}' are not on this computer yet. Get them with "
            f"`python3 scripts/fetch.py {config.weights}`."
        )
    loaded = stored_weights.load(folder)
    own = trunk.state_dict()
    fitting = {name: value for name, value in loaded.tensors.items() if name in own}
    wrong = [n for n, v in fitting.items() if v.shape != own[n].shape] or [
        name for name in own if name not in fitting
    ]
    if wrong:
        raise ConfigError(
            f"The weights '{config.weights}' do not fit the trunk '{config.trunk}': layer "
            f"{wrong[0]} is missing or has another shape. Choose vgg16-conv or vgg16."
        )
    if not all(bool(value.isfinite().all()) for value in fitting.values()):
        raise SourceError(f"The weights '{config.weights}' hold values that are not numbers.")
    trunk.load_state_dict(fitting)
    return loaded.normalisation


def mixed(precision: Literal["auto", "full", "mixed"], device: torch.device) -> bool:
    """Whether to train in bfloat16: as asked, or where the device computes it fast."""
    if precision != "auto":
        return precision == "mixed"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported())
