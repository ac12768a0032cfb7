"""Which movie is asked about: one of the list, or any other by search; and what is hidden."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import escape, links
from dashboard.figures.palette import plain
from dashboard.panels.narrowed import MOST, narrowed
from relrec_core.movies.model.ranking import Profile, Ranking, Recommender

ORDERS = ("Highest score first", "More for you than for anyone")
SCORE = "Score = what anyone gets + what is this user’s own."
CHANCES = (
    " 0 is an average movie; each point more makes a movie 2.7 times as likely to be the next one."
)


def hiding(recommender: Recommender, profile: Profile) -> Profile:
    """The profile without the movies that are hidden by hand."""
    rows = recommender.item_rows
    asked = links.adopt("hidden").get("hidden")
    if asked is not None:
        if unknown := [i for i in asked if i not in rows]:
            said = f"The link hides movies that are not in this data: {', '.join(unknown)}."
            st.warning(escape.markdown(said))
        st.session_state["hidden"] = [i for i in asked if i in rows]
    chosen = [i for i in st.session_state.get("hidden", []) if i in rows]
    links.publish("hidden", chosen)
    return profile.hiding(*(rows[i] for i in chosen))


def choose_film(recommender: Recommender, profile: Profile, n: int) -> tuple[Ranking, int]:
    """The list, its order, and a search over all movies; the first is chosen until another is."""
    rows = recommender.item_rows
    ids = list(rows)
    above = st.container()
    st.markdown("##### Recommended movies")
    st.caption(SCORE + (CHANCES if recommender.scorer.chances else ""))
    order = st.selectbox(
        "Order",
        ORDERS,
        key="by",
        bind="query-params",
        label_visibility="collapsed",
    )
    ranking = recommender.rank(profile, n, beyond=order != ORDERS[0])
    listed = [ids[row] for row in ranking.items]
    film = _asked_for(profile, rows, listed)
    st.session_state["listed"] = film if film in listed else None
    st.session_state["searched"] = None if film in listed else film

    def titled(item: str) -> str:
        return recommender.titles[rows[item]]

    with above:
        st.selectbox(
            "Ask about any movie",
            narrowed(ids, titled, [film], "Search movies", "searched"),
            index=None,
            format_func=titled,
            key="searched",
            on_change=_chosen,
            args=("searched",),
            placeholder="Search all movies",
            filter_mode="contains",
        )
    st.radio(
        "Recommended movies",
        listed,
        index=None,
        format_func=lambda i: escape.markdown(titled(i)),
        captions=_captions(recommender, profile, ranking),
        key="listed",
        on_change=_chosen,
        args=("listed",),
        label_visibility="collapsed",
    )
    _hide(recommender, film, rows, hideable=rows[film] not in profile.seen)
    links.publish("film", None if film == listed[0] else film)
    return ranking, rows[film]


def choose_other(recommender: Recommender, rows: Sequence[int], label: str, *, key: str) -> int:
    """One of these movies, the first until another is chosen; the address holds its id."""
    ids = list(recommender.item_rows)
    by_id = {ids[row]: row for row in rows}
    first = ids[rows[0]]
    links.bound(key, by_id, first)

    def titled(item: str) -> str:
        return recommender.titles[by_id[item]]

    kept = [st.session_state[key], first]
    chosen = st.selectbox(
        label,
        narrowed(list(by_id), titled, kept, "Search movies", key),
        format_func=titled,
        key=key,
        filter_mode="contains",
    )
    links.publish(key, None if chosen == first else chosen)
    return by_id[chosen]


def _asked_for(profile: Profile, rows: dict[str, int], listed: list[str]) -> str:
    """The id of the movie that the address or the page asks for; another user begins anew."""
    asked = links.adopt("film").get("film")
    if asked is not None:
        if asked and asked[0] not in rows:
            st.warning("The movie of this link is not in this data.")
        st.session_state["film"] = asked[0] if asked else None
    film = st.session_state.get("film")
    whose = (profile.name, tuple(profile.features.tolist()))
    other = st.session_state.get("film_of", whose) != whose and not asked
    st.session_state["film_of"] = whose
    if film not in rows or (other and film not in listed):
        film = st.session_state["film"] = None
    return film or listed[0]


def _chosen(key: str) -> None:
    st.session_state["film"] = st.session_state[key]


def _captions(recommender: Recommender, profile: Profile, ranking: Ranking) -> list[str]:
    """'3.89 = 3.87 anyone + 0.02 you', and what else there is to say of a movie."""
    later: set[int] = set()
    if profile.user is not None:
        later = set(recommender.held_out[recommender.row(profile.user)].indices.tolist())
    captions = []
    for item, score in zip(ranking.items.tolist(), ranking.scores.tolist(), strict=True):
        base = float(recommender.base[item])
        own = score - base
        said = (
            f"{plain(score)} = {plain(base)} anyone {'+' if own >= 0 else '−'} {abs(own):.2f} you"
        )
        captions.append(said + (" · liked (hidden from the model) ✓" if item in later else ""))
    return captions


def _hide(recommender: Recommender, film: str, rows: dict[str, int], *, hideable: bool) -> None:
    """Take the chosen movie off the list, and put hidden ones back."""
    hidden: list[str] = st.session_state.get("hidden", [])
    if hideable:
        st.button(
            "Hide this movie",
            icon=":material/visibility_off:",
            on_click=lambda: st.session_state.update(hidden=[*hidden, film], film=None),
            help="It leaves the list, as if this user had said: not interested.",
            width="stretch",
        )
    if hidden:
        st.multiselect(
            "Hidden by you",
            hidden if len(rows) > MOST else list(rows),
            format_func=lambda i: recommender.titles[rows[i]],
            key="hidden",
            persist_state="session",
            filter_mode="contains",
            select_all=False,
        )
