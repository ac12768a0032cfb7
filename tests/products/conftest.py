"""One small studio catalogue, and a network trained on it for a moment, for all tests here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from relrec_core.products.data import catalogue as data
from relrec_core.products.data.catalogue import Catalogue
from relrec_core.products.model.ranking import Recommender
from relrec_core.products.studio import drawn_catalogue
from relrec_core.products.training.train import Config, train
from relrec_core.runs.directory import Run
from tests.products.shop import Shop, opened


@pytest.fixture(scope="session")
def small_studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("catalogues") / "small"
    return drawn_catalogue.render(
        folder, drawn_catalogue.Recipe(items=256, users=12, side=32, seed=5)
    )


@pytest.fixture(scope="session")
def bare_studio(tmp_path_factory: pytest.TempPathFactory) -> Path:
    recipe = drawn_catalogue.Recipe(items=256, users=0, side=32, seed=6, bare=4)
    return drawn_catalogue.render(tmp_path_factory.mktemp("catalogues") / "bare", recipe)


@pytest.fixture(scope="session")
def catalogue(small_studio: Path) -> Catalogue:
    return data.load(small_studio)


def settings(folder: Path, **changes: Any) -> Config:
    chosen: dict[str, Any] = {
        "dataset": str(folder),
        "side": 32,
        "dim": 6,
        "epochs": 2,
        "batch_size": 64,
        "threads": 1,
        "device": "cpu",
        "precision": "full",
    }
    return Config(**{**chosen, **changes})


def executed(folder: Path, chosen: Config) -> Run:
    """A run of these settings in a folder of its own, trained."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(chosen.to_json(), encoding="utf-8")
    (folder / "status.json").write_text(json.dumps({"state": "queued"}), encoding="utf-8")
    run = Run.open(folder)
    with run.executing():
        train(chosen, run)
    return run


@pytest.fixture(scope="session")
def small_run(small_studio: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("runs") / "products" / "small"
    return executed(folder, settings(small_studio))


@pytest.fixture(scope="session")
def recommender(small_run: Run, catalogue: Catalogue) -> Recommender:
    return Recommender.of(small_run, small_run.settings(Config), catalogue)


@pytest.fixture
def shop() -> Iterator[Shop]:
    with opened() as shop:
        yield shop
