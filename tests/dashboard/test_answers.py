"""What is logged of an answer, and what is not."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.runtime.scriptrunner import RerunException, StopException
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData

from dashboard import answers


@pytest.fixture
def lines(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> Iterator[pytest.LogCaptureFixture]:
    monkeypatch.setenv(answers.VARIABLE, "1")
    logger = logging.getLogger(answers.LOGGER)
    before = list(logger.handlers)
    answers.begin()
    logger.addHandler(caplog.handler)
    yield caplog
    logger.handlers[:] = before
    logger.setLevel(logging.NOTSET)


@pytest.mark.parametrize(
    ("page", "chosen", "said"),
    [
        ("movies", "sessions", "page=movies wing=movies"),
        ("overview", None, "page=overview wing=-"),
        ("training", "products", "page=training wing=products"),
        ("training", "somebody@example.org", "page=training wing=-"),
    ],
)
def test_a_line_an_answer(
    page: str,
    chosen: str | None,
    said: str,
    lines: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(st, "session_state", {"wing": chosen, "viewer": "user 42"})
    with answers.timed(page):
        pass
    (line,) = lines.messages
    assert re.fullmatch(rf"{said} ms=\d+ ok", line)


def test_how_an_answer_ended(lines: pytest.LogCaptureFixture) -> None:
    for error in (StopException(), RerunException(RerunData()), ValueError("user 42")):
        with pytest.raises(type(error)), answers.timed("movies"):
            raise error
    assert [line.rsplit(" ", 1)[1] for line in lines.messages] == ["stopped", "failed"]
    assert "42" not in lines.text


def test_nothing_is_logged_where_it_is_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(answers.VARIABLE, raising=False)
    answers.begin()
    with answers.timed("movies"):
        pass
    assert capsys.readouterr().err == ""
