"""Products: which parts of two pictures made the one lead to the other?"""

from __future__ import annotations

import streamlit as st

from dashboard.loaders import product_model
from dashboard.panels import products as panels
from dashboard.panels import products_answer as answer
from dashboard.panels.common import provenance, sentences
from dashboard.panels.presentation import presenting

presentation = presenting()
head = st.container(horizontal=True, vertical_alignment="center", gap="medium")
head.title("Why this product?", width="content")
with sentences():
    explainer, key = product_model()
    panels.origin(explainer.recommender.catalogue, head)
    with st.container(key="product_controls"):
        choice = panels.choose(explainer, key)
    shown = answer.show(explainer, key, choice, presentation)
    explanation = answer.proof(shown, presentation)
    provenance(explanation)
