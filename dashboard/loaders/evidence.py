"""What the stored tables say of each claim, read again only where a table was stored anew."""

from __future__ import annotations

import streamlit as st

from dashboard.claims import CLAIMS
from relrec_core.errors import RelRecError
from relrec_core.evaluation.claims import Verdict
from relrec_core.evaluation.tables import StoredTable, TableVersion, stored_version

Versions = tuple[TableVersion | None, ...]


def evidence(key: str, *, quick: bool) -> tuple[list[StoredTable] | None, Verdict]:
    """The stored tables that decide a claim, and what they say; a DataError if one is damaged."""
    return _evidence(key, quick, _versions(key, quick))


def verdicts() -> dict[str, Verdict | str]:
    """What the stored tables say of every claim, by its key; a damaged one by its sentence."""
    found: dict[str, Verdict | str] = {}
    for key in CLAIMS:
        try:
            found[key] = _verdict(key, _versions(key))
        except RelRecError as error:
            found[key] = str(error)
    return found


def _versions(key: str, quick: bool = False) -> Versions:
    return tuple(stored_version(source.wing, source.name(quick)) for source in CLAIMS[key].sources)


@st.cache_data(max_entries=64, show_spinner=False)
def _evidence(
    key: str, quick: bool, versions: Versions
) -> tuple[list[StoredTable] | None, Verdict]:
    tables = CLAIMS[key].tables(quick)
    return tables, CLAIMS[key].verdict(tables)


@st.cache_data(max_entries=256, show_spinner=False)
def _verdict(key: str, versions: Versions) -> Verdict:
    return _evidence(key, False, versions)[1]
