"""Tensors come back as they were stored, read or mapped."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from relrec_core.errors import CheckpointError
from relrec_core.runs import tensors


@pytest.fixture(params=[1, 1 << 28], ids=["mapped", "read"])
def file(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tensors, "LARGE", request.param)
    return tmp_path / "run" / "checkpoint.safetensors"


def test_what_is_stored_is_read(file: Path) -> None:
    table = torch.arange(12.0).reshape(3, 4)
    named = {"whole": table, "turned": table.T, "one": torch.tensor(7), "none": torch.empty(0, 4)}
    digest, size = tensors.store(file, named, {"kind": ["a", 1]})
    assert digest == tensors.sha256(file.read_bytes()) and size == file.stat().st_size
    found, about = tensors.read(file, digest)
    assert about == {"kind": ["a", 1]} and set(found) == set(named)
    for name, value in named.items():
        assert found[name].dtype == value.dtype and torch.equal(found[name], value)
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_what_was_read_stays_when_another_is_stored(file: Path) -> None:
    digest, _ = tensors.store(file, {"a": torch.ones(99)}, {})
    found, _ = tensors.read(file, digest)
    tensors.store(file, {"a": torch.zeros(99)}, {})
    assert torch.equal(found["a"], torch.ones(99))
    found["a"][0] = 5  # which is nobody else's
    with pytest.raises(CheckpointError, match="is damaged"):
        tensors.read(file, digest)


def test_what_is_damaged_or_gone_is_said(file: Path) -> None:
    digest, _ = tensors.store(file, {"a": torch.ones(99)}, {})
    whole = bytearray(file.read_bytes())
    whole[-1] ^= 1
    file.write_bytes(whole)
    with pytest.raises(CheckpointError, match="of run is damaged"):
        tensors.read(file, digest)
    file.unlink()
    with pytest.raises(CheckpointError, match="cannot be read: No such file"):
        tensors.read(file, digest)
