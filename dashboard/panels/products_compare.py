"""Comparing on the products page: another product, other methods, the known correct answer."""

from __future__ import annotations

import streamlit as st
from PIL import Image

from dashboard import escape, links
from dashboard.components.picture import Data, Look, mapped, plain_picture
from dashboard.components.pictures import figure, pictures
from dashboard.figures.heatmap import Panel, data_url, shared_scale
from dashboard.figures.known_cause import Found, tinted
from dashboard.figures.palette import plain
from dashboard.loaders.products import (
    product_candidates,
    product_contrast,
    product_method,
    product_truth,
)
from dashboard.panels.product_proof import product_proof
from dashboard.panels.product_shown import Shown
from dashboard.panels.products import by_colour
from dashboard.panels.products_answer import contrasted, every_cell
from dashboard.panels.story_keep import keep_button
from dashboard.story.product_maps import known_slide, methods_slide
from relrec_core.faithfulness.localisation import Mask, share_over_area
from relrec_core.products.data.catalogue import ITEM
from relrec_core.products.explanation.result import FOCUSED, SHOWN
from relrec_core.products.explanation.sentences import rather
from relrec_core.products.studio import ground_truth
from relrec_core.titles import unique_labels

COMPARED = 40
"""The products with the highest scores, to compare with."""
FIRST_METHODS = (FOCUSED, "LRP, epsilon-gamma", "Integrated gradients")


def why_not(shown: Shown) -> None:
    """Which parts of the query speak for the picked product rather than another."""
    settings, asked = shown.choice.settings, shown.asked
    ranked = product_candidates(
        shown.explainer, asked.question, shown.key, asked.text, COMPARED, settings.category
    )
    picked = shown.candidate.row
    chance = {c.row: c.probability for c in [*ranked, shown.candidate]}
    options = [c.row for c in ranked if c.row != picked]
    if not options:
        st.caption("There is no other product to compare with.")
        return
    other = _other(shown, options, chance)
    one, two = (other, picked) if chance[other] > chance[picked] else (picked, other)
    found = product_contrast(shown.explainer, asked.question, shown.key, asked.text, one, two)
    query = asked.question.query.title
    panel = Panel(shown.choice.picture, found.left, query, settings.detail)
    headline = st.empty()
    told = rather(shown.title(one), shown.title(two), query, panel.cells, found.ledger)
    headline.markdown(f"#### {escape.markdown(told)}")
    scale = shared_scale([panel])
    pictures(
        [
            figure(
                mapped(panel, scale, numbers=True),
                shown.roles[0],
                query,
                "why the one, not the other",
            ),
            *(
                figure(
                    plain_picture(shown.address(row), shown.title(row)),
                    f"{score} score, {chance[row]:.0%}",
                    shown.title(row),
                    f"{areas} areas speak for this one",
                )
                for row, score, areas in ((one, "Higher", "warm"), (two, "Lower", "cool"))
            ),
        ],
        Look(scale, shown.look.strength, shown.look.originals),
        key="contrast_pictures",
    )
    st.caption(
        "What is explained is the difference between the two scores. It depends in an exactly "
        "linear way on what the network sees of the product you look at; so only that has a "
        "heatmap."
    )
    explanation = contrasted(shown, one, two)
    headline.markdown(f"#### {escape.markdown(explanation.sentence())}")
    with st.container(border=True):
        product_proof(explanation, key="contrast")
    every_cell(explanation, (panel,), shown, scale, key="contrast")


def _other(shown: Shown, options: list[int], chance: dict[int, float]) -> int:
    """The product to compare with: at first the next one, or the last of the list it is not on."""
    ids = shown.of.catalogue.items[ITEM]
    first = str(ids.iloc[shown.candidates[-1].row if shown.standing else options[0]])
    by_id = {str(ids.iloc[row]): row for row in options}
    links.bound(
        "instead",
        by_id,
        first,
        f"The product to compare with is not among the {COMPARED} with the highest score: search "
        "for it under ‘Ask about any product’ to see its place.",
    )
    labels = unique_labels(
        [f"{shown.title(row)} ({chance[row]:.0%})" for row in options], list(by_id)
    )
    other = st.selectbox(
        "Compare with",
        list(by_id),
        format_func=dict(zip(by_id, labels, strict=True)).__getitem__,
        key="instead",
        filter_mode="contains",
    )
    links.publish("instead", None if other == first else other)
    return by_id[other]


