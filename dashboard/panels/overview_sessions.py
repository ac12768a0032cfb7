"""The sessions card of the overview."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import escape
from dashboard.figures import session_words as words
from dashboard.figures.audit import judged
from dashboard.figures.curves import comparison
from dashboard.figures.palette import plain
from dashboard.figures.sessions import bars
from dashboard.loaders.common import evaluation
from dashboard.loaders.sessions import session_view
from dashboard.panels.common import chart, provenance
from dashboard.panels.overview_row import loaded
from relrec_core.evaluation.tables import stored_name
from relrec_core.runs.card import Card
from relrec_core.sessions import store
from relrec_core.sessions.evaluation.evaluate import LAST, MEAN
from relrec_core.sessions.explanation.result import SessionExplanation, expert_title
from relrec_core.sessions.training.train import TITLES

SESSIONS_PAGE = "app_pages/sessions.py"
BASELINES = {LAST: "Repeating the last action", MEAN: "Repeating the average action"}
"""What the methods without parameters are called on screen."""


def sessions_card() -> None:
    """Sessions: a live example, the data, and how good the model is."""
    view = session_view()
    data, family = view.explorer.data, view.explorer.family
    st.markdown("## Sessions")
    example, facts = st.columns([1.7, 1], gap="large")
    row = view.opening
    explanation = view.explanation(row, 0)
    with example:
        st.markdown(f"#### {escape.markdown(explanation.sentence())}")
        chart(bars(explanation), key="overview_session", alt=words.bars_in_words(explanation))
        _proof(explanation)
        st.page_link(
            SESSIONS_PAGE,
            label="Ask about any session and any track, or open your own",
            icon=":material/arrow_forward:",
            query_params={"session": explanation.session},
        )
    with facts:
        counts = (len(data.sessions), len(data.tracks), len(family.names))
        loaded(dict(zip(("Sessions", "Tracks", "Experts"), counts, strict=True)))
        st.markdown("##### How good are the predictions?")
        _quality(view.explorer.predictor.config.dataset)
    provenance(explanation)


def _proof(explanation: SessionExplanation) -> None:
    audit, title = explanation.audit, expert_title(explanation.focused.top)
    st.caption(
        f"Proof: the shares of all experts sum to {plain(audit.shares.features, 3)}; their "
        f"answers, each times its share, to {plain(audit.ledger.features, 3)}, the prediction. "
        f"{judged(audit.deletion, words.SWAPS)[1]}. {words.flip_in_words(audit.deletion, title)}"
    )


def _quality(dataset: str) -> None:
    table = evaluation("sessions", stored_name("accuracy", dataset))
    card = store.shown_run().card()
    if table is None:
        frame, title, seeds = _of_card(card), card.data.title, 1
        more = "measures it beside a plain Transformer too."
    else:
        frame, title = table.frame, table.conditions["data"]["title"]
        seeds, more = len(table.conditions["seeds"]), "measures it."
    chart(
        comparison(
            frame.replace({"method": BASELINES}),
            "method",
            "accuracy",
            [TITLES["transformer"], TITLES["gru"]],
        ),
        key="overview_session_quality",
        alt="Accuracy of every method",
    )
    st.caption(
        "Share of the tracks of second halves that are predicted right, on sessions that no model "
        f"has seen; {escape.markdown(title[0].lower() + title[1:])}; "
        f"{'one training' if seeds == 1 else f'mean of {seeds} trainings'}. "
        f"`python3 scripts/evaluate.py sessions accuracy` {more}"
    )


def _of_card(card: Card) -> pd.DataFrame:
    """The model and the baselines on its test sessions, as its training measured them."""
    said = {card.title: "test", LAST: "last_baseline", MEAN: "mean_baseline"}
    rows = [(name, card.metrics[f"{key}_accuracy"]) for name, key in said.items()]
    return pd.DataFrame(rows, columns=["method", "accuracy"])
