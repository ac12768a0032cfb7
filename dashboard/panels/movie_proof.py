"""The proof beside every movie's explanation: the sum, and two ways to change the named reasons."""

from __future__ import annotations

import streamlit as st

from dashboard.figures.audit import deletion_figure, deletion_in_words
from dashboard.figures.movie_words import REMOVED, REPLACED, judged, ledger_in_words
from dashboard.panels.common import chart
from relrec_core.explanation import DeletionTest
from relrec_core.movies.explanation.result import MovieExplanation


def movie_proof(explanation: MovieExplanation, *, key: str) -> None:
    """Do the contributions equal the score, and does it drop without the named reasons?"""
    audit = explanation.audit
    adds_up, matters = st.columns([1, 2.3], gap="medium")
    with adds_up:
        st.markdown("##### Do the contributions equal the score?")
        st.markdown(ledger_in_words(explanation))
        if audit.ledger.closes():
            st.badge("Sum matches the score", icon=":material/check:", color="green")
        else:
            st.badge(f"Off by {abs(audit.ledger.gap):.2g}", icon=":material/warning:", color="red")
    with matters:
        st.markdown("##### Does the score drop without the named reasons?")
        replaced, removed = (
            (st.container(), st.container()) if audit.replacement is None else st.columns(2)
        )
        if audit.replacement is not None:
            with replaced:
                _test(audit.replacement, REPLACED, "replacements", f"{key}_replacement")
        with removed:
            _test(audit.deletion, REMOVED, "removals", f"{key}_deletion")


def _test(test: DeletionTest, note: str, others: str, key: str) -> None:
    confirmed, words = judged(test, others)
    st.markdown("**Replaced**" if others == "replacements" else "**Removed**")
    verdict, _, compared = words.partition(": ")
    st.badge(
        verdict,
        icon=":material/check:" if confirmed else ":material/warning:",
        color="green" if confirmed else "orange",
    )
    st.caption(f"{compared[:1].upper()}{compared[1:]}.")
    done = "without" if others == "removals" else "replaced:"
    rows = (f"{done} {test.removed} strongest", f"{done} {test.removed} random", "as it is")
    chart(deletion_figure(test, rows), key=key, alt=deletion_in_words(test))
    st.caption(note)
