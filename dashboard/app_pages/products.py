"""Products: which parts of two pictures made the one lead to the other?"""

from __future__ import annotations

import streamlit as st

from dashboard.loaders import product_model
from dashboard.panels import products as panels
from dashboard.panels import products_answer as answer
from dashboard.panels.common import provenance, sentences
from dashboard.panels.presentation import presenting

presentation = presenting()
st.title("Why this product?")
with sentences():
    explainer, key = product_model()
    panels.origin(explainer.recommender.catalogue)
    with st.container(key="product_controls"):
        choice = panels.choose(explainer, key)
    shown = answer.show(explainer, key, choice, presentation)
    explanation = answer.proof(shown, presentation)
    provenance(explanation)
