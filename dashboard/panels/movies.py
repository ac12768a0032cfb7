"""The panels of the movies page: who, what, why, and what if."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from dashboard import escape, links
from dashboard.components.voice import voice
from dashboard.figures.palette import plain
from dashboard.loaders.common import ModelKey
from dashboard.loaders.movies import explained
from dashboard.panels.movie_answer import why
from relrec_core.movies.data.attributes import capital, spoken
from relrec_core.movies.data.features import FILM
from relrec_core.movies.data.interactions import ITEM, USER
from relrec_core.movies.explanation.questions import answer
from relrec_core.movies.explanation.result import MovieExplanation
from relrec_core.movies.model.ranking import Profile, Ranking, Recommender
from relrec_core.titles import unique_labels

KNOWN, NEW = "From the data", "Someone new"


@dataclass(frozen=True)
class Settings:
    """What an expert may change about the page."""

    top: int
    shown: int
    removed: int


def settings() -> Settings:
    """Folded away behind one button."""
    with st.popover("Settings", icon=":material/tune:", width="stretch"):
        return Settings(
            top=st.slider("Movies to recommend", 3, 30, 10, key="top", bind="query-params"),
            shown=st.slider("Reasons drawn one by one", 3, 20, 6, key="shown", bind="query-params"),
            removed=st.slider(
                "Reasons the tests change", 1, 20, 5, key="removed", bind="query-params"
            ),
        )


def choose(recommender: Recommender, first: str) -> tuple[Profile, Settings]:
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
    ids = [str(u) for u in recommender.data.users[USER]]
    names = dict(zip(ids, recommender.viewers, strict=True))
    asked = links.adopt("viewer").get("viewer")
    if asked is None:
        st.session_state.setdefault("viewer", first)
    else:
        wanted = asked[0] if asked else first
        if wanted not in names:
            said = f"There is no user ‘{wanted}’ in {recommender.data.title}."
            st.warning(escape.markdown(said))
        st.session_state["viewer"] = wanted if wanted in names else first
    user = pick.selectbox(
        "User",
        ids,
        format_func=names.__getitem__,
        key="viewer",
        persist_state="session",
        filter_mode="contains",
    )
    links.publish("viewer", None if user == first else user)
    act.button(
        "Surprise me",
        icon=":material/shuffle:",
        on_click=lambda: st.session_state.update(
            viewer=random.choice([other for other in ids if other != user] or ids)
        ),
        help="Another user, at random.",
        width="stretch",
    )
    return recommender.profile(user)


def _new_profile(recommender: Recommender, place: Place) -> Profile:
    space, titles = recommender.space, _titles(recommender)
    kinds = [k for k in space.attribute_kinds if k not in space.item_kinds]
    for key, values in links.adopt("liked", *kinds).items():
        known = [v for v in values if (key if key in kinds else FILM, v) in space.index]
        if len(known) < len(values):
            said = f"Not everything in this link is known here: {', '.join(values)}."
            st.warning(escape.markdown(said))
        st.session_state[key] = known if key == "liked" else next(iter(known), None)
    films = place.multiselect(
        "Movies this person liked",
        list(titles),
        format_func=titles.__getitem__,
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
    rows = [space.index[FILM, i] for i in films]
    if not rows and not chosen:
        st.info(
            "Name a movie or two this person liked, or say something about them, "
            "and the recommendations appear at once. Nothing is trained for it.",
            icon=":material/waving_hand:",
        )
        st.stop()
    return recommender.new_profile(rows, chosen)


@st.cache_data(max_entries=4, show_spinner=False)
def _titles_of(items: tuple[str, ...], titles: tuple[str, ...]) -> dict[str, str]:
    return dict(zip(items, titles, strict=True))


def _titles(recommender: Recommender) -> dict[str, str]:
    return _titles_of(tuple(map(str, recommender.data.items[ITEM])), tuple(recommender.titles))


def choose_film(recommender: Recommender, profile: Profile, ranking: Ranking) -> int:
    """The list of recommendations; the first is chosen until another is."""
    ids = [str(recommender.data.items[ITEM].iloc[i]) for i in ranking.items]
    by_id = dict(zip(ids, ranking.items.tolist(), strict=True))
    liked_later = _liked_later(recommender, profile)
    captions = [
        f"score {plain(float(s))}"
        + (" · liked (hidden from the model) ✓" if int(i) in liked_later else "")
        for i, s in zip(ranking.items, ranking.scores, strict=True)
    ]
    asked = links.adopt("film").get("film")
    if asked is not None:
        st.session_state["film"] = asked[0] if asked else ids[0]
    if st.session_state.get("film", ids[0]) not in by_id:
        if asked:
            st.warning("The movie of this link is not among the recommendations.")
        st.session_state["film"] = ids[0]
    film = st.radio(
        "Recommended movies",
        ids,
        format_func=lambda i: escape.markdown(recommender.titles[by_id[i]]),
        captions=captions,
        key="film",
        persist_state="session",
        help="Score 0 is an average movie; each point more makes a movie 2.7 times as likely to be "
        "the next one. ‘Liked’ marks movies this user did like, though the model was "
        "never told.",
    )
    links.publish("film", None if film == ids[0] else film)
    return int(by_id[film])


def _liked_later(recommender: Recommender, profile: Profile) -> set[int]:
    if profile.user is None:
        return set()
    return set(recommender.held_out[recommender.row(profile.user)].indices.tolist())


def why_not(
    recommender: Recommender, key: ModelKey, profile: Profile, answer: MovieExplanation
) -> None:
    """Why the movie of the answer and not that one."""
    item = answer.item
    ranked = [int(i) for i in recommender.rank(profile, recommender.space.n_items).items]
    options = [i for i in ranked if i != item]
    if not options:
        st.caption("There is no other movie to compare with.")
        return
    ids = recommender.data.items[ITEM].astype(str)
    asked = links.adopt("against").get("against")
    if asked is not None:
        wanted = recommender.space.index.get((FILM, asked[0])) if asked else None
        st.session_state["against"] = options[0] if wanted is None else wanted
    if st.session_state.get("against", options[0]) not in options:
        st.session_state["against"] = options[0]
    other = st.selectbox(
        "Compare with",
        options,
        format_func=recommender.titles.__getitem__,
        key="against",
        filter_mode="contains",
    )
    links.publish("against", None if other == options[0] else ids.iloc[other])
    explanation = explained(
        recommender, key, profile, item, against=other, reference=answer.reference
    )
    st.markdown(f"### {escape.markdown(explanation.sentence())}")
    why(explanation, key="contrast")


def history(recommender: Recommender, profile: Profile) -> None:
    """What the model knows of this user, beside what it recommends."""
    space, labels = recommender.space, recommender.labels
    films = [labels[k] for k in profile.features if k < space.n_items]
    facts = [labels[k] for k in profile.features if k >= space.n_items]
    with st.expander(f"Liked before: {len(films)} movies"):
        st.dataframe(
            pd.DataFrame({"Movies": sorted(films)}),
            hide_index=True,
            height=260,
            alt="Movies this user liked",
        )
        if facts:
            st.dataframe(
                pd.DataFrame({"Facts": facts}),
                hide_index=True,
                height=220,
                alt="What else is known: genres and decades of these movies, and the person",
            )
        if profile.user is not None:
            st.caption(
                "A fifth of the liked movies was hidden from the model, to test it. Movies rated "
                "below 3 are not in the profile, and they are not recommended either."
            )


def ask(
    recommender: Recommender, key: ModelKey, profile: Profile, explanation: MovieExplanation
) -> None:
    """Ask in one's own words, by voice or by text."""

    def contrast(other: int) -> MovieExplanation:
        return explained(
            recommender,
            key,
            profile,
            explanation.item,
            against=other,
            reference=explanation.reference,
        )

    def heard(question: str) -> None:
        st.session_state.update(question=question, aloud=True)

    def typed() -> None:
        st.session_state["aloud"] = False

    st.session_state.setdefault("question", "Why do you recommend this movie?")
    question = st.text_input(
        "Your question",
        key="question",
        on_change=typed,
        help="For instance: why not Titanic? What lowers the score? How sure are you?",
    )
    reply = answer(question, explanation, recommender.titles, contrast)
    st.markdown(f"**{escape.markdown(reply)}**")
    voice(key="voice", answer=reply, aloud=st.session_state.get("aloud", False), on_heard=heard)
