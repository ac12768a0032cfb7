"""Named tensors with metadata in one safetensors file, checked by sha256. Nothing is unpickled."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relrec_core import paths
from relrec_core.errors import CheckpointError, border

if TYPE_CHECKING:
    import numpy as np
    import torch

_KEY = "relrec"


def encode(tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, Any]) -> bytes:
    """The safetensors file of `tensors` (any shapes), `metadata` (plain JSON values) inside."""
    from safetensors.torch import save

    plain = {name: value.detach().cpu().clone().contiguous() for name, value in tensors.items()}
    data: bytes = save(plain, metadata={_KEY: json.dumps(dict(metadata))})
    return data


def _metadata(path: Path) -> dict[str, Any]:
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        metadata = json.loads(file.metadata()[_KEY])
    if not isinstance(metadata, dict):
        raise CheckpointError("A checkpoint says nothing of its model; train it again.")
    return metadata


def _bad(why: str) -> CheckpointError:
    return CheckpointError(f"A checkpoint cannot be read ({why}); train the model again.")


def write(path: Path, data: bytes) -> None:
    """Write encoded tensors to `path` as a whole or not at all."""
    with paths.replacing(path) as temporary:
        temporary.write_bytes(data)


def read(path: Path, digest: str) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Read what `write` wrote, if it still is what it was; the tensors are on the CPU.

    Raises:
        CheckpointError: the file is missing or bad, or its sha256 is not `digest`.
    """
    from safetensors.torch import load

    data = _checked(path, digest)
    with border(_bad):
        return load(data), _metadata(path)


def read_arrays(path: Path, digest: str) -> tuple[dict[str, np.ndarray[Any, Any]], dict[str, Any]]:
    """The same as `read`, as numpy arrays and without importing torch."""
    from safetensors.numpy import load

    data = _checked(path, digest)
    with border(_bad):
        return load(data), _metadata(path)


def _checked(path: Path, digest: str) -> bytes:
    name = f"{path.name} of {path.parent.name}"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"The file {name} cannot be read: {error.strerror}.") from error
    found = sha256(data)
    if found != digest:
        raise CheckpointError(
            f"The file {name} is damaged: found sha256 {found[:12]}…, expected {digest[:12]}…; "
            "restore it or train again."
        )
    return data


def sha256(data: bytes) -> str:
    """The checksum of `data`, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
