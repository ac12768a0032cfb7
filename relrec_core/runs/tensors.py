"""Named tensors with metadata in one safetensors file, checked by sha256. Nothing is unpickled."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from relrec_core import paths
from relrec_core.errors import CheckpointError, border

if TYPE_CHECKING:
    import numpy as np
    import torch

_KEY = "relrec"


LARGE = 1 << 28
"""Bytes; files and tensors from there on are mapped into memory, not copied."""


def store(
    path: Path, tensors: Mapping[str, torch.Tensor], metadata: Mapping[str, Any]
) -> tuple[str, int]:
    """Write tensors of any shape, and plain JSON values, as a whole or not at all.

    Returns:
        The file's sha256, and how many bytes it has.
    """
    from safetensors.torch import save_file

    plain = {name: value.detach().cpu() for name, value in tensors.items()}
    for name, value in plain.items():  # small ones may share memory, which the format does not
        plain[name] = (value.clone() if value.nbytes < LARGE else value).contiguous()
    with paths.replacing(path) as temporary:
        save_file(plain, temporary, metadata={_KEY: json.dumps(dict(metadata))})
        return paths.sha256(temporary), temporary.stat().st_size


def _metadata(path: Path) -> dict[str, Any]:
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        metadata = json.loads(file.metadata()[_KEY])
    if not isinstance(metadata, dict):
        raise CheckpointError("A checkpoint says nothing of its model; train it again.")
    return metadata


def _bad(why: str) -> CheckpointError:
    return CheckpointError(f"A checkpoint cannot be read ({why}); train the model again.")


def read(path: Path, digest: str) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Read what `store` wrote, if it still is what it was; the tensors are on the CPU.

    Of a large file they are mapped, and read where they are looked at.

    Raises:
        CheckpointError: the file is missing or bad, or its sha256 is not `digest`.
    """
    from safetensors import safe_open
    from safetensors.torch import load

    with _readable(path):
        large = path.stat().st_size >= LARGE
        if large:
            _check(path, paths.sha256(path), digest)
    if large:
        with border(_bad), safe_open(path, framework="pt") as file:
            return {name: file.get_tensor(name) for name in file.keys()}, _metadata(path)  # noqa: SIM118
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
    with _readable(path):
        data = path.read_bytes()
    _check(path, sha256(data), digest)
    return data


@contextlib.contextmanager
def _readable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CheckpointError(
            f"The file {_named(path)} cannot be read: {error.strerror}."
        ) from error


def _check(path: Path, found: str, digest: str) -> None:
    if found != digest:
        raise CheckpointError(
            f"The file {_named(path)} is damaged: found sha256 {found[:12]}…, expected "
            f"{digest[:12]}…; restore it or train again."
        )


def _named(path: Path) -> str:
    return f"{path.name} of {path.parent.name}"


def sha256(data: bytes) -> str:
    """The checksum of `data`, 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
