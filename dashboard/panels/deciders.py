"""Which expert decided about the recommended movies: content, user, movie or taste."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from dashboard import escape, links
from dashboard.components.save_picture import save_chart
from dashboard.figures import deciders as figures
from dashboard.figures.report import source
from dashboard.loaders.common import evaluation
from dashboard.loaders.experts import expert_explanation, movie_experts
from dashboard.panels.common import PERCENT, chart, slug
from dashboard.panels.downloads import Files, files
from dashboard.panels.proof import ExpertsWords, experts_proof, experts_table
from dashboard.panels.story_keep import keep_button
from dashboard.story.movies import deciders_slide
from relrec_core.errors import RelRecError
from relrec_core.movies.data.interactions import ITEM, MovieData
from relrec_core.movies.experts.explanation.explain import Explainer
from relrec_core.movies.experts.explanation.result import ExpertExplanation, expert_title
from relrec_core.movies.model.ranking import Profile

ABOVE, OWN = "Recommended above", "The experts’ own choice"
PICTURE = "deciders_picture"
WHO_KNOWS_WHAT = """
| | genres and decade of the movie | this very movie |
|---|---|---|
| **age, gender, occupation of the user** | content | movie |
| **this very user** | user | taste |
"""


def deciders_panel(data: MovieData, profile: Profile, above: list[int], item: int) -> None:
    """The sentence, the bars, the proof and the table; `item` is explained until another is."""
    if profile.user is None:
        st.info(
            "The experts answer for users whose ratings they have learnt from. Pick one under "
            "‘Recommend to: From the data’.",
            icon=":material/person_search:",
        )
        return
    st.caption(
        "Above, RecoNet recommends, and its contributions are exact. This is a second model, which "
        "recommends nothing above: four experts who learnt from the same ratings say of each movie "
        "whether this user will watch it, and what kind of knowledge decided."
    )
    try:
        explainer, key = movie_experts(data)
        which, one = st.columns([1, 1.6], gap="medium")
        with which:
            films = _films(explainer, profile.user, above)
        with one:
            focus = _focus(data, explainer, films, item)
        explanation = expert_explanation(explainer, key, profile.user, tuple(films), focus)
    except RelRecError as error:
        st.warning(escape.markdown(error), icon=":material/info:")
        return
    st.markdown(f"#### {escape.markdown(explanation.sentence())}")
    picture, beside = st.columns([1.5, 1], gap="medium")
    figure = figures.deciders(explanation)
    with picture:
        st.markdown("##### Who decided, movie by movie")
        with st.container(key=PICTURE):
            chart(figure, key="deciders_bars", alt=figures.deciders_in_words(explanation))
        st.caption(
            "Each bar is one decision; its parts are the experts’ shares and add up to 100%. "
            "‘Yes’: the user is likelier to watch this movie than one drawn at random."
        )
    with beside:
        _experts(explanation)
        with st.container(horizontal=True):
            _downloads(explanation, figure)
            keep_button(
                lambda view: deciders_slide(explanation, figure, view, key[1]), "movie_deciders"
            )
    _proof(explanation)
    _quality(data)
    p = explanation.provenance
    told = (
        f"The experts: model run {p.run}, {p.method}, trained on all ratings but each user’s "
        f"latest. Seed of the replacements: {p.seed}."
    )
    st.caption(escape.markdown(told))


def _films(explainer: Explainer, user: str, above: list[int]) -> list[int]:
    chosen = st.segmented_control(
        "Movies",
        (ABOVE, OWN),
        default=ABOVE,
        required=True,
        key="judged_films",
        bind="query-params",
        help="The movies above are RecoNet’s. The experts are another model, which learnt from "
        "the same ratings, so they can be asked about these movies or name their own.",
    )
    return explainer.best(user, len(above)) if chosen == OWN else above


def _focus(data: MovieData, explainer: Explainer, films: list[int], item: int) -> int:
    """Which movie's decision is put into words and proved."""
    ids = [str(data.items[ITEM].iloc[film]) for film in films]
    usual = ids[films.index(item)] if item in films else ids[0]
    asked = links.adopt("judged").get("judged")
    if asked:
        st.session_state["judged"] = asked[0]
    shown = (tuple(films), item)
    if st.session_state.get("judged_shown") not in (None, shown) or (
        st.session_state.get("judged") not in ids
    ):
        st.session_state["judged"] = usual
    st.session_state["judged_shown"] = shown
    chosen = st.selectbox(
        "Movie",
        ids,
        format_func=lambda i: explainer.titles[films[ids.index(i)]],
        key="judged",
        filter_mode="contains",
    )
    links.publish("judged", None if chosen == usual else chosen)
    return ids.index(chosen)


