"""Which recommender is shown, and two of them beside each other for one user."""

from __future__ import annotations

from functools import partial

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import escape, links
from dashboard.components.save_picture import save_chart
from dashboard.figures.agreement import agreement
from dashboard.figures.comparison import (
    compared_report,
    contributions_in_words,
    scores_in_words,
)
from dashboard.figures.movie_words import ledger_in_words
from dashboard.figures.report import source
from dashboard.loaders.common import ModelKey
from dashboard.loaders.movies import MovieQuestion, explained, other_model, others
from dashboard.panels.common import chart, sentences, slug
from dashboard.panels.downloads import Files, files
from dashboard.panels.proof import sums
from dashboard.panels.story_keep import keep_button
from dashboard.story.movies import comparison_slide
from relrec_core.movies.explanation.compare import compared
from relrec_core.movies.explanation.comparison import Comparison
from relrec_core.movies.explanation.result import MovieExplanation
from relrec_core.movies.model.peers import USUAL
from relrec_core.movies.model.ranking import Profile, Recommender

PICTURE = "two_picture"
SHOWN = ""
"""In the address: the recommender that the project or the Training page has chosen."""
REASONS = 12
"""Reasons that the picture holds."""
UNKNOWN = "There is no recommender ‘{}’ on this data."


def choose_recommender(shown: Recommender, key: ModelKey) -> tuple[Recommender, ModelKey]:
    """The recommender that the page explains: the active one until another is chosen."""
    names = {SHOWN: f"{shown.name}, {shown.run}", **others(shown)}
    links.bound("model", names, SHOWN, UNKNOWN)
    pick, beside = st.columns([1.6, 3], vertical_alignment="bottom")
    chosen = pick.selectbox(
        "Recommender",
        list(names),
        format_func=names.__getitem__,
        key="model",
        persist_state="session",
        help="EASE, item-item cosine and ALS are fitted on the histories that the first one knows; "
        "further runs and imported models come from the Training page.",
    )
    links.publish("model", chosen or None)
    if not chosen:
        return shown, key
    other, other_key = other_model(shown, key, chosen)
    if chosen in USUAL:
        beside.caption(
            escape.markdown(
                f"{other.run}: fitted just now on the histories that {shown.run} knows. It reads "
                "liked movies alone, no genres, decades or facts of the person."
            )
        )
    return other, other_key


def two_recommenders(
    recommender: Recommender,
    key: ModelKey,
    profile: Profile,
    answer: MovieExplanation,
    shown: tuple[Recommender, ModelKey],
) -> None:
    """Both lists, what either counts for the movie that is asked about, and what differs."""
    names = {SHOWN: f"{shown[0].name}, {shown[0].run}", **others(shown[0])}
    current = st.session_state.get("model") or SHOWN
    names.pop(current, None)
    links.bound("beside", names, next(iter(names)), UNKNOWN)
    chosen = st.selectbox("Beside it", list(names), format_func=names.__getitem__, key="beside")
    links.publish("beside", None if chosen == next(iter(names)) else chosen)
    with sentences(stop=False):
        other, other_key = other_model(*shown, chosen) if chosen else shown
        theirs = other.as_seen(profile)
        listed = answer.listed or len(recommender.titles)
        told = explained(
            other, other_key, theirs, MovieQuestion(answer.item, reference=answer.reference)
        ).model_copy(update={"listed": listed})
        found = compared((recommender, other), (profile, theirs), (answer, told), listed)
        _shown(found, key)


def _shown(found: Comparison, key: ModelKey) -> None:
    st.markdown(f"### {escape.markdown(found.sentence())}")
    ranks, why = st.columns([1.15, 1], gap="large")
    with ranks:
        st.markdown("##### Both lists")
        rows = [(m.title, m.first, m.second) for m in found.movies]
        st.dataframe(
            pd.DataFrame(rows, columns=["Movie", *found.names]).convert_dtypes(),
            hide_index=True,
            height=min(35 * (len(rows) + 1) + 3, 560),
            column_config={"Movie": st.column_config.TextColumn(width="medium")},
            alt="Every movie of either list with its place by both",
        )
        st.caption(f"Places; the first {found.n} are recommended.")
    with why:
        _reasons(found, key)
    stands = scores_in_words(found)
    for place, told, said in zip(st.columns(2), found.reasons, stands, strict=True):
        with place, st.container(border=True):
            st.markdown(f"**{escape.markdown(said)}**")
            sums(ledger_in_words(told), [told.audit.ledger])


def _reasons(found: Comparison, key: ModelKey) -> None:
    """The strongest contributions of both for one movie, and the files."""
    title = found.reasons[0].title
    st.markdown(f"##### Why {escape.markdown(title)}")
    frame = found.contributions().head(REASONS)
    figure = agreement(frame.rename(columns={"label": "Reason"})[["Reason", *found.names]])
    words = contributions_in_words(found, REASONS)
    with st.container(key=PICTURE):
        chart(figure, key="two_reasons", alt=words)
    st.caption(
        "Each recommender counts in points of its own, so that its contributions are divided by "
        "its largest one. What one of them does not read has no mark."
    )
    with st.container(horizontal=True):
        _downloads(found, figure, words)
        keep_button(lambda view: comparison_slide(found, figure, view, key[1]), "movies_two")


def _downloads(found: Comparison, figure: go.Figure, words: str) -> None:
    title = found.reasons[0].title
    name = slug(f"{found.names[0]} and {found.names[1]} {title} {found.viewer}")
    with st.popover("Download", icon=":material/download:"):
        where = source(found.provenance)
        save_chart(container=PICTURE, name=name, headline=found.sentence(), source=where)
        about = {
            "item": title,
            "user": found.viewer,
            "method": found.provenance.method,
            "unit": "points of either score",
        }
        page = partial(compared_report, found, figure, words)
        files(Files(lambda: found, found.contributions, about, page), name, PICTURE)
