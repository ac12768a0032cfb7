"""Questions about the answer: why not another movie, and anything in one's own words."""

from __future__ import annotations

import streamlit as st

from dashboard import escape
from dashboard.components.voice import voice
from dashboard.loaders.common import ModelKey
from dashboard.loaders.movies import MovieQuestion, explained
from dashboard.panels.movie_answer import why
from dashboard.panels.movie_list import choose_other
from relrec_core.movies.explanation.questions import answer
from relrec_core.movies.explanation.result import MovieExplanation
from relrec_core.movies.model.ranking import Profile, Recommender


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
    other = choose_other(recommender, options, "Compare with", key="against")
    explanation = _contrast(recommender, key, profile, answer, other)
    st.markdown(f"### {escape.markdown(explanation.sentence())}")
    why(explanation, key, key="contrast")


def _contrast(
    recommender: Recommender, key: ModelKey, profile: Profile, answer: MovieExplanation, other: int
) -> MovieExplanation:
    """The movie of the answer against another, counted and listed alike."""
    told = explained(recommender, key, profile, MovieQuestion(answer.item, other, answer.reference))
    return told.model_copy(update={"listed": answer.listed})


def ask(
    recommender: Recommender, key: ModelKey, profile: Profile, explanation: MovieExplanation
) -> None:
    """Ask in one's own words, by voice or by text, about this movie or any other."""

    def tell(item: int) -> MovieExplanation:
        told = explained(
            recommender, key, profile, MovieQuestion(item, None, explanation.reference)
        )
        return told.model_copy(update={"listed": explanation.listed})

    def contrast(other: int) -> MovieExplanation:
        return _contrast(recommender, key, profile, explanation, other)

    def heard(question: str) -> None:
        st.session_state.update(question=question, aloud=True)

    def typed() -> None:
        st.session_state["aloud"] = False

    st.session_state.setdefault("question", "Why do you recommend this movie?")
    question = st.text_input("Your question", key="question", on_change=typed)
    reply = answer(question, explanation, recommender.titles, tell, contrast)
    st.markdown(f"**{escape.markdown(reply)}**")
    st.caption(
        "For instance: why not Titanic? Why is Fargo on the list? What lowers the score? How sure "
        "are you? A title alone is enough."
    )
    voice(key="voice", answer=reply, aloud=st.session_state.get("aloud", False), on_heard=heard)
