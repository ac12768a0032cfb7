"""What all tests share: a data directory of their own, real data, and no skipping in CI."""

from __future__ import annotations

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from relrec_core.errors import SourceError
from relrec_core.sources import fetch

REPOSITORY = Path(__file__).resolve().parents[1]
SHARED = REPOSITORY.parent / "shared" / "data"
ML_1M_ARCHIVE = Path(os.environ.get("RELREC_ML_1M", SHARED / "ml-1m.zip"))
"""An archive in ML-1M's official layout; no package carries this data."""

settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")  # no test asserts a time


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out, and count as deselected, what needs something that is not on this computer.

    The files with most slow tests come first, so that no worker has one left at the end.
    """
    absent = {"ml_1m"} if not ML_1M_ARCHIVE.exists() else set()
    absent |= {"soffice"} if shutil.which("soffice") is None else set()
    if absent:
        needing = [item for item in items if absent & {*getattr(item, "fixturenames", ())}]
        config.hook.pytest_deselected(items=needing)
        items[:] = [item for item in items if item not in needing]
    slow = Counter(i.path for i in items if any(map(i.get_closest_marker, ("browser", "slow"))))
    items.sort(key=lambda item: -slow[item.path])


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
    try:
        return fetch.fetch("ml-100k")
    except SourceError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def soffice() -> str:
    """LibreOffice; tests that need it are left out where it is not installed."""
    found = shutil.which("soffice")
    assert found is not None
    return found


@pytest.fixture(scope="session")
def ml_1m(home: Path) -> Path:
    """Folder of MovieLens 1M, installed from the archive beside the repository."""
    return fetch.fetch("ml-1m", origin=ML_1M_ARCHIVE)
