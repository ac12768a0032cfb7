"""Evidence: the claims of the three papers, and what was measured here."""

from __future__ import annotations

import streamlit as st

from dashboard.claims import WINGS
from dashboard.panels.common import sentences
from dashboard.panels.evidence import choose_wing, claim_panel, summary

st.title("Evidence for our claims")
st.markdown(
    "What the three papers claim, beside what was measured with this software. Every number comes "
    "from a stored evaluation that one command repeats; what was not measured says so."
)
with sentences(stop=False):
    summary()
st.divider()
for claim in WINGS[choose_wing()]:
    with sentences(stop=False):
        claim_panel(claim)
