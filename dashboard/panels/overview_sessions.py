"""The sessions card of the overview."""

from __future__ import annotations

import streamlit as st

from dashboard.figures import session_words as words
from dashboard.figures.curves import comparison
from dashboard.figures.palette import plain
from dashboard.figures.sessions import bars
from dashboard.loaders import evaluation, session_view
from dashboard.panels.common import chart, provenance
from relrec_core.sessions import browse
from relrec_core.sessions.evaluate import TITLES, stored_name
from relrec_core.sessions.explain import SessionExplanation

SESSIONS_PAGE = "app_pages/sessions.py"


def sessions_card() -> None:
    """Sessions: a live example, the data, and how good the model is."""
    view = session_view()
    data, family = view.explorer.data, view.explorer.family
    st.markdown("## Sessions")
    example, facts = st.columns([1.7, 1], gap="large")
    row = int(browse.chosen(view.listing, (0, 100), (0, 1), "reasons").index[0])
    explanation = view.explanation(row, 0)
    with example:
        st.markdown(f"#### {explanation.sentence()}")
        chart(bars(explanation), key="overview_session", alt=words.bars_in_words(explanation))
        _proof(explanation)
        st.page_link(
            SESSIONS_PAGE,
            label="Ask about any session and any track, or open your own",
            icon=":material/arrow_forward:",
            query_params={"session": explanation.session},
        )
    with facts:
        st.markdown("##### What is loaded")
        sessions, tracks, experts = st.columns(3)
        sessions.metric("Sessions", f"{len(data.sessions):,}")
        tracks.metric("Tracks", f"{len(data.tracks):,}")
        experts.metric("Experts", len(family.names))
        st.markdown("##### How good are the predictions?")
        _quality(view.explorer.predictor.config.data)
    provenance(explanation)


def _proof(explanation: SessionExplanation) -> None:
    audit = explanation.audit
    st.caption(
        f"Proof: all shares add up to {plain(audit.shares.features, 3)}; the experts' answers, "
        f"each times its share, to {plain(audit.ledger.features, 3)}, the prediction. "
        f"{words.flip_in_words(audit.deletion)}"
    )


def _quality(dataset: str) -> None:
    table = evaluation("sessions", stored_name("accuracy", dataset))
    if table is None:
        st.caption(
            "Not measured yet. `python3 scripts/evaluate.py sessions accuracy` measures the model "
            "beside a plain one and two baselines, and this page shows the result."
        )
        return
    ours = [TITLES["transformer"], TITLES["gru"]]
    chart(
        comparison(table.frame, "method", "accuracy", ours),
        key="overview_session_quality",
        alt="Accuracy of every method",
    )
    seeds = len(table.conditions.get("seeds", []))
    st.caption(
        "Share of the tracks of second halves that are predicted right, on sessions that no model "
        f"has met; {table.conditions['data']['title'].lower()}; "
        f"{'one training' if seeds == 1 else f'mean of {seeds} trainings'}. "
        "`python3 scripts/evaluate.py sessions accuracy` measures it."
    )
