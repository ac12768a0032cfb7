"""The proof beside every movie's explanation: the sum, and two ways to change the named reasons."""

from __future__ import annotations

import streamlit as st

from dashboard.figures.audit import REMOVALS, deletion_figure, deletion_in_words
from dashboard.figures.movie_words import REMOVED, REPLACED, REPLACEMENTS, ledger_in_words
from dashboard.panels.common import chart
from dashboard.panels.proof import sums, verdict
from relrec_core.explanation import DeletionTest
from relrec_core.movies.explanation.result import MovieExplanation


def movie_proof(explanation: MovieExplanation, *, key: str) -> None:
    """Do the contributions equal the score, and does it drop without the named reasons?"""
    audit = explanation.audit
    adds_up, matters = st.columns([1, 2.3], gap="medium")
    with adds_up:
        sums(ledger_in_words(explanation), [audit.ledger])
    with matters:
        st.markdown("##### Does the score drop without the named reasons?")
        replaced, removed = (
            (st.container(), st.container()) if audit.replacement is None else st.columns(2)
        )
        if audit.replacement is not None:
            with replaced:
                _test(audit.replacement, REPLACEMENTS, f"{key}_replacement")
        with removed:
            _test(audit.deletion, REMOVALS, f"{key}_deletion")


def _test(test: DeletionTest, compared: str, key: str) -> None:
    replaced = compared == REPLACEMENTS
    st.markdown("**Replaced**" if replaced else "**Removed**")
    verdict(test, compared)
    done = "replaced:" if replaced else "without"
    rows = (f"{done} {test.removed} strongest", f"{done} {test.removed} random", "original")
    chart(deletion_figure(test, rows), key=key, alt=deletion_in_words(test))
    st.caption(REPLACED if replaced else REMOVED)
