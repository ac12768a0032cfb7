"""Real and made data: the slice of Spotify's, which is not in the project, and Yambda's schema."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import SHARED
from tests.sessions import listens

SLICE = SHARED / "mssd-169-sessions" / "sessions.csv"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, and count as deselected, what needs the slice where it is not on the computer."""
    if SLICE.exists():
        return
    needing = [item for item in items if "mssd_slice" in getattr(item, "fixturenames", ())]
    config.hook.pytest_deselected(items=needing)
    items[:] = [item for item in items if item not in needing]


@pytest.fixture(scope="session")
def mssd_slice() -> Path:
    """The first halves of 169 real sessions, with few columns."""
    return SLICE


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made listens in the files that Yambda publishes."""
    folder = tmp_path_factory.mktemp("yambda") / "published"
    listens.write(folder)
    return folder


@pytest.fixture
def yambda_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data directory of one test's own."""
    monkeypatch.setenv("RELREC_HOME", str(tmp_path / "home"))
    return tmp_path / "home"
