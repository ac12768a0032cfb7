"""Traces go to one bounded file in the data directory, and nowhere in read-only mode."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from relrec_core import logs


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setenv("RELREC_HOME", str(tmp_path / "home"))
    yield tmp_path / "home"
    for handler in logging.getLogger("relrec").handlers[1:]:
        logging.getLogger("relrec").removeHandler(handler)
        handler.close()


def fail() -> None:
    try:
        raise ZeroDivisionError("a bug")
    except ZeroDivisionError:
        logging.getLogger("relrec").exception("something could not be read")


def test_a_trace_is_kept_once_and_the_folder_made_only_then(own_home: Path) -> None:
    logs.begin()
    logs.begin()
    assert not own_home.exists()
    fail()
    text = logs.file().read_text("utf-8")
    assert text.count("ZeroDivisionError: a bug") == 1
    assert "Traceback" in text and "something could not be read" in text
    assert logs.where() == str(own_home / "logs" / "relrec.log")


def test_the_file_is_bounded(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "BYTES", 2000)
    logs.begin()
    for _ in range(100):
        fail()
    files = list(logs.file().parent.iterdir())
    assert len(files) == logs.KEPT + 1
    assert all(file.stat().st_size <= 2000 for file in files)


def test_read_only_writes_nothing(
    own_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RELREC_READ_ONLY", "1")
    logs.begin()
    fail()
    assert not own_home.exists()
    assert "ZeroDivisionError: a bug" in capsys.readouterr().err
    assert "terminal" in logs.where()


def test_a_place_that_cannot_be_written_stops_nobody(
    own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own_home.write_text("a file where the folder should be")
    logs.begin()
    fail()
    assert "ZeroDivisionError: a bug" in capsys.readouterr().err


def test_of_a_refusal_that_cannot_be_logged_one_line_is_said(
    own_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own_home.write_text("a file where the folder should be")
    logs.begin()
    logging.getLogger(logs.LOGGER).warning("Something was refused.")
    said = capsys.readouterr().err
    assert said.startswith("No log: ") and said.count("\n") == 1
