"""What all wings load alike."""

from __future__ import annotations

import streamlit as st

from relrec_core.evaluation.tables import StoredTable, stored
from relrec_core.runs.directory import Run

ModelKey = tuple[str, str]


def key_of(run: Run) -> ModelKey:
    """The run and the checksum of its model: results made with it are cached under both."""
    recorded = run.card().checkpoint
    return str(run.path), recorded.sha256 if recorded else ""


@st.cache_data(ttl=30, show_spinner=False)
def evaluation(wing: str, name: str) -> StoredTable | None:
    """A stored evaluation, or None where it was never run."""
    return stored(wing, name)
