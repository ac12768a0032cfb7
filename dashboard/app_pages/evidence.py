"""Evidence: the claims of the three papers, and what was measured here."""

from __future__ import annotations

import streamlit as st

from dashboard.loaders.evidence import verdicts
from dashboard.panels.common import sentences
from dashboard.panels.evidence import choose, claim_panel, summary
from dashboard.panels.presentation import present_button, presenting
from dashboard.panels.tour import titled

head = titled("Evidence for our claims", "evidence")
if not presenting(head):
    present_button(head)
st.markdown(
    "What the three papers claim, beside what was measured with this software. Every number comes "
    "from a stored evaluation that one command repeats; what was not measured says so."
)
found = verdicts()
summary(found)
listed, opened = st.columns([1, 2.3], gap="large")
with listed, st.container(key="page_side"):
    claim = choose(found)
with opened, sentences(stop=False):
    claim_panel(claim)
