"""Overview: what is loaded, how good it is, and a live example of each wing."""

from __future__ import annotations

import streamlit as st

from dashboard.panels.common import sentences
from dashboard.panels.overview import movies_card
from dashboard.panels.products_card import products_card

st.title("Why was this recommended?")
st.markdown(
    "RelRec runs recommenders and shows the reasons for every single recommendation. "
    "**Each explanation comes with its proof:** what the reasons add up to, "
    "and what happens to the score when they are taken away."
)
with sentences():
    movies_card()
with sentences():
    products_card()
