"""One line in the log for each answer of a page: page, wing, milliseconds; nothing of the visitor.

Off unless `RELREC_LOG_ANSWERS=1`. The lines go to the standard error stream of the server.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Iterator

import streamlit as st
from streamlit.runtime.scriptrunner import RerunException, StopException

from relrec_core.wings import MODELS

VARIABLE = "RELREC_LOG_ANSWERS"
LOGGER = "relrec.answers"


def begin() -> None:
    """Write the lines from now on, where that is switched on."""
    logger = logging.getLogger(LOGGER)
    logger.propagate = False  # the log file is for what went wrong
    if os.environ.get(VARIABLE) == "1":
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s answer %(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)


@contextlib.contextmanager
def timed(page: str) -> Iterator[None]:
    """Note how long the page called so took; an answer that is begun anew is not one."""
    started, outcome = time.perf_counter(), "failed"
    try:
        yield
        outcome = "ok"
    except StopException:
        outcome = "stopped"
        raise
    except RerunException:
        outcome = ""
        raise
    finally:
        if outcome:
            taken = 1000 * (time.perf_counter() - started)
            logging.getLogger(LOGGER).info(
                "page=%s wing=%s ms=%.0f %s", page, _wing(page), taken, outcome
            )


def _wing(page: str) -> str:
    """The wing that a page is about: by its name, or as chosen on it."""
    chosen = st.session_state.get("wing") if page == "training" else page
    return chosen if chosen in MODELS else "-"
