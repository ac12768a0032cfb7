"""Which strategies does the model use for a relation? Groups of recommendations with alike maps."""

from __future__ import annotations

from functools import partial

import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from dashboard import escape, links
from dashboard.components.picture import Look, mapped
from dashboard.components.picture_buttons import Gallery, GalleryItem, picture_buttons
from dashboard.components.pictures import figure, pictures
from dashboard.figures.audit import judged
from dashboard.figures.heatmap import shared_scale
from dashboard.figures.product_words import relation_title
from dashboard.figures.strategies import averaged, grid_panel, heading, strategies_report
from dashboard.glossary import meaning
from dashboard.loaders.products import THUMBNAIL, product_strategies
from dashboard.panels.common import sentences, slug
from dashboard.panels.downloads import Files, files
from dashboard.panels.product_gallery import OWN_PICTURE
from dashboard.panels.product_shown import Shown
from dashboard.panels.story_keep import keep_button
from dashboard.story.products import strategies_slide
from dashboard.uploads import take_back
from relrec_core.products.data.catalogue import CATEGORY, ITEM
from relrec_core.products.explanation.strategies import FEWEST, RECOMMENDATIONS, Asked
from relrec_core.products.explanation.strategies_result import Strategies, Strategy

ALL = "all kinds"
LIGHT = 2_000_000
"""A trunk with fewer weights explains this many recommendations in seconds on a processor."""
AVERAGED = 24
"""Pictures whose mean is drawn."""


def strategies(shown: Shown) -> None:
    """Of which products, the groups with their pictures and audits, and everything to take away."""
    asked = _asked(shown)
    light = sum(p.numel() for p in shown.of.trunk.parameters()) < LIGHT
    if not light and not st.toggle(
        "Group the recommendations",
        key="grouped",
        bind="query-params",
        help=f"Up to {RECOMMENDATIONS} recommendations are explained, which takes a large network "
        "some minutes.",
    ):
        return
    with sentences(stop=False):
        place = st.empty()
        told = product_strategies(shown.explainer, shown.key, asked, partial(_how_far, place))
        place.empty()
        _told(shown, told)


def _how_far(place: DeltaGenerator, fraction: float) -> None:
    place.progress(fraction, text=f"Explaining and grouping: {fraction:.0%}")


def _asked(shown: Shown) -> Asked:
    kinds = shown.of.catalogue.items[CATEGORY].value_counts()
    options = [ALL, *sorted(kinds.index[kinds >= FEWEST])]
    links.bound("grouped_kind", options, ALL, "No group can be made of ‘{}’.")
    kind = st.selectbox(
        "Recommendations for",
        options,
        key="grouped_kind",
        filter_mode="contains",
        help=meaning("strategies"),
    )
    links.publish("grouped_kind", None if kind == ALL else kind)
    relation, method = shown.asked.question.relation, shown.asked.question.method
    category = None if kind == ALL else str(kind)
    return Asked(relation, method, category, shown.choice.settings.n)


def _told(shown: Shown, told: Strategies) -> None:
    title = relation_title(told.relation)
    count, groups = told.recommendations, len(told.strategies)
    said = "form one group: none stands apart" if groups == 1 else f"form {groups} groups"
    st.markdown(
        f"#### {escape.markdown(f'The maps of {count} recommendations of ‘{title}’ {said}')}"
    )
    left = told.left_out
    more = "map marks nothing and is" if left == 1 else "maps mark nothing and are"
    without = f" {left} more {more} left out." if left else ""
    st.caption(
        "The first recommendation for products drawn at random. Recommendations are together whose "
        "heatmaps mark the same places of the product asked about. Look for groups that mark "
        "something beside the product: a watermark, a label, a background. Pick one to see it "
        f"large, above.{without}"
    )
    means = []
    for number, strategy in enumerate(told.strategies, start=1):
        with st.container(border=True):
            means.append(_group(shown, told, number, strategy))
    with st.container(horizontal=True):
        _downloads(told, means)
        keep_button(
            lambda view: strategies_slide(told, means, view, shown.key[1]), "product_strategies"
        )


def _downloads(told: Strategies, means: list[Image.Image]) -> None:
    kind = told.category or ALL
    popover = st.popover(
        "Download", icon=":material/download:", key="strategies_downloads", on_change="rerun"
    )
    if popover.open:
        about = {
            "relation": told.relation,
            "kind": kind,
            "method": told.provenance.method,
            "unit": "share of the recommendations",
        }
        page, name = partial(strategies_report, told, means), f"strategies {told.relation} {kind}"
        with popover:
            files(Files(lambda: told, told.to_frame, about, page), slug(name), "strategies")


def _group(shown: Shown, told: Strategies, number: int, strategy: Strategy) -> Image.Image:
    """One group: mean picture under its mean map, audit, and typical members; gives the mean."""
    catalogue = shown.of.catalogue
    rows = {item: row for row, item in enumerate(catalogue.items[ITEM])}
    own = [rows[m.query] for m in strategy.members[:AVERAGED]]
    mean = averaged([catalogue.picture(row, THUMBNAIL) for row in own])
    st.markdown(f"##### {escape.markdown(heading(number, strategy))}")
    left, right = st.columns([1, 3.4], gap="medium")
    panel = grid_panel(mean, strategy.mean, f"Mean of {len(own)} pictures and maps")
    scale = shared_scale([panel])
    with left:
        pictures(
            [figure(mapped(panel, scale), "Mean picture and heatmap", "")],
            Look(scale),
            key=f"strategy_{number}",
            with_legend=False,
        )
    with right:
        good, words = judged(strategy.audit)
        st.badge(
            words,
            icon=":material/check:" if good else ":material/warning:",
            color="green" if good else "orange",
        )
        st.caption(strategy.audited(told.n))
        _members(shown, number, strategy, rows)
    return mean


def _members(shown: Shown, number: int, strategy: Strategy, rows: dict[str, int]) -> None:
    items, catalogue = [], shown.of.catalogue
    for member, grid in zip(strategy.members, strategy.typical, strict=False):
        picture = catalogue.picture(rows[member.query], THUMBNAIL)
        panel = grid_panel(picture, grid, member.query_title)
        line = f"→ {member.item_title}, {member.probability:.0%}"
        drawn = mapped(panel, shared_scale([panel]))
        items.append(GalleryItem(member.query, member.query_title, [drawn], [line]))
    recommended = {m.query: m.item for m in strategy.members}

    def picked(item: str) -> None:
        take_back(OWN_PICTURE)
        st.session_state.update(product=item, picked=recommended[item])

    picture_buttons(
        Gallery(items, f"Strategy {number}: pick a recommendation to see it large", "strip"),
        Look(1.0, shown.look.strength),
        key=f"strategy_{number}_members",
        on_picked=picked,
    )
