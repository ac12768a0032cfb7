"""The answer of the movies page: headline, picture, exact contributions, proof, downloads."""

from __future__ import annotations

import plotly.graph_objects as go
import streamlit as st

from dashboard import escape
from dashboard.components.printing import on_paper
from dashboard.components.save_picture import save_chart
from dashboard.figures.flows import BASE, themes_of
from dashboard.figures.movie_words import PAPER, STEP_BY_STEP, themes_in_words
from dashboard.figures.palette import plain, signed
from dashboard.figures.pinned_movies import MovieCase
from dashboard.figures.report import report, source
from dashboard.figures.sankey import described, sankey
from dashboard.figures.waterfall import waterfall, waterfall_in_words
from dashboard.loaders.common import ModelKey
from dashboard.loaders.movies import MovieQuestion, explained
from dashboard.panels.common import chart, slug
from dashboard.panels.downloads import Files, address, files
from dashboard.panels.movie_proof import movie_proof
from dashboard.panels.movie_themes import open_theme, which_theme
from dashboard.panels.movies import MovieSettings
from dashboard.panels.pinned import pin_button
from dashboard.panels.story_keep import keep_button
from dashboard.story.movies import movie_slide
from relrec_core.movies.explanation.result import MovieExplanation, Reference
from relrec_core.movies.explanation.sentences import kept_out
from relrec_core.movies.model.ranking import Profile, Recommender

PICTURE = "film_picture"
FLOW, WATERFALL = "Flow", "Waterfall"
COUNTED: dict[Reference, str] = {
    "average": "Beyond the average user",
    "none": "As in the paper",
}


def answered(
    recommender: Recommender, key: ModelKey, profile: Profile, item: int, settings: MovieSettings
) -> MovieExplanation:
    """The answer to the page's question, and the choice of what contributions count from."""
    headline = st.container()
    counted, drawn = st.columns([1.4, 1])
    drawn.segmented_control(
        "Picture",
        (FLOW, WATERFALL),
        default=FLOW,
        required=True,
        key="drawn",
        bind="query-params",
        label_visibility="collapsed",
        help="Flow: reasons, themes and movie. Waterfall: the same contributions one after the "
        "other, from the base value to the score.",
    )
    reference = counted.segmented_control(
        "Contributions",
        COUNTED,
        format_func=COUNTED.__getitem__,
        default="average",
        required=True,
        key="counted",
        bind="query-params",
        label_visibility="collapsed",
        help="Beyond the average user: what a reason adds to the score that any user would get. "
        "As in the paper: counted from zero, which shows popularity as taste; drawn as in the "
        "paper, the strongest reasons alone.",
    )
    explanation = explained(
        recommender,
        key,
        profile,
        MovieQuestion(item, reference=reference, removed=settings.removed),
    ).model_copy(update={"listed": settings.top})
    with headline:
        st.markdown(f"### {escape.markdown(explanation.sentence())}")
        if not explanation.recommended:
            st.markdown(escape.markdown(_outside(recommender, key, profile, explanation)))
    why(explanation, key, settings.shown)
    return explanation


def _outside(
    recommender: Recommender, key: ModelKey, profile: Profile, told: MovieExplanation
) -> str:
    """Where a movie stands that is not in the list, and what keeps it from there."""
    base = recommender.base[told.item]
    said = (
        f"The average user gets {plain(float(base))}, and the taste of {told.viewer} adds "
        f"{signed(told.score - float(base))}."
    )
    if told.excluded or told.listed is None:
        return said
    last = int(recommender.rank(profile, told.listed).items[-1])
    contrast = explained(recommender, key, profile, MovieQuestion(last, told.item))
    return f"{said} What keeps it from the top {told.listed}: {kept_out(contrast, told.listed)}"


def why(
    explanation: MovieExplanation, model: ModelKey, shown: int = 6, *, key: str = "main"
) -> None:
    """The picture with the list beside it, and the proof; `model` made the explanation."""
    picture, beside = st.columns([1.75, 1], gap="medium")
    with beside:
        lit = share_table(explanation, key=key)
    falls = st.session_state.get("drawn") == WATERFALL
    themed = not falls and explanation.reference == "average" and key == "main"
    opened = which_theme(themes_of(explanation)) if themed else ""
    if falls:
        figure, words = waterfall(explanation, shown, lit), waterfall_in_words(explanation, shown)
    else:
        figure = sankey(explanation, shown, lit, opened)
        words = described(explanation, shown, opened)
    with picture:
        with st.container(key=f"{PICTURE}_{key}"):
            chart(figure, key=f"{key}_{'waterfall' if falls else 'sankey'}", alt=words)
        if themed:
            open_theme(themes_of(explanation), f"{PICTURE}_{key}")
        told = themes_in_words(explanation) if explanation.reference == "average" else PAPER
        st.caption(STEP_BY_STEP if falls else told)
    with beside, st.container(horizontal=True):
        _downloads(explanation, figure, words, f"{PICTURE}_{key}")
        keep_button(
            lambda view: movie_slide(explanation, figure, words, view, model[1]), f"movie_{key}"
        )
        if explanation.against is None:
            pin_button(MovieCase(explanation, address()))
    with st.container(border=True):
        movie_proof(explanation, key=key)


def share_table(explanation: MovieExplanation, *, key: str) -> int | None:
    """Every signed contribution; the row that is picked lights up in the picture."""
    frame = explanation.to_frame()
    event = st.dataframe(
        frame[["relevance", "label"]],
        key=f"{key}_shares",
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        height=min(35 * (len(frame) + 1) + 3, 430),
        column_config={
            "label": st.column_config.TextColumn("Reason", width="medium"),
            "relevance": st.column_config.NumberColumn(
                "Contribution",
                format="%+.3f",
                help="How much this raises the score (+) or lowers it (−).",
            ),
        },
        alt="Every reason with its signed contribution, strongest first",
    )
    told = {"relevance": "Contribution", "label": "Reason"}
    on_paper(frame[list(told)].rename(columns=told), key=key)
    rows = event.selection.rows
    st.caption("Pick a row to light it up in the picture.")
    if not rows:
        return None
    picked = rows[0] - (len(frame) - len(explanation.features))
    return BASE if picked < 0 else explanation.features[picked].feature


def _downloads(explanation: MovieExplanation, figure: go.Figure, words: str, key: str) -> None:
    """What is on screen, the picture being in the container with this key."""
    item = explanation.title + (f" not {explanation.against}" if explanation.against else "")
    name, p = slug(f"why {item} {explanation.viewer}"), explanation.provenance
    about = {
        "item": item,
        "user": explanation.viewer,
        "method": p.method,
        "unit": "points of the score",
    }
    with st.popover("Download", icon=":material/download:"):
        save_chart(container=key, name=name, headline=explanation.sentence(), source=source(p))
        made = Files(
            lambda: explanation,
            explanation.to_frame,
            about,
            lambda link: report(explanation, figure, words, link),
        )
        files(made, name, key)
