"""The proof beside every movie's explanation: the sum, and two ways to change the named reasons."""

from __future__ import annotations

import streamlit as st

from dashboard.figures.audit import deletion_figure, deletion_in_words
from dashboard.figures.movie_words import REASON_TESTS, changed, ledger_in_words, note
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
                _test("Replaced", audit.replacement, explanation, f"{key}_replacement")
        with removed:
            _test("Removed", audit.deletion, explanation, f"{key}_deletion")


def _test(name: str, test: DeletionTest, explanation: MovieExplanation, key: str) -> None:
    change = REASON_TESTS[name]
    st.markdown(f"**{change.title}**")
    verdict(test, change.compared)
    chart(deletion_figure(test, changed(test, change)), key=key, alt=deletion_in_words(test))
    st.caption(note(change, explanation))
