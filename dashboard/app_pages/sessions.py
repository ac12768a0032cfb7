"""Sessions: will the listener skip this track, and what in the session says so?"""

from __future__ import annotations

import streamlit as st

from dashboard.panels import sessions as panels
from dashboard.panels.common import provenance, sentences
from dashboard.panels.session_source import source

st.title("Skip or play, and why?")
with sentences():
    view = source()
    explorer = view.explorer
    row = panels.choose(view.listing, view.opening)
    tracks, reasons = st.columns([1, 3.4], gap="large")
    with tracks:
        focus = panels.choose_track(explorer, row)
        panels.given(explorer, row)
    with reasons:
        headline, save = panels.why(view, row, focus)
    explanation = view.explanation(row, focus)
    panels.proof(explanation, headline, save)

    experts, what_if, many = st.tabs(
        ["Which expert decided?", "What if?", "Over many sessions"],
        key="look",
        on_change="rerun",
        bind="query-params",
    )
    if experts.open:
        with experts:
            panels.experts(explanation)
    if what_if.open:
        with what_if:
            panels.what_if(explorer, row)
    if many.open:
        with many:
            panels.many(view)
    provenance(explanation)
