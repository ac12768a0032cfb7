"""The products' card of the overview."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import escape
from dashboard.components.picture import Look, mapped
from dashboard.components.pictures import figure, pictures
from dashboard.figures import product_words as words
from dashboard.figures.curves import comparison
from dashboard.figures.heatmap import Panel, shared_scale
from dashboard.loaders.common import ModelKey
from dashboard.loaders.products import (
    product_candidates,
    product_card,
    product_explanation,
    product_model,
    product_picture,
    product_relevance,
    product_to_begin_with,
)
from dashboard.panels.common import chart, provenance
from dashboard.panels.overview_row import loaded
from dashboard.panels.product_proof import product_proof_line
from relrec_core.products.data.catalogue import TITLE
from relrec_core.products.explanation.explain import Explainer, Question
from relrec_core.products.explanation.result import ProductExplanation, recommended

PRODUCTS_PAGE = "app_pages/products.py"
ACCURACY = "test_accuracy_"


def products_card() -> None:
    """Products: a live example with both maps, the data, and how good the model is."""
    explainer, key = product_model()
    catalogue = explainer.recommender.catalogue
    st.markdown("## Products")
    example, facts = st.columns([1.7, 1], gap="large")
    with facts:
        if catalogue.rendered:
            st.badge(
                "Rendered: drawn products, not photos", icon=":material/palette:", color="orange"
            )
        counts = (len(catalogue.items), len(catalogue.relations), len(catalogue.users))
        loaded(dict(zip(("Products", "Relations", "Users"), counts, strict=True)))
        st.markdown("##### How good are the recommendations?")
        _quality(key)
    with example:
        explanation = _example(explainer, key)
    provenance(explanation)


def _example(explainer: Explainer, key: ModelKey) -> ProductExplanation:
    """A clear case's best recommendation, as the products page shows it first."""
    of, row = explainer.recommender, product_to_begin_with(explainer, key)
    question = Question(of.query_at(row), of.relations[0], None, recommended(of.catalogue.rendered))
    asked = f"first\x1f{question.relation}"
    candidates = product_candidates(explainer, question, key, asked, 1, None)
    rows = tuple(c.row for c in candidates)
    (found,) = product_relevance(explainer, question, key, asked, rows)
    catalogue, titles = of.catalogue, of.catalogue.items[TITLE]
    one, other = (
        product_picture(catalogue, catalogue.content_hash, shown) for shown in (row, rows[0])
    )
    ours = Panel(one, found.left, question.query.title)
    right = 0 * found.left if found.right is None else found.right
    theirs = Panel(other, right, str(titles.iloc[rows[0]]))
    scale = shared_scale([ours, theirs])
    sentence = st.empty()
    st.caption(words.score_line(question.method, of.counts_categories))
    pictures(
        [
            figure(mapped(panel, scale, numbers=True), role, panel.title)
            for panel, role in ((ours, "You look at"), (theirs, "Recommended"))
        ],
        Look(scale),
        key="overview_pictures",
    )
    explanation = product_explanation(explainer, question, found, key, asked, rows[0])
    sentence.markdown(f"#### {escape.markdown(explanation.sentence())}")
    product_proof_line(explanation)
    st.page_link(
        PRODUCTS_PAGE,
        label="Ask about any product, or bring your own picture",
        icon=":material/arrow_forward:",
    )
    return explanation


def _quality(key: ModelKey) -> None:
    """Accuracy on pairs kept aside, from the model's card."""
    card = product_card(*key)
    found = {n: v for n, v in card.metrics.items() if n.startswith(ACCURACY)}
    if not found:
        st.caption("The model's card holds no measurement.")
        return
    names = [words.relation_title(n.removeprefix(ACCURACY)) for n in found]
    frame = pd.DataFrame({"name": [*names, "Guessing"], "accuracy": [*found.values(), 0.5]})
    chart(
        comparison(frame, "name", "accuracy", names),
        key="overview_products_quality",
        alt="Accuracy for every relation: "
        + ", ".join(f"{n} {v:.0%}" for n, v in zip(names, found.values(), strict=True)),
    )
    unseen = card.split.get("by") == "items"
    st.caption(
        "Pairs kept aside, half related and half not: the share the model gets right. "
        + (
            "One product of each pair, or both, was never seen in training."
            if unseen
            else "The pairs were never seen in training, their products were."
        )
    )
