"""What the stored tables say of each claim."""

from __future__ import annotations

import streamlit as st

from dashboard.claims import CLAIMS
from relrec_core.evaluation.claims import Verdict
from relrec_core.evaluation.tables import StoredTable


@st.cache_data(ttl=30, show_spinner=False)
def evidence(key: str, *, quick: bool) -> tuple[list[StoredTable] | None, Verdict]:
    """The stored tables that decide a claim, and what they say; a DataError if one is damaged."""
    claim = CLAIMS[key]
    tables = claim.tables(quick)
    return tables, claim.verdict(tables)
