"""What the stored tables say of each claim."""

from __future__ import annotations

import streamlit as st

from dashboard.claims import CLAIMS
from relrec_core.errors import RelRecError
from relrec_core.evaluation.claims import Verdict
from relrec_core.evaluation.tables import StoredTable


@st.cache_data(ttl=30, show_spinner=False)
def evidence(key: str, *, quick: bool) -> tuple[list[StoredTable] | None, Verdict]:
    """The stored tables that decide a claim, and what they say; a DataError if one is damaged."""
    claim = CLAIMS[key]
    tables = claim.tables(quick)
    return tables, claim.verdict(tables)


@st.cache_data(ttl=30, show_spinner="Reading what was measured …")
def verdicts() -> dict[str, Verdict | str]:
    """What the stored tables say of every claim, by its key; a damaged one by its sentence."""
    found: dict[str, Verdict | str] = {}
    for key in CLAIMS:
        try:
            found[key] = evidence(key, quick=False)[1]
        except RelRecError as error:
            found[key] = str(error)
    return found
