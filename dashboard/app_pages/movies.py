"""Movies: why was this movie recommended to this user?"""

from __future__ import annotations

import streamlit as st

from dashboard import escape
from dashboard.loaders.movies import first_user, movie_model
from dashboard.panels import movies as panels
from dashboard.panels.common import provenance, sentences
from dashboard.panels.movie_answer import answered
from dashboard.panels.movies_what_if import change_profile

st.title("Why this movie?")
with sentences():
    recommender, key = movie_model()
    for note in recommender.data.notes:
        st.caption(escape.markdown(note))
    profile, settings = panels.choose(recommender, first_user(recommender, key))
    ranking = recommender.rank(profile, settings.top)
    films, reasons = st.columns([1, 3.4], gap="large")
    with films:
        item = panels.choose_film(recommender, profile, ranking)
        panels.history(recommender, profile)
    with reasons:
        explanation = answered(recommender, key, profile, item, settings.shown, settings.removed)

    what_if, why_not, deciders, ask, lime = st.tabs(
        [
            "What if?",
            "Why not another movie?",
            "Second model: which expert decided?",
            "Ask",
            "Compare with LIME",
        ],
        key="more",
        on_change="rerun",
        bind="query-params",
    )
    if what_if.open:
        with what_if:
            change_profile(recommender, profile)
    if why_not.open:
        with why_not:
            panels.why_not(recommender, key, profile, explanation)
    if deciders.open:
        with deciders:
            from dashboard.panels.deciders import deciders_panel  # imports torch

            deciders_panel(recommender.data, profile, ranking.items.tolist(), item)
    if ask.open:
        with ask:
            panels.ask(recommender, key, profile, explanation)
    if lime.open:
        with lime:
            from dashboard.panels.lime import lime_panel  # imports what only LIME needs

            lime_panel(recommender, key, profile, explanation)
    provenance(explanation)
