"""Movies: why was this movie recommended to this user?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from dashboard import escape
from dashboard.figures.pinned_movies import MovieCase
from dashboard.loaders.movies import first_user, movie_model
from dashboard.panels import movie_questions as questions
from dashboard.panels import movies as panels
from dashboard.panels.common import answer_first, provenance, sentences, which_run
from dashboard.panels.downloads import address
from dashboard.panels.movie_answer import answered
from dashboard.panels.movie_change import smallest_change_panel
from dashboard.panels.movie_list import choose_film, hiding
from dashboard.panels.movies_all import all_users_panel
from dashboard.panels.movies_two import choose_recommender, two_recommenders
from dashboard.panels.movies_what_if import change_profile
from dashboard.panels.pinned import draw_chart, pinned
from dashboard.panels.presentation import present_button, presenting
from dashboard.panels.tour import titled

head = titled("Why this movie?", "movies")
if not presenting(head):
    present_button(head)
answer_first("[Another movie or user](#recommended-movies)")
with sentences():
    shown, shown_key = movie_model()
    which_run(shown_key)
    with st.container(key="page_controls"):
        controls = st.container()
        with controls:
            recommender, key = choose_recommender(shown, shown_key)
    for note in recommender.data.notes:
        st.caption(escape.markdown(note))
    first = first_user(recommender, key)
    with controls:
        profile, settings = panels.choose(recommender, first)
        profile = hiding(recommender, profile)
    main = st.container(key="page_main")
    with main:
        films, reasons = st.columns([1, 3.4], gap="large")
    with films, st.container(key="page_list"):
        ranking, item = choose_film(recommender, profile, settings.top)
        panels.history(recommender, profile)
    with reasons:
        explanation = answered(recommender, key, profile, item, settings)
    with main:
        pinned(MovieCase(explanation, address()), draw_chart)

    def second_model() -> None:
        """The second model of movies on the same user; it imports torch."""
        from dashboard.panels.deciders import deciders_panel  # imports torch

        listed = ranking.items.tolist()
        above = listed if item in listed else [item, *listed]
        deciders_panel(recommender.data, profile, above, item)

    def lime() -> None:
        """LIME beside the exact contributions; it imports what only LIME needs."""
        from dashboard.panels.lime import lime_panel  # imports what only LIME needs

        lime_panel(recommender, key, profile, explanation)

    about = recommender, key, profile
    aspects: dict[str, Callable[[], None]] = {
        "What if?": partial(change_profile, *about),
        "Smallest change": partial(smallest_change_panel, *about, item, settings.top),
        "Why not another movie?": partial(questions.why_not, *about, explanation),
        "Two recommenders": partial(two_recommenders, *about, explanation, (shown, shown_key)),
        "Second model: which expert decided?": second_model,
        "Ask": partial(questions.ask, *about, explanation),
        "Compare with LIME": lime,
        "All users": partial(all_users_panel, recommender, key, settings.top),
    }
    with st.container(key="page_more"):
        tabs = st.tabs(list(aspects), key="more", on_change="rerun", bind="query-params")
        for tab, panel in zip(tabs, aspects.values(), strict=True):
            if tab.open:
                with tab:
                    panel()
        if profile.user == first:
            panels.first_case(profile.name)
        provenance(explanation)
