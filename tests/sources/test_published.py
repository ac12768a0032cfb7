"""The published recommender comes from its repository's archive, as tensors and nothing else."""

from __future__ import annotations

import dataclasses
import os
import zipfile
from pathlib import Path

import pytest
import torch

from relrec_core.errors import SourceError
from relrec_core.sources import fetch, published
from relrec_core.sources.registry import SOURCES, Url
from tests.sources.server import serving

NAME = "lxr-ml-1m"


class Stranger:
    """A pickle that would run a command when it is read."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.file}",)


def state(names: tuple[str, ...]) -> dict[str, object]:
    return {name: torch.arange(6.0).reshape(2, 3) + k for k, name in enumerate(names)}


def archive(folder: Path, *states: object) -> Path:
    """The repository as its host packs it."""
    path = folder / "repository.zip"
    with zipfile.ZipFile(path, "w") as packed:
        for file, content in zip(published.CHECKPOINTS, states, strict=True):
            torch.save(content, folder / file)
            packed.write(folder / file, f"CE4RS-Eval-{published.COMMIT}/checkpoints/{file}")
        packed.writestr(f"CE4RS-Eval-{published.COMMIT}/README.md", "how to use it")
    return path


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("RELREC_HOME", str(tmp_path / "home"))
    (tmp_path / "made").mkdir()
    return tmp_path / "made"


def register(monkeypatch: pytest.MonkeyPatch, content: published.Published, url: str) -> None:
    source = dataclasses.replace(
        SOURCES[NAME], content_hash=content.content_hash(), places=(Url(url),)
    )
    monkeypatch.setitem(SOURCES, NAME, source)


def test_from_a_server_and_from_a_folder_the_same_tensors(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = archive(folder, *(state(names) for names in published.TENSORS))
    with serving(packed.read_bytes()) as server:
        register(monkeypatch, published.parse_checkpoints(folder), server.url("whole"))
        installed = fetch.fetch(NAME)
    read = published.load(installed)
    for arrays, names in zip(read.tensors, published.TENSORS, strict=True):
        for name, tensor in state(names).items():
            assert torch.equal(torch.from_numpy(arrays[name]), tensor)
    again = fetch.fetch(NAME, origin=installed)
    assert published.load(again).content_hash() == SOURCES[NAME].content_hash


def test_code_in_a_checkpoint_is_refused_and_not_run(folder: Path) -> None:
    mark = folder / "ran"
    packed = archive(folder, {"users_fc.weight": Stranger(mark)}, state(published.TENSORS[1]))
    with pytest.raises(SourceError, match="more than tensors"):
        fetch.fetch(NAME, origin=packed)
    assert not mark.exists()


def test_a_missing_tensor_is_named(folder: Path) -> None:
    packed = archive(folder, state(published.TENSORS[0][1:]), state(published.TENSORS[1]))
    with pytest.raises(SourceError, match=r"no tensor .users_fc\.weight"):
        fetch.fetch(NAME, origin=packed)


def test_other_numbers_are_not_the_published_ones(folder: Path) -> None:
    packed = archive(folder, *(state(names) for names in published.TENSORS))
    with pytest.raises(SourceError, match="wrong content"):
        fetch.fetch(NAME, origin=packed)
