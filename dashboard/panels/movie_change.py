"""The smallest change of what was liked that changes the answer, with its proof."""

from __future__ import annotations

from functools import partial

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import escape, links
from dashboard.components.save_picture import save_chart
from dashboard.figures.ranking_change import (
    change_report,
    ranking_change,
    ranking_change_in_words,
)
from dashboard.figures.report import source
from dashboard.glossary import meaning
from dashboard.loaders.common import ModelKey
from dashboard.loaders.movies import smallest
from dashboard.panels.common import chart, slug
from dashboard.panels.downloads import Files, files
from dashboard.panels.movie_list import choose_other
from dashboard.panels.story_keep import keep_button
from dashboard.story.movies import change_slide
from relrec_core.movies.explanation.counterfactual import aims
from relrec_core.movies.explanation.result import Aim, Counterfactual
from relrec_core.movies.model.ranking import Profile, Recommender

PICTURE = "change_picture"


def smallest_change_panel(
    recommender: Recommender, key: ModelKey, profile: Profile, item: int, n: int
) -> None:
    """The question, the sentence, its standing, both rankings."""
    title = recommender.titles[item]
    possible = aims(recommender, profile, item, n)
    if not possible:
        said = f"{title} is not recommended: {recommender.excluded(profile, item)}."
        st.info(escape.markdown(said), icon=":material/block:")
        return
    ask, name = st.columns([1.2, 1], gap="medium", vertical_alignment="bottom")
    with ask:
        aim = _aim(possible, n)
    other = None
    if aim == "named":
        with name:
            other = _other(recommender, profile, item)
        if other is None:
            st.caption("No movie stands below it.")
            return
    with st.spinner("Searching for the smallest change …"):
        told = smallest(recommender, key, profile, item, aim, other, n)
    st.markdown(f"### {escape.markdown(told.sentence())}")
    proven = told.proven
    st.badge(
        escape.markdown(told.standing()),
        icon=":material/check:" if proven else ":material/remove:",
        color="green" if proven else "gray",
    )
    st.caption(escape.markdown(told.means()))
    if told.found:
        _shown(told, key)


def _aim(possible: tuple[Aim, ...], n: int) -> Aim:
    """What is to happen; the first question that the movie's place allows until another is put."""
    words: dict[Aim, str] = {
        "first": "Not first",
        "top": f"Out of the top {n}",
        "named": "Another passes it",
        "into": f"Into the top {n}",
    }
    links.bound("aim", possible, possible[0])
    chosen = st.segmented_control(
        "What should be different?",
        possible,
        format_func=words.__getitem__,
        key="aim",
        help=meaning("smallest change"),
    )
    aim = chosen or possible[0]
    links.publish("aim", None if aim == possible[0] else aim)
    return aim


def _other(recommender: Recommender, profile: Profile, item: int) -> int | None:
    ranked = recommender.rank(profile, recommender.space.n_items).items.tolist()
    below = ranked[ranked.index(item) + 1 :]
    return choose_other(recommender, below, "Which one?", key="passing") if below else None


def _shown(told: Counterfactual, key: ModelKey) -> None:
    figure = ranking_change(told)
    picture, beside = st.columns([1.6, 1], gap="medium")
    with picture:
        st.markdown("##### The ranking before and after")
        with st.container(key=PICTURE):
            chart(figure, key="change_figure", alt=ranking_change_in_words(told))
    with beside:
        liked = "Liked as well" if told.aim == "into" else "Not liked any more"
        st.dataframe(
            pd.DataFrame({f"{liked}: {len(told.movies)}": told.movies}),
            hide_index=True,
            height=min(35 * (len(told.movies) + 1) + 3, 320),
            alt="The movies that make the difference",
        )
        if told.along:
            go = "These come, too" if told.aim == "into" else "These go, too"
            st.caption(escape.markdown(f"{go}: {'; '.join(told.along)}."))
        with st.container(horizontal=True):
            _downloads(told, figure)
            keep_button(lambda view: change_slide(told, view, key[1]), "movie_change")


def _downloads(told: Counterfactual, figure: go.Figure) -> None:
    name = slug(f"smallest change {told.title} {told.viewer} {told.aim}")
    with st.popover("Download", icon=":material/download:"):
        where = source(told.provenance)
        save_chart(container=PICTURE, name=name, headline=told.sentence(), source=where)
        about = {
            "item": told.title,
            "user": told.viewer,
            "method": told.provenance.method,
            "unit": "place in the list",
        }
        page = partial(change_report, told, figure)
        files(Files(lambda: told, told.to_frame, about, page), name, PICTURE)
