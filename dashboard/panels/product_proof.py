"""The proof beside a product's explanation: the sum, and blurring the named areas."""

from __future__ import annotations

import streamlit as st

from dashboard.figures.audit import deletion_figure, judged
from dashboard.figures.product_words import (
    AREAS,
    DISTRIBUTED,
    FOCUS,
    PLACES,
    blurring,
    blurring_in_words,
    ledger_in_words,
)
from dashboard.glossary import meaning
from dashboard.panels.common import chart
from dashboard.panels.proof import sums, verdict
from relrec_core.products.explanation.result import ProductExplanation


def product_proof(explanation: ProductExplanation, *, key: str) -> None:
    """Do the contributions equal the score, and does it drop without these areas?"""
    audit = explanation.audit
    adds_up, matters = st.columns([2, 3], gap="medium")
    with adds_up:
        sums(ledger_in_words(explanation, 3), [audit.ledger])
        if explanation.provenance.parameters["focused"]:
            st.caption(f"{DISTRIBUTED}{FOCUS}.")
    with matters:
        st.markdown("##### Does the score drop without these areas?", help=meaning("deletion test"))
        verdict(audit.deletion, PLACES)
        chart(
            deletion_figure(audit.deletion, AREAS),
            key=f"{key}_deletion",
            alt=blurring_in_words(explanation),
        )
        st.caption(blurring(explanation))


def product_proof_line(explanation: ProductExplanation) -> None:
    """The proof in a line, for small views."""
    _, passed = judged(explanation.audit.deletion, PLACES)
    st.caption(f"Proof: {ledger_in_words(explanation)} {passed}. {blurring_in_words(explanation)}")
