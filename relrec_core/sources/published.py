"""A published recommender and its published explainer, brought to one form: safetensors.

The checkpoints that LXR (Gurevitch et al., WWW 2024) and later measurements of explanations
share, read as tensors and nothing else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from relrec_core.errors import SourceError
from relrec_core.sources.layout import Layout
from relrec_core.sources.weights import Arrays, state_dict

COMMIT = "3226c7deeef881b804d7161883a0ddad860b968c"
FILES = ("recommender.safetensors", "lxr.safetensors")
CHECKPOINTS = (
    "MLP1_ML1M_0.0076_256_7.pt",
    "LXR_ML1M_MLP_12_39_64_11.59908096547193_0.1414854294885049.pt",
)
_TOWERS = ("users_fc.weight", "users_fc.bias", "items_fc.weight", "items_fc.bias")
_BOTTLENECK = tuple(f"bottleneck.{n}.{part}" for n in (1, 3) for part in ("weight", "bias"))
TENSORS = (_TOWERS, _TOWERS + _BOTTLENECK)
"""Names in each of the files."""


@dataclass(frozen=True, eq=False)
class Published:
    """Tensors by name, of the recommender and of the explainer."""

    tensors: tuple[Arrays, Arrays]

    def content_hash(self) -> str:
        """SHA-256 over names, shapes and numbers, whatever the container."""
        digest = hashlib.sha256()
        for arrays in self.tensors:
            for name, array in sorted(arrays.items()):
                digest.update(f"{name} {array.shape}\n".encode())
                digest.update(np.ascontiguousarray(array, dtype="<f4").tobytes())
        return digest.hexdigest()

    def write(self, folder: Path) -> None:
        """Both as safetensors."""
        for file, arrays in zip(FILES, self.tensors, strict=True):
            save_file(arrays, folder / file)


def load(folder: Path) -> Published:
    """Tensors of an installed copy; `SourceError` if they are damaged."""
    return _published(folder, FILES, _safe)


def parse_checkpoints(folder: Path) -> Published:
    """The two checkpoints as they are published."""
    return _published(folder, CHECKPOINTS, _checkpoint)


LAYOUTS = (
    Layout(f"CE4RS-Eval-{COMMIT}/checkpoints", CHECKPOINTS, parse_checkpoints),
    Layout("", FILES, load),
)


def _published(folder: Path, files: tuple[str, ...], read: Callable[[Path], Arrays]) -> Published:
    recommender, explainer = (
        _named(folder / file, read(folder / file), names)
        for file, names in zip(files, TENSORS, strict=True)
    )
    return Published((recommender, explainer))


def _safe(path: Path) -> Arrays:
    try:
        return load_file(path)
    except (OSError, SafetensorError, ValueError, TypeError) as error:
        raise SourceError(f"{path.name} cannot be read ({error}).") from error


def _checkpoint(path: Path) -> Arrays:
    return {name: tensor.float().numpy() for name, tensor in state_dict(path).items()}


def _named(path: Path, found: Arrays, names: tuple[str, ...]) -> Arrays:
    missing = [name for name in names if name not in found]
    if missing:
        raise SourceError(f"{path.name} has no tensor '{missing[0]}', so it is not what it says.")
    return {name: np.ascontiguousarray(found[name], dtype=np.float32) for name in names}