def _experts(explanation: ExpertExplanation) -> None:
    """What each expert may know, and what it says of the movie."""
    st.markdown("##### Four experts, by what they may know")
    st.markdown(WHO_KNOWS_WHAT)
    st.caption("Simpler experts take precedence.")
    experts_table(
        explanation,
        expert_title,
        alone="How likely a yes is by this expert alone.",
        answer="the probability of a yes",
    )
    if explanation.focused.learnt:
        st.caption("The experts have learnt from this user’s own rating of this movie.")


def _downloads(explanation: ExpertExplanation, figure: go.Figure) -> None:
    name = slug(f"who decided {explanation.viewer} {explanation.focused.title}")
    with st.popover("Download", icon=":material/download:"):
        save_chart(
            container=PICTURE,
            name=name,
            headline=explanation.sentence(),
            source=source(explanation.provenance),
        )
        made = Files(
            lambda: explanation,
            explanation.to_table,
            {
                "user": explanation.viewer,
                "method": explanation.provenance.method,
                "unit": "probabilities and shares, 0 to 1",
            },
            lambda link: figures.deciders_report(explanation, figure, link),
        )
        files(made, name, PICTURE)


def _proof(explanation: ExpertExplanation) -> None:
    audit = explanation.audit
    words = ExpertsWords(
        answer="probability of a yes",
        question="Does the confidence drop without the inputs of "
        f"‘{expert_title(explanation.focused.top)}’?",
        compared=figures.RESAMPLES,
        rows=figures.EXCHANGED,
        alt=figures.exchange_in_words(audit),
        note="Taken from other users and movies: "
        f"{figures.named(audit.exchanged)}. Compared with: {figures.named(audit.compared)}. A "
        "resample draws those other users and movies anew.",
    )
    experts_proof(audit, words, key="deciders_exchange")


def _quality(data: MovieData) -> None:
    """How good the experts are beside others, as stored."""
    hits = evaluation("movies", f"experts-{data.name}")
    who = evaluation("movies", f"deciders-{data.name}")
    if hits is None or who is None:
        return
    with st.expander("How good are the experts, and who decides as a rule?"):
        table, shares = st.columns([1.3, 1], gap="medium")
        with table:
            st.dataframe(
                hits.frame[["method", "hit_rate_10", "ndcg_10", "parameters"]],
                hide_index=True,
                column_config={
                    "method": "Method",
                    "hit_rate_10": st.column_config.NumberColumn("HR@10", format="%.3f"),
                    "ndcg_10": st.column_config.NumberColumn("NDCG@10", format="%.3f"),
                    "parameters": st.column_config.NumberColumn("Parameters", format="compact"),
                },
                alt="Hit rate, NDCG and number of parameters of every method",
            )
        with shares:
            st.dataframe(
                who.frame[["expert", "mean_share", "top_share", "alone_hit_rate_10"]].assign(
                    expert=who.frame["expert"].map(expert_title),
                    mean_share=100 * who.frame["mean_share"],
                    top_share=100 * who.frame["top_share"],
                ),
                hide_index=True,
                column_config={
                    "expert": "Expert",
                    "mean_share": st.column_config.NumberColumn("Mean share", format=PERCENT),
                    "top_share": st.column_config.NumberColumn(
                        "Decides", format=PERCENT, help="How often its share is the largest."
                    ),
                    "alone_hit_rate_10": st.column_config.NumberColumn(
                        "HR@10 alone", format="%.3f"
                    ),
                },
                alt="Mean share of every expert, how often it decides, and its own hit rate",
            )
        seeds = int(hits.frame["seeds"].max())
        st.caption(
            "Each user’s latest movie is hidden and ranked among 100 movies never rated. HR@10: "
            "how often it is among the first ten; NDCG@10 counts early places more. Who decides: "
            f"about these hidden movies. {'Mean of ' if seeds > 1 else ''}{seeds} "
            f"seed{'s' if seeds > 1 else ''}."
        )
