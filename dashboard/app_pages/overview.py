"""Overview: what is loaded, how good it is, and one live example a wing."""

from __future__ import annotations

import streamlit as st

from dashboard.glossary import meaning
from dashboard.panels.common import sentences
from dashboard.panels.overview import movies_card
from dashboard.panels.overview_row import overview_row
from dashboard.panels.tour import titled

titled("Why was this recommended?", "overview")
st.markdown(
    "RelRec runs recommenders and shows the reasons for every single recommendation. "
    "**Each explanation comes with its proof:** what the contributions sum to, "
    "and what happens to the score when they are taken away."
)
overview_row()
st.caption(f"**Score:** {meaning('score')}")
with sentences(stop=False):
    movies_card()
st.divider()
with sentences(stop=False):
    from dashboard.panels.overview_products import products_card  # takes long: torch

    products_card()
st.divider()
with sentences(stop=False):
    from dashboard.panels.overview_sessions import sessions_card

    sessions_card()
