"""The fewest cells of a picture without which a product would not be recommended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st
from PIL import Image

from dashboard import escape, links
from dashboard.components.picture import Look, plain_picture
from dashboard.components.picture_buttons import Gallery, GalleryItem, picture_buttons
from dashboard.components.pictures import figure, pictures
from dashboard.components.save_picture import save_drawing
from dashboard.figures.heatmap import data_url
from dashboard.figures.smallest_cells import change_report, change_sheet, outlined
from dashboard.glossary import meaning
from dashboard.loaders.products import product_picture, product_smallest
from dashboard.panels.common import sentences, slug
from dashboard.panels.downloads import Files, files
from dashboard.panels.product_shown import Shown
from dashboard.panels.products_regions import partly_blurred
from dashboard.panels.story_keep import keep_button
from dashboard.story.products import cells_slide
from relrec_core.products.data.catalogue import ITEM
from relrec_core.products.explanation.counterfactual import Displaced
from relrec_core.products.explanation.smallest_change import (
    PictureName,
    ProductShift,
    SmallestChange,
)

LIGHT = 2_000_000
"""A trunk with fewer weights sees 256 pictures in about a second on a processor."""
PICTURES: tuple[PictureName, ...] = ("query", "recommended")


def smallest_change(shown: Shown) -> None:
    """The question, the sentence, its standing, the picture and the ranking before and after."""
    if shown.standing is not None:
        st.info(
            f"‘{escape.markdown(shown.title(shown.candidate.row))}’ is not among the top "
            f"{len(shown.candidates)}, so nothing has to be missing. Pick a recommendation.",
            icon=":material/block:",
        )
        return
    if shown.relevance.right is None:
        st.info("The settings explain one picture only.", icon=":material/block:")
        return
    wanted, asked = _wanted(shown), shown.asked
    row = shown.candidate.row
    with sentences(stop=False):
        told = product_smallest(
            shown.explainer, asked.question, shown.relevance, shown.key, asked.text, row, wanted
        )
        _told(shown, told)


def _told(shown: Shown, told: SmallestChange) -> None:
    st.markdown(f"#### {escape.markdown(told.sentence())}")
    st.badge(
        told.standing(),
        icon=":material/check:" if told.proven else ":material/remove:",
        color="green" if told.proven else "gray",
    )
    st.caption(escape.markdown(told.means()))
    if told.found:
        _drawn(shown, told)


def _wanted(shown: Shown) -> Displaced:
    links.bound("blurred_in", PICTURES, PICTURES[0])
    ask, more = st.columns([1.6, 1], vertical_alignment="bottom")
    titles: dict[PictureName, str] = {
        "query": f"{shown.roles[0]}: {shown.asked.question.query.title}",
        "recommended": f"{shown.roles[1]}: {shown.title(shown.candidate.row)}",
    }
    picture = ask.segmented_control(
        "In which picture may something be missing?",
        PICTURES,
        format_func=lambda name: escape.markdown(titles[name]),
        key="blurred_in",
        required=True,
        wrap=True,
        help=meaning("smallest change"),
    )
    picture = "recommended" if picture == "recommended" else "query"
    links.publish("blurred_in", None if picture == PICTURES[0] else picture)
    light = sum(p.numel() for p in shown.of.trunk.parameters()) < LIGHT
    alone = light or more.toggle(
        "Try every cell alone",
        key="alone",
        bind="query-params",
        help="256 more pictures for the network, a minute or two with a large one. They may find "
        "fewer cells, and prove a set of two.",
    )
    return Displaced(len(shown.candidates), shown.choice.settings.category, picture, bool(alone))


def _drawn(shown: Shown, told: SmallestChange) -> None:
    query, of = shown.asked.question.query, shown.of
    if told.picture == "query":
        x, large, title = query.picture, shown.choice.picture, told.query_title
    else:
        x, title = of.pictures.batch([shown.candidate.row]), told.item_title
        large = product_picture(of.catalogue, of.catalogue.content_hash, shown.candidate.row)
    count = len(told.cells)
    cells = "1 grid cell" if count == 1 else f"{count} grid cells"
    before = outlined(large, told.kept)
    after = partly_blurred(shown, x, large, told.kept)
    left, was, now = st.columns([2, 1, 1], gap="medium")
    with left:
        pictures(
            [
                figure(plain_picture(data_url(picture), f"{title}, {said}"), role, title, note)
                for picture, said, role, note in (
                    (before, f"{cells} outlined", "Before", f"outlined: {cells}"),
                    (after, f"{cells} blurred", "After", f"{cells} blurred"),
                )
            ],
            Look(1.0),
            key="smallest_pictures",
            with_legend=False,
        )
    ranked = [s for s in told.shifts if s.before is not None and s.before <= told.n]
    with was:
        _listed(
            shown,
            "Original ranking",
            sorted(ranked, key=lambda s: s.before or 0),
            lambda s: (s.before, ""),
        )
    with now:
        _listed(
            shown,
            "Without these cells",
            [s for s in told.shifts if s.after is not None and s.after <= told.n]
            + [s for s in told.shifts if s.item == told.item],
            lambda s: (s.after, f"{s.probability:.1%} · {_from(s)}"),
        )
    with st.container(horizontal=True):
        _downloads(told, before, after)
        keep_button(
            lambda view: cells_slide(told, before, after, view, shown.key[1]), "product_smallest"
        )


def _from(shift: ProductShift) -> str:
    if shift.before == shift.after:
        return "same place"
    return f"from place {shift.before:,}"


def _listed(
    shown: Shown,
    heading: str,
    shifts: Sequence[ProductShift],
    said: Callable[[ProductShift], tuple[int | None, str]],
) -> None:
    st.markdown(f"##### {heading}")
    rows = {item: row for row, item in enumerate(shown.of.catalogue.items[ITEM])}
    items = []
    for shift in shifts:
        place, line = said(shift)
        picture = plain_picture(shown.thumbnail(rows[shift.item]), shift.title)
        items.append(GalleryItem(shift.item, f"{place}. {shift.title}", [picture], [line]))
    picture_buttons(Gallery(items, heading, "list"), Look(1.0), key=f"smallest {heading}")


def _downloads(told: SmallestChange, before: Image.Image, after: Image.Image) -> None:
    name = slug(f"smallest change {told.query_title} {told.item_title} {told.relation}")[:80]
    popover = st.popover(
        "Download", icon=":material/download:", key="smallest_downloads", on_change="rerun"
    )
    if not popover.open:
        return
    with popover:
        sheet = change_sheet(told, before, after)
        save_drawing(sheet, key="smallest_picture", name=name)
        about = {
            "query": told.query_title,
            "item_shown": told.item_title,
            "user": told.user or "everybody",
            "method": told.provenance.method,
            "unit": "place in the list",
        }
        page = partial(change_report, told, sheet)
        files(Files(lambda: told, told.to_frame, about, page), name, "smallest")
