"""An empty data directory for every test of runs."""

import pytest


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("RELREC_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("RELREC_READ_ONLY", raising=False)
    return tmp_path / "home"
