"""The answer on the products page: the recommendations, the picked one large, its proof."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard import escape
from dashboard.components.picture import Look, mapped
from dashboard.components.pictures import close_by, figure, pictures
from dashboard.components.save_picture import save_drawing
from dashboard.figures import product_words as words
from dashboard.figures.heatmap import Panel, data_url, shared_scale
from dashboard.figures.pinned_products import ProductCase
from dashboard.figures.product_sheet import product_report, sheet
from dashboard.figures.report import source
from dashboard.glossary import meaning
from dashboard.loaders.common import ModelKey
from dashboard.loaders.products import (
    product_candidates,
    product_contrast,
    product_explanation,
    product_relevance,
)
from dashboard.panels.common import slug
from dashboard.panels.downloads import Files, address, files
from dashboard.panels.pinned import pin_button
from dashboard.panels.product_list import picked_row, recommendations, search
from dashboard.panels.product_proof import product_proof, product_proof_line
from dashboard.panels.product_shown import Shown
from dashboard.panels.products import Choice, by_colour, cause_note
from dashboard.panels.story_keep import keep_button
from dashboard.story.products import product_slide
from relrec_core.products.explanation.explain import Explainer
from relrec_core.products.explanation.result import ProductExplanation
from relrec_core.products.explanation.sentences import MATCH, because
from relrec_core.products.explanation.standing import UnlistedExplanation, kept_out, standing
from relrec_core.products.model.ranking import Candidate


def show(explainer: Explainer, key: ModelKey, choice: Choice, presentation: bool) -> Shown:
    """The sentence, both pictures large, and the list to pick from."""
    settings, asked = choice.settings, choice.asked
    candidates = product_candidates(
        explainer, asked.question, key, asked.text, settings.n, settings.category
    )
    if not candidates:
        st.info("There is nothing to recommend of this kind. Choose another one in the settings.")
        st.stop()
    rows = tuple(c.row for c in candidates)
    row = picked_row(explainer.recommender, asked, candidates)
    with st.spinner("Reading the pictures …", show_time=False):
        relevances = product_relevance(explainer, asked.question, key, asked.text, rows)
        if row in rows:
            at, candidate, found = None, candidates[rows.index(row)], relevances[rows.index(row)]
        else:
            at = standing(explainer.recommender, asked.question, row, settings.category)
            candidate = Candidate(row, at.logit, at.probability)
            (found,) = product_relevance(explainer, asked.question, key, asked.text, (row,))
    headline = st.empty()
    shown = Shown(explainer, key, choice, candidates, candidate, found, at, Look(1.0), headline)
    pair = shown.panels()
    headline.markdown(f"### {escape.markdown(_at_first(shown, pair))}")
    if not presentation:
        st.caption(words.score_line(settings.method, shown.of.counts_categories))
    scale = shared_scale(pair)
    answer, others = (
        (st.container(), st.container()) if presentation else st.columns([2.05, 1], gap="medium")
    )
    with answer:
        place = st.container(key="product_answer").empty()
        shown = replace(shown, look=_look(scale))
    encoded = data_url(choice.picture)
    with place:
        _large(shown, pair, encoded, presentation)
    with others, st.container(key="product_list"):
        recommendations(shown, [(one, shown.panels(one)) for one in relevances], encoded)
        search(shown)
    with answer:
        shown_how = words.method_caption(settings.method, settings.detail)
        st.caption(f"{words.legend_caption(scale, settings.method)} {shown_how}")
        cause_note(shown.of, asked.question.relation)
    return shown


def _large(shown: Shown, pair: tuple[Panel, Panel], encoded: str, presentation: bool) -> None:
    """Both pictures under their maps; `encoded` is the address of the first."""
    coloured = by_colour(shown.of, shown.asked.question.relation)
    figures = []
    for panel, role, at in zip(
        pair, shown.roles, (encoded, shown.address(shown.candidate.row)), strict=True
    ):
        picture = mapped(panel, shown.look.scale, address=at, numbers=True, coloured=coloured)
        below = [] if presentation else close_by(panel, at)
        note = words.contribution(panel.total)
        figures.append(figure(picture, role, panel.title, note, below))
    pictures(figures, shown.look, key="product_pictures")


def _at_first(shown: Shown, pair: tuple[Panel, Panel]) -> str:
    """The sentence before the proof is known."""
    ours, theirs = pair
    if shown.standing:
        return shown.standing.sentence(theirs.title, ours.title)
    chance, ledger = shown.candidate.probability, shown.relevance.ledger
    told = because(theirs.title, chance, ours.title, ours.cells, theirs.cells, ledger)
    return _found(shown.candidates, told)


def _found(candidates: list[Candidate], told: str) -> str:
    """The sentence, after a warning where not even the first recommendation matches."""
    nothing = candidates[0].probability < MATCH
    return f"Nothing in this catalogue matches. {told}" if nothing else told


def _look(scale: float) -> Look:
    with st.container(key="product_look"):
        strength, originals = st.columns([2, 1], vertical_alignment="bottom")
        percent = strength.slider(
            "Heatmap opacity",
            0,
            100,
            80,
            step=5,
            format="%d %%",
            key="strength",
            bind="query-params",
        )
        plain = originals.toggle("Originals", key="originals", bind="query-params")
    return Look(scale, percent / 100, plain)


def proof(shown: Shown, presentation: bool) -> ProductExplanation:
    """What the numbers add up to, and what happens without the strongest cells."""
    place = st.empty()
    with place:
        explanation = product_explanation(
            shown.explainer,
            shown.asked.question,
            shown.relevance,
            shown.key,
            shown.asked.text,
            shown.candidate.row,
        )
    if shown.standing:
        explanation = UnlistedExplanation.of(explanation, shown.standing, len(shown.candidates))
        told = explanation.sentence()
    else:
        told = _found(shown.candidates, explanation.sentence())
    shown.headline.markdown(f"### {escape.markdown(told)}")
    if presentation:
        product_proof_line(explanation)
        return explanation
    with st.container(border=True):
        product_proof(explanation, key="product")
    if shown.standing and not shown.standing.excluded:
        with place:
            kept = _kept_out(shown)
        shown.headline.markdown(f"### {escape.markdown(told)}\n\n{escape.markdown(kept)}")
    every_cell(explanation, shown.panels(), shown, shown.look.scale, key="product", told=told)
    return explanation


def _kept_out(shown: Shown) -> str:
    """What keeps the picked product from the list."""
    n = len(shown.candidates)
    contrast = contrasted(shown, shown.candidates[-1].row, shown.candidate.row)
    return f"What keeps it from the top {n}: {kept_out(contrast, n)}"


def contrasted(shown: Shown, row: int, other: int) -> ProductExplanation:
    """Why the one product rather than the other, with its proof."""
    asked = shown.asked
    found = product_contrast(shown.explainer, asked.question, shown.key, asked.text, row, other)
    return product_explanation(
        shown.explainer, asked.question, found, shown.key, asked.text, row, other
    )


def case(explanation: ProductExplanation, shown: Shown) -> ProductCase:
    """What is shown, to be pinned."""
    coloured = by_colour(shown.of, explanation.relation)
    return ProductCase(explanation, address(), shown.panels(), shown.roles, coloured)


def every_cell(
    explanation: ProductExplanation,
    panels: tuple[Panel, ...],
    shown: Shown,
    scale: float,
    *,
    key: str,
    told: str = "",
) -> None:
    """The exact table, and everything to take away; `told` is the sentence where it is another."""
    table, save = st.columns([3.4, 1])
    with table, st.expander(f"Every grid cell ({len(explanation.cells)}), strongest first"):
        st.dataframe(
            explanation.to_frame(),
            hide_index=True,
            key=f"{key}_cells",
            height=300,
            column_config={
                "picture": "Picture",
                "row": st.column_config.NumberColumn("Row", help="From the top, 16 rows."),
                "column": st.column_config.NumberColumn("Column", help="From the left."),
                "relevance": st.column_config.NumberColumn(
                    "Contribution", format="%+.4f", help=meaning("contribution")
                ),
            },
            alt="Every cell of both pictures with its signed contribution, strongest first",
        )
    with save:
        popover = st.popover(
            "Download",
            icon=":material/download:",
            width="stretch",
            key=f"{key}_downloads",
            on_change="rerun",
        )
        if explanation.other_title is None:
            pin_button(case(explanation, shown), wide=True)
        drawn = [
            (panel, f"{role}: {panel.title}")
            for panel, role in zip(panels, shown.roles, strict=False)
        ]
        coloured = by_colour(shown.of, explanation.relation)
        keep_button(
            lambda view: product_slide(
                explanation,
                told or explanation.sentence(),
                list(zip(panels, shown.roles, strict=False)),
                ((0.0, scale), coloured),
                view,
                shown.key[1],
            ),
            f"product_{key}",
            wide=True,
        )
    if popover.open:
        footer = source(explanation.provenance)
        picture = sheet(explanation.sentence(), drawn, scale, footer, coloured)
        with popover:
            _downloads(explanation, picture, panels, key)


def _downloads(
    explanation: ProductExplanation, picture: str, panels: tuple[Panel, ...], key: str
) -> None:
    parts = [explanation.query_title, explanation.item_title, explanation.relation]
    name = slug(" ".join(parts))[:80]
    about = {
        "query": explanation.query_title,
        "item": explanation.item_title,
        "user": explanation.user or "everybody",
        "method": explanation.provenance.method,
        "unit": "points of the score",
    }
    save_drawing(picture, key=f"{key}_picture", name=name)
    made = Files(
        lambda: explanation,
        explanation.to_frame,
        about,
        lambda link: product_report(explanation, picture, panels, link),
    )
    files(made, name, key)
