"""Products: which parts of two pictures made the one lead to the other?"""

from __future__ import annotations

import streamlit as st

from dashboard.loaders.products import product_model
from dashboard.panels import products as panels
from dashboard.panels import products_answer as answer
from dashboard.panels import products_compare as compare
from dashboard.panels import products_regions as regions
from dashboard.panels import products_smallest as smallest
from dashboard.panels import products_strategies as strategies
from dashboard.panels.common import answer_first, provenance, sentences, which_run
from dashboard.panels.pinned import pinned
from dashboard.panels.presentation import presenting
from dashboard.panels.product_pinned import draw_pictures
from dashboard.panels.tour import titled

head = titled("Why this product?", "products")
presentation = presenting(head)
if not presentation:
    answer_first("[Another product](#another-product)")
with sentences():
    explainer, key = product_model()
    catalogue = explainer.recommender.catalogue
    panels.origin(catalogue, head)
    which_run(key)
    with st.container(key="page_controls"):
        with st.container(key="page_narrow"):
            st.markdown("### Another product")
        choice = panels.choose(explainer, key)
    with st.container(key="page_main"):
        shown = answer.show(explainer, key, choice, presentation)
        explanation = answer.proof(shown, presentation)
        if not presentation:
            pinned(answer.case(explanation, shown), draw_pictures)

    with st.container(key="page_more"):
        aspects = {
            "What if a part were missing?": regions.missing,
            "Smallest change": smallest.smallest_change,
            "Which parts match?": regions.correspondence,
            "Why not another one?": compare.why_not,
            "Compare methods": compare.methods,
            "Strategies": strategies.strategies,
        }
        if catalogue.rendered:
            aspects["Known correct answer"] = compare.known_answer
        tabs = st.tabs(list(aspects), key="aspect", on_change="rerun", bind="query-params")
        for tab, panel in zip(tabs, aspects.values(), strict=True):
            if tab.open and not presentation:
                with tab:
                    panel(shown)
    with st.container(key="page_foot"):
        provenance(explanation)