def methods(shown: Shown) -> None:
    """The same recommendation by several methods, side by side."""
    from relrec_core.products.explanation.attribution import METHODS

    chosen = st.pills(
        "Methods",
        METHODS,
        format_func=lambda name: SHOWN if name == FOCUSED else name,
        selection_mode="multi",
        default=FIRST_METHODS,
        key="methods",
        bind="query-params",
    )
    st.caption(
        "Each method has a scale of its own, since not all of them count in points of the score. "
        "Edges, brightness and random know nothing of the network: a method should not look like "
        "them."
    )
    ours, theirs = shown.panels()
    asked = shown.asked
    places = st.columns(3, gap="medium")
    kept: list[tuple[str, tuple[Panel, Panel], tuple[str, str]]] = []
    for i, name in enumerate(chosen):
        with places[i % 3], st.container(border=True):
            st.markdown(f"##### {SHOWN if name == FOCUSED else name}")
            with st.spinner(f"{name} …"):
                maps = product_method(
                    shown.explainer,
                    asked.question,
                    shown.key,
                    asked.text,
                    shown.candidate.row,
                    name,
                )
            detail = shown.choice.settings.detail
            panels = (
                Panel(ours.picture, maps[0], ours.title, detail),
                Panel(theirs.picture, maps[1], theirs.title, detail),
            )
            scale = shared_scale(panels)
            found = _located(shown, panels[0], 0), _located(shown, panels[1], 1)
            kept.append((name if name != FOCUSED else SHOWN, panels, found))
            pictures(
                [
                    figure(mapped(panel, scale), role, "", note)
                    for panel, role, note in zip(panels, shown.roles, found, strict=True)
                ],
                Look(scale, shown.look.strength, shown.look.originals),
                key=f"method_{name}",
                with_legend=False,
            )
    if kept:
        origin = shown.origin("several methods on the same two pictures")
        keep_button(
            lambda view: methods_slide(shown.question, kept, origin, view), "product_methods"
        )


def _located(shown: Shown, panel: Panel, side: int) -> str:
    """How well one map finds the known cause, where it is known."""
    mask = _mask(shown, side, len(panel.relevance))
    if mask is None:
        return ""
    share = share_over_area(panel.relevance, mask)
    return f"{plain(share, 1)} times what chance would give on the cause"


def _mask(shown: Shown, side: int, pixels: int) -> Mask | None:
    """Where one picture shows the known cause; None where it is not known."""
    catalogue, relation = shown.of.catalogue, shown.asked.question.relation
    row = (shown.asked.question.query.row, shown.candidate.row)[side]
    if row is None or not catalogue.rendered or relation not in ground_truth.CAUSES:
        return None
    item = str(catalogue.items[ITEM].iloc[row])
    return product_truth(catalogue.folder).cause_mask(item, relation, pixels)


def known_answer(shown: Shown) -> None:
    """The map beside the pixels that are known to be the cause."""
    figures: list[Data] = []
    found: list[tuple[Panel, Image.Image, Found]] = []
    coloured = by_colour(shown.of, shown.asked.question.relation)
    scale = shown.look.scale
    for side, (panel, role) in enumerate(zip(shown.panels(), shown.roles, strict=True)):
        mask = _mask(shown, side, len(panel.relevance))
        if mask is None:
            continue
        cause = tinted(mask)
        figures += [
            figure(
                mapped(panel, scale, coloured=coloured), role, panel.title, "what the model used"
            ),
            figure(
                {
                    **plain_picture(data_url(panel.picture), f"The cause in {panel.title}"),
                    "map": data_url(cause),
                    "blocky": False,
                },
                "Known correct answer",
                panel.title,
                "what made the two related",
            ),
        ]
        found.append((panel, cause, Found.of(panel, mask)))
    if not figures:
        st.info("The cause is only known for products of a rendered catalogue.")
        return
    said, notes = _shared(shown), " ".join(one.sentence() for _, _, one in found)
    st.markdown(f"**{escape.markdown(said)}** {escape.markdown(notes)}")
    pictures(
        figures, Look(scale, shown.look.strength, shown.look.originals), key="planted_pictures"
    )
    st.caption(
        "By chance the cause would get as much of the support as it takes of the picture: 1.0 "
        "times. The model may also use other things that come along with the cause."
    )
    origin = shown.origin(shown.choice.settings.method.named)
    keep_button(
        lambda view: known_slide(shown.question, said, found, (scale, coloured), origin, view),
        "product_known",
    )


def _shared(shown: Shown) -> str:
    """Whether the two really share the cause."""
    catalogue, question = shown.of.catalogue, shown.asked.question
    cause = ground_truth.CAUSES[question.relation]
    known = product_truth(catalogue.folder).attributes[cause]
    ids = catalogue.items[ITEM]
    theirs = known[str(ids.iloc[shown.candidate.row])]
    if question.query.row is None:
        return f"The cause is the same {cause}; of your picture it is not known."
    ours = known[str(ids.iloc[question.query.row])]
    if ours == theirs:
        return (
            f"The cause is the same {cause}, ‘{ours}’; the model learned it from pictures and "
            "pairs only."
        )
    return (
        f"Two products are related by the same {cause}; these have ‘{ours}’ and ‘{theirs}’, so "
        "here the model was wrong, and its map shows what misled it."
    )
