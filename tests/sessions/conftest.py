"""The real slice of Spotify's data, which may not be passed on and so is not in the project."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import SHARED

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
