"""Sessions: will the listener skip this track, and what in the session says so?"""

from __future__ import annotations

import streamlit as st

from dashboard.figures.pinned_sessions import SessionCase
from dashboard.loaders.sessions import session_key
from dashboard.panels import sessions as panels
from dashboard.panels.common import provenance, sentences, which_run
from dashboard.panels.downloads import address
from dashboard.panels.pinned import draw_chart, pinned
from dashboard.panels.presentation import present_button, presenting
from dashboard.panels.session_learn import learn_panel, shown
from dashboard.panels.session_many import many
from dashboard.panels.session_source import source
from dashboard.panels.session_what_if import what_if
from dashboard.panels.tour import titled

LEARN = "Learn from my sessions"

head = titled("Skip or play, and why?", "sessions")
if not presenting(head):
    present_button(head)
with sentences():
    which_run(session_key())
    given = source()
    view = shown(given)
    explorer = view.explorer
    with st.container(key="session_headline"):
        headline = st.empty()
    row = panels.choose(view.listing, view.opening)
    reasons, tracks = st.columns([3.4, 1], gap="large")
    with tracks, st.container(key="page_side"):
        focus = panels.choose_track(explorer, row)
        panels.named(view.answer(row, focus))
        panels.given(explorer, row)
    with reasons:
        save = panels.why(view, row, focus, headline)
    explanation = panels.proof(view, row, focus, headline, save)
    pinned(SessionCase(explanation, address()), draw_chart)

    looks = ["What if?", "Which expert decided?", "Over many sessions"]
    turned, experts, over_many, *learning = st.tabs(
        [*looks, LEARN] if given.own else looks,
        key="look",
        on_change="rerun",
        bind="query-params",
    )
    if turned.open:
        with turned:
            what_if(view, row, focus)
    if experts.open:
        with experts:
            panels.experts(explanation, view.model)
    if over_many.open:
        with over_many:
            many(view)
    if learning and learning[0].open:
        with learning[0]:
            learn_panel(given)
    provenance(explanation)
