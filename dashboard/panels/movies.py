"""Who the movies are for: a user of the data, or one who is made up of a few titles."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from dashboard import escape, links
from dashboard.figures.palette import counted
from dashboard.panels.narrowed import narrowed
from relrec_core.movies.data.attributes import capital, spoken
from relrec_core.movies.data.features import FILM
from relrec_core.movies.data.interactions import LIKED_FROM
from relrec_core.movies.model.ranking import Profile, Recommender
from relrec_core.titles import unique_labels

KNOWN, NEW = "From the data", "Someone new"


@dataclass(frozen=True)
class MovieSettings:
    """What an expert may change about the page."""

    top: int
    shown: int
    removed: int


def settings() -> MovieSettings:
    """Folded away behind one button."""
    with st.popover("Settings", icon=":material/tune:", width="stretch"):
        return MovieSettings(
            top=st.slider("Movies to recommend", 3, 30, 10, key="top", bind="query-params"),
            shown=st.slider("Reasons drawn one by one", 3, 20, 6, key="shown", bind="query-params"),
            removed=st.slider(
                "Reasons the tests change", 1, 20, 5, key="removed", bind="query-params"
            ),
        )


def choose(recommender: Recommender, first: str) -> tuple[Profile, MovieSettings]:
    """Pick a user by search or at random, `first` being shown first, or build one from titles."""
    who, pick, act, more = st.columns([1.35, 2.6, 0.8, 0.7], vertical_alignment="bottom")
    with more:
        chosen = settings()
    return _choose_profile(recommender, first, who, pick, act), chosen


Place = st.delta_generator.DeltaGenerator


def _choose_profile(
    recommender: Recommender, first: str, who: Place, pick: Place, act: Place
) -> Profile:
    mode = who.segmented_control(
        "Recommend to",
        (KNOWN, NEW),
        default=KNOWN,
        required=True,
        key="who",
        bind="query-params",
        persist_state="session",
    )
    if mode == NEW:
        return _new_profile(recommender, pick)
    rows = recommender.user_rows
    unknown = f"There is no user ‘{{}}’ in {recommender.data.title}."
    links.bound("viewer", rows, first, unknown)

    def named(user: str) -> str:
        return recommender.viewers[rows[user]]

    kept = (st.session_state["viewer"], first)
    user = pick.selectbox(
        "User",
        narrowed(list(rows), named, kept, "Search users", "viewer", pick),
        format_func=named,
        key="viewer",
        persist_state="session",
        filter_mode="contains",
    )
    links.publish("viewer", None if user == first else user)
    act.button(
        "Surprise me",
        icon=":material/shuffle:",
        on_click=lambda: st.session_state.update(
            viewer=random.choice([other for other in rows if other != user] or [user])
        ),
        help="Another user, at random.",
        width="stretch",
    )
    return recommender.profile(user)


def _new_profile(recommender: Recommender, place: Place) -> Profile:
    space, rows = recommender.space, recommender.item_rows
    kinds = [k for k in space.attribute_kinds if k not in space.item_kinds]
    for key, values in links.adopt("liked", *kinds).items():
        known = [v for v in values if (key if key in kinds else FILM, v) in space.index]
        if len(known) < len(values):
            said = f"Not everything in this link is known here: {', '.join(values)}."
            st.warning(escape.markdown(said))
        st.session_state[key] = known if key == "liked" else next(iter(known), None)

    def titled(item: str) -> str:
        return recommender.titles[rows[item]]

    liked = st.session_state.get("liked", [])
    films = place.multiselect(
        "Movies this person liked",
        narrowed(list(rows), titled, liked, "Search movies", "liked", place),
        format_func=titled,
        key="liked",
        persist_state="session",
        placeholder="Type a title",
        filter_mode="contains",
        select_all=False,
    )
    links.publish("liked", films)
    chosen = []
    for kind, column in zip(kinds, st.columns(max(1, len(kinds))), strict=False):
        values = [v for k, v in space.index if k == kind]
        words = dict(
            zip(values, unique_labels([spoken(kind, v) for v in values], values), strict=True)
        )
        value = column.selectbox(
            escape.markdown(capital(kind)),
            values,
            index=None,
            format_func=words.__getitem__,
            key=kind,
            persist_state="session",
            placeholder="not said",
        )
        links.publish(kind, value)
        if value is not None:
            chosen.append(space.index[kind, value])
    if not films and not chosen:
        st.info(
            "Name a movie or two this person liked, or say something about them, "
            "and the recommendations appear at once. Nothing is trained for it.",
            icon=":material/waving_hand:",
        )
        st.stop()
    return recommender.new_profile([rows[i] for i in films], chosen)


def history(recommender: Recommender, profile: Profile) -> None:
    """What the model was told of this user and what not, on one list that can be searched."""
    space, labels = recommender.space, recommender.labels
    facts = [labels[k] for k in profile.features if k >= space.n_items]
    rated = recommender.ratings(profile.user) if profile.user else {}
    rows = sorted(rated.keys() | profile.liked, key=lambda i: (-rated.get(i, 0.0), labels[i]))
    frame = pd.DataFrame(
        {
            "Movie": [labels[i] for i in rows],
            "Rating": [rated.get(i) for i in rows],
            "The model": [_told(profile, i, rated.get(i)) for i in rows],
        }
    )
    with st.expander(f"What the model knows: {counted(len(profile.liked), 'liked movie')}"):
        st.dataframe(
            frame if rated else frame[["Movie"]],
            hide_index=True,
            height=260,
            column_config={
                "Movie": st.column_config.TextColumn(width="medium"),
                "Rating": st.column_config.NumberColumn(format="%g", width=60),
            },
            alt="Movies this user rated, and what the model was told of each",
        )
        if facts:
            st.dataframe(
                pd.DataFrame({"Facts": facts}),
                hide_index=True,
                height=220,
                alt="What else is known: genres and decades of these movies, and the person",
            )
        if rated:
            st.caption(
                "The magnifier above the list searches it. Liked means rated 3 or better. A fifth "
                "of the liked movies was hidden from the model, to test it. Movies rated below 3 "
                "are not in the profile, and they are not recommended either."
            )


def _told(profile: Profile, item: int, rating: float | None) -> str:
    """What the model was told of a movie."""
    if item in profile.liked:
        return "knows it as liked"
    return "was not told" if rating is None or rating >= LIKED_FROM else "disliked: left out"


def first_case(viewer: str) -> None:
    """Why the page opens on this user."""
    st.caption(
        f"{escape.markdown(viewer)} is shown first: the first user of the data whose best movie "
        "owes less than a third of its score to what the average user gets, and whose named "
        "reasons pass both tests."
    )
