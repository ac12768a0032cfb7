"""Pretrained weights are verified before they are read, converted once, and never run."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from relrec_core.errors import SourceError
from relrec_core.products.model.trunks import trunk
from relrec_core.sources import fetch, onnx, weights
from relrec_core.sources.registry import SOURCES, Url
from tests.sources.server import serving


@pytest.fixture(scope="module")
def convolutions(home: Path) -> Path:
    """Folder of the installed original convolutions."""
    try:
        return fetch.fetch("vgg16-conv")
    except SourceError as error:
        pytest.skip(str(error))


def state(**more: object) -> dict[str, object]:
    """A state dict with VGG-16's names and small tensors."""
    layers = [f"features.{n}" for n in weights.CONVOLUTIONS] + ["classifier.0", "classifier.3"]
    layers.append("classifier.6")
    parts = [f"{layer}.{part}" for layer in layers for part in ("weight", "bias")]
    return {name: torch.full((2, 3), float(n)) for n, name in enumerate(parts)} | more


def saved(content: object, path: Path, legacy: bool = True) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=not legacy)
    return path


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Makes a small file the registered VGG-16."""
    monkeypatch.setenv("RELREC_HOME", str(tmp_path / "home"))

    def put(path: Path, *places: Url) -> None:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        source = dataclasses.replace(
            SOURCES["vgg16"], content_hash=digest, places=places, size=10_000
        )
        monkeypatch.setitem(SOURCES, "vgg16", source)

    return put


def test_original_convolutions(convolutions: Path) -> None:
    stored = weights.load(convolutions)
    assert stored.normalisation == "oxford"
    first, second = stored.tensors["features.0.weight"], stored.tensors["features.2.weight"]
    assert torch.allclose(first[0, :, 0, 0], torch.tensor([0.4800154, 0.55037946, 0.42947057]))
    assert abs(float(stored.tensors["features.0.bias"][25]) - 0.7446502) < 1e-6
    assert abs(float(second[63, 63, 2, 2]) - 0.016082443) < 1e-6
    fits = trunk("vgg16-conv").load_state_dict(stored.tensors)
    assert not fits.missing_keys
    assert not fits.unexpected_keys
    record = json.loads((convolutions / "source.json").read_text())
    assert "CC BY 4.0" in record["licence"]


@pytest.mark.parametrize("legacy", [True, False])
def test_torchvision_file_from_a_server(legacy: bool, registered, tmp_path: Path) -> None:
    path = saved(state(), tmp_path / "vgg16.pth", legacy)
    with serving(path.read_bytes()) as server:
        registered(path, Url(server.url("breaks-once").replace("ml.zip", "vgg16.pth")))
        folder = fetch.fetch("vgg16")
    stored = weights.load(folder)
    assert stored.normalisation == "torchvision"
    assert len(stored.tensors) == 30
    assert "classifier.6.weight" not in stored.tensors
    assert torch.equal(stored.tensors["features.28.bias"], torch.full((2, 3), 25.0))
    assert fetch.installed("vgg16") == folder
    assert not list((tmp_path / "home").rglob("*.pth*"))


@pytest.mark.parametrize("form", ["file", "folder"])
def test_local_file(form: str, registered, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    path = saved(state(), tmp_path / "here" / "vgg16-397923af.pth")
    registered(path)
    folder = fetch.fetch("vgg16", origin=path if form == "file" else path.parent)
    assert len(weights.load(folder).tensors) == 30


class Hostile:
    def __reduce__(self):
        return os.mkdir, (Hostile.target,)

    target = ""


@pytest.mark.parametrize("legacy", [True, False])
def test_a_pickle_that_runs_code_does_not(legacy: bool, registered, tmp_path: Path) -> None:
    Hostile.target = str(tmp_path / "owned")
    path = saved(state(evil=Hostile()), tmp_path / "vgg16.pth", legacy)
    registered(path)
    with pytest.raises(SourceError, match="holds more than tensors, or is damaged"):
        fetch.fetch("vgg16", origin=path)
    assert not (tmp_path / "owned").exists()
    assert fetch.installed("vgg16") is None


def test_wrong_file_is_refused_unread(
    registered, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registered(saved(state(), tmp_path / "right.pth"))
    other = saved({"features.0.weight": torch.zeros(1)}, tmp_path / "other.pth")
    monkeypatch.setattr(torch, "load", None)
    with pytest.raises(SourceError, match="wrong content"):
        fetch.fetch("vgg16", origin=other)


def test_incomplete_and_damaged(registered, tmp_path: Path) -> None:
    content = state()
    del content["features.12.bias"]
    path = saved(content, tmp_path / "vgg16.pth")
    registered(path)
    with pytest.raises(SourceError, match=r"no tensor 'features\.12\.bias', so it is not VGG-16"):
        fetch.fetch("vgg16", origin=path)
    path.write_bytes(saved(state(), tmp_path / "whole.pth").read_bytes()[:500])
    registered(path)
    with pytest.raises(SourceError, match="is damaged"):
        fetch.fetch("vgg16", origin=path)
    (tmp_path / weights.FILE).write_bytes(b"nothing")
    with pytest.raises(SourceError, match="Fetch the weights again"):
        weights.load(tmp_path)


def field(number: int, content: bytes) -> bytes:
    size, length = b"", len(content)
    while length > 127:
        size, length = size + bytes([length & 127 | 128]), length >> 7
    return bytes([number << 3 | 2]) + size + bytes([length]) + content


def tensor(name: str, values: np.ndarray, packed: bool) -> bytes:
    if packed:
        dims = field(1, bytes(values.shape))
    else:
        dims = b"".join(bytes([1 << 3, length]) for length in values.shape)
    raw = values.astype("<f4").tobytes()
    return dims + bytes([2 << 3, 1]) + field(8, name.encode()) + field(4 if packed else 9, raw)


def test_onnx_reader(tmp_path: Path) -> None:
    one, other = np.arange(6.0).reshape(2, 3), np.arange(40.0).reshape(5, 8)
    whole = tensor("a", one, packed=False), tensor("b", other, packed=True)
    integers = bytes([1 << 3, 1, 2 << 3, 7]) + field(8, b"c") + field(9, bytes(8))
    graph = b"".join(field(5, part) for part in (*whole, integers)) + field(2, b"graph")
    path = tmp_path / "model.onnx"
    content = bytes([1 << 3, 8]) + field(7, graph)
    path.write_bytes(content)
    found = onnx.tensors(path)
    assert list(found) == ["a", "b"]
    assert (found["a"] == one).all()
    assert (found["b"] == other).all()
    for damaged in (content[:-5], b"\xff" * 40, b"", b"text, not a model"):
        path.write_bytes(damaged)
        with pytest.raises(SourceError, match=r"model\.onnx"):
            onnx.tensors(path)


def test_the_registry_does_not_wait_for_torch() -> None:
    code = "import sys, relrec_core.sources.fetch; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
