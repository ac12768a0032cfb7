"""What all wings load alike."""

from __future__ import annotations

import streamlit as st

from relrec_core.errors import RelRecError
from relrec_core.evaluation.tables import StoredTable, TableVersion, stored, stored_version
from relrec_core.runs.card import Card
from relrec_core.runs.directory import Run

ModelKey = tuple[str, str]


def key_of(run: Run) -> ModelKey:
    """The run and the checksum of its model: results made with it are cached under both."""
    recorded = run.card().checkpoint
    return str(run.path), recorded.sha256 if recorded else ""


def readable_card(run: Run) -> Card:
    """The card of a run, or one that says why it cannot be read."""
    try:
        return run.card()
    except RelRecError as error:
        return Card(title=f"unreadable: {error}")


def evaluation(wing: str, name: str) -> StoredTable | None:
    """A stored evaluation, or None where it was never run."""
    return _evaluation(wing, name, stored_version(wing, name))


@st.cache_data(max_entries=32, show_spinner=False)
def _evaluation(wing: str, name: str, version: TableVersion | None) -> StoredTable | None:
    return stored(wing, name)
