"""What all tests share: a data directory of their own, real data, and no skipping in CI."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from relrec_core.errors import SourceError
from relrec_core.sources import fetch

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = REPOSITORY.parent / "shared" / "data"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """Where everything is required, a test that skips itself has failed."""
    report = yield
    if os.environ.get("RELREC_REQUIRE_ALL") and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped where nothing may be: {report.longrepr}"
    return report


@pytest.fixture(scope="session", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data directory for this session; no test touches the user's own."""
    folder = tmp_path_factory.mktemp("home")
    before = os.environ.get("RELREC_HOME")
    os.environ["RELREC_HOME"] = str(folder)
    yield folder
    if before is None:
        del os.environ["RELREC_HOME"]
    else:
        os.environ["RELREC_HOME"] = before


@pytest.fixture(scope="session")
def ml_100k(home: Path) -> Path:
    """Folder of the installed MovieLens 100K, from whichever place can be reached."""
    return _installed("ml-100k", None)


@pytest.fixture(scope="session")
def ml_1m(home: Path) -> Path:
    """Folder of the installed MovieLens 1M, from the shared archive or the official place."""
    shared = SHARED / "ml-1m.zip"
    return _installed("ml-1m", shared if shared.exists() else None)


def _installed(name: str, origin: Path | None) -> Path:
    try:
        return fetch.fetch(name, origin=origin)
    except SourceError as error:
        pytest.skip(str(error))
