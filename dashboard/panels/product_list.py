"""Which product is explained: one of the recommendations, or any other by search."""

from __future__ import annotations

import streamlit as st

from dashboard import links
from dashboard.components.picture import mapped
from dashboard.components.picture_buttons import Gallery, GalleryItem, picture_buttons
from dashboard.figures.heatmap import Panel
from dashboard.loaders.products import Asked
from dashboard.panels.product_gallery import SHOWN, found_rows, row_of, strip
from dashboard.panels.product_shown import Shown
from dashboard.panels.products import by_colour
from relrec_core.products.data.catalogue import ITEM
from relrec_core.products.explanation.result import PairMaps
from relrec_core.products.explanation.sentences import explains
from relrec_core.products.model.ranking import Candidate, Recommender


def picked_row(of: Recommender, asked: Asked, candidates: list[Candidate]) -> int:
    """Row of the product that is shown large; the address holds its id.

    The first recommendation is, until another product is picked; another question begins anew,
    unless its list has the picked product too.
    """
    linked = links.adopt("picked").get("picked")
    if linked is not None:
        st.session_state["picked"] = linked[0] if linked else None
    listed = [c.row for c in candidates]
    row = row_of(of.catalogue, st.session_state.get("picked"))
    if linked and row is None:
        st.warning("The product that this link asks about is not in this catalogue.")
    other = not linked and st.session_state.get("picked_for", asked.about) != asked.about
    st.session_state["picked_for"] = asked.about
    if row is None or (other and row not in listed):
        row = listed[0]
    item = str(of.catalogue.items[ITEM].iloc[row])
    st.session_state["picked"] = item
    links.publish("picked", None if row == listed[0] else item)
    return row


def _pick(item: str) -> None:
    st.session_state["picked"] = item


def recommendations(
    shown: Shown, every: list[tuple[PairMaps, tuple[Panel, Panel]]], encoded: str
) -> None:
    """The list to pick from; `encoded` is the address of the query's picture."""
    items = []
    ids, question = shown.of.catalogue.items[ITEM], shown.asked.question
    row, coloured = question.query.row, by_colour(shown.of, question.relation)
    for candidate, (found, pair) in zip(shown.candidates, every, strict=True):
        known = shown.of.known(question.query, question.relation, candidate.row)
        items.append(
            GalleryItem(
                str(ids.iloc[candidate.row]),
                f"{candidate.probability:.0%} · {pair[1].title}",
                [
                    mapped(panel, shown.look.scale, address=address, coloured=coloured)
                    for panel, address in zip(
                        pair, (encoded, shown.address(candidate.row)), strict=True
                    )
                ],
                [
                    explains(found.ledger),
                    *_related(known, sure=shown.of.catalogue.rendered and row is not None),
                ],
            )
        )
    st.markdown("##### Recommendations")
    picture_buttons(
        Gallery(
            items,
            "Recommendations: pick one to see it large",
            "list",
            str(ids.iloc[shown.candidate.row]),
        ),
        shown.look,
        key="recommended",
        on_picked=_pick,
    )


def _related(known: bool, *, sure: bool) -> list[str]:
    """Whether the catalogue relates the two; that it does not is only said if it is sure."""
    if known:
        return ["✓ related in the catalogue"]
    return ["✗ not related in the catalogue"] if sure else []


def search(shown: Shown) -> None:
    """Ask about any product, also one that is not recommended."""
    text = st.text_input(
        "Ask about any product",
        key="picked_search",
        bind="query-params",
        placeholder="Title or id, or part of it",
        icon=":material/search:",
    )
    row = shown.candidate.row
    found = found_rows(shown.of.catalogue, text, "") if text.strip() else []
    left = len(found) - SHOWN
    if text.strip() and not found:
        st.info("No product has this title or id.")
    elif found or shown.standing:
        strip(
            shown.of.catalogue,
            found[:SHOWN] or [row],
            row,
            key="picked_found",
            label="Products found: pick one to see its place and why",
            more=f"{left:,} more: write more of the title." if left > 0 else "",
            on_picked=_pick,
        )
