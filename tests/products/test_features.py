"""Features of many products lie in a file, and are what they are in memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from relrec_core.products.data.catalogue import Catalogue
from relrec_core.products.model import features as module
from relrec_core.products.model.ranking import Recommender
from relrec_core.runs import tensors
from relrec_core.runs.directory import Run
from tests.products.conftest import settings

CPU = torch.device("cpu")


def test_features_in_a_file_are_those_in_memory(
    recommender: Recommender, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = (recommender.trunk, recommender.pictures, CPU)
    held = module.features(*of, folder=tmp_path)
    mapped: list[np.memmap] = []  # type: ignore[type-arg]
    whole = np.memmap
    monkeypatch.setattr(np, "memmap", lambda *a, **k: mapped.append(whole(*a, **k)) or mapped[-1])
    monkeypatch.setattr(module, "LARGE", 1)
    kept = module.features(*of, folder=tmp_path)
    assert len(mapped) == 1 and kept.data_ptr() == mapped[0].ctypes.data != held.data_ptr()
    assert torch.equal(kept, held) and held.shape == recommender.features.shape
    assert not [*tmp_path.iterdir()]


def test_a_mapped_checkpoint_recommends_the_same(
    recommender: Recommender,
    small_run: Run,
    catalogue: Catalogue,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tensors, "LARGE", 1)
    mapped = Recommender.of(small_run, settings(catalogue.folder), catalogue)
    for row in range(0, 40, 8):
        relation = recommender.relations[0]
        found = [of.recommend(of.query_at(row), relation) for of in (recommender, mapped)]
        assert found[0] == found[1]
