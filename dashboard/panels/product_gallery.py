"""Which product: a gallery to search, one at random, or a picture of one's own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import streamlit as st
from PIL import Image

from dashboard import escape, links
from dashboard.components.picture import Look, plain_picture
from dashboard.components.picture_buttons import Gallery, GalleryItem, picture_buttons
from dashboard.loaders.common import ModelKey
from dashboard.loaders.products import LARGEST, product_thumbnail, product_to_begin_with
from dashboard.uploads import handed_in, take_back
from relrec_core.products.data import images
from relrec_core.products.data.catalogue import CATEGORY, ITEM, TITLE, Catalogue
from relrec_core.products.data.images import ImageError
from relrec_core.products.explanation.explain import Explainer
from relrec_core.products.model.ranking import Query, Recommender

SHOWN = 24
"""Products in the gallery at once; only their pictures are read."""
BROUGHT, OWN_PICTURE, LEAFED = "own_query", "own_picture", "gallery_page"
PAGE = "gallery"
"""Name of the gallery's page in the address."""
MEGABYTES = images.MAXIMUM_BYTES // 1_000_000
Place = st.delta_generator.DeltaGenerator


def found_rows(catalogue: Catalogue, text: str, category: str) -> list[int]:
    """Rows of the products of this category, if it is one, with these words in title or id."""
    items = catalogue.items
    keep = np.ones(len(items), dtype=np.bool_)
    if category in set(items[CATEGORY]):
        keep &= (items[CATEGORY] == category).to_numpy()
    for word in text.split():
        named = items[TITLE] + " " + items[ITEM]
        keep &= named.str.contains(word, case=False, regex=False).to_numpy()
    return np.flatnonzero(keep).tolist()


def row_of(catalogue: Catalogue, item: str | None) -> int | None:
    """Row of the product with this id; None if there is none."""
    rows = np.flatnonzero(catalogue.items[ITEM] == item)
    return int(rows[0]) if len(rows) else None


def pick(row: int, of: Recommender) -> None:
    """A product of the catalogue is asked about from now on, not a picture of one's own."""
    st.session_state["product"] = str(of.catalogue.items[ITEM].iloc[row])
    take_back(OWN_PICTURE)


def asked_row(explainer: Explainer, key: ModelKey) -> int:
    """Row of the product asked about; the address holds its id."""
    of = explainer.recommender
    ids, begin = of.catalogue.items[ITEM], product_to_begin_with(explainer, key)
    first = str(ids.iloc[begin])
    asked = links.adopt("product").get("product")
    if asked is not None:
        st.session_state["product"] = asked[0] if asked else first
    row = row_of(of.catalogue, st.session_state.get("product", first))
    if row is None:
        if asked:
            said = f"There is no product ‘{asked[0]}’ in {of.catalogue.title}."
            st.warning(escape.markdown(said))
        st.session_state["product"] = first
        row = begin
    links.publish("product", None if row == begin else str(ids.iloc[row]))
    return row


def gallery(
    catalogue: Catalogue, found: list[int], chosen: int | None, sought: tuple[str, str]
) -> None:
    """One page of pictures to pick from, at first the one with the chosen product.

    Args:
        catalogue: whose products.
        found: rows of those that were searched for.
        chosen: row of the one asked about.
        sought: words and category of the search.
    """
    if not found:
        st.info("No product has this name or id. Search for another, or choose all kinds.")
        return
    number = _leafed_to(found, chosen, sought)

    def picked(item: str) -> None:
        st.session_state["product"] = item
        take_back(OWN_PICTURE)

    with st.container(gap=None):
        strip(
            catalogue,
            found[number * SHOWN : (number + 1) * SHOWN],
            chosen,
            key="gallery",
            label="Gallery: pick a product",
            on_picked=picked,
        )
        _leaf(number, len(found))


def strip(
    catalogue: Catalogue,
    rows: list[int],
    chosen: int | None,
    *,
    key: str,
    label: str,
    more: str = "",
    on_picked: Callable[[str], None],
) -> None:
    """Products side by side to pick one; `more` is said after them."""
    items, unusable = [], []
    for row in rows:
        try:
            address = product_thumbnail(catalogue, catalogue.content_hash, row)
        except ImageError as error:
            unusable.append(str(error))
            continue
        about = catalogue.items.iloc[row]
        items.append(GalleryItem(about[ITEM], about[TITLE], [plain_picture(address, about[TITLE])]))
    selected = None if chosen is None else str(catalogue.items[ITEM].iloc[chosen])
    picture_buttons(
        Gallery(items, label, "strip", selected, more), Look(1.0), key=key, on_picked=on_picked
    )
    for sentence in unusable:
        st.caption(escape.markdown(sentence))


def _leafed_to(found: list[int], chosen: int | None, sought: tuple[str, str]) -> int:
    """Number of the page, from 0: the chosen product's until one leafs to another."""
    last = (len(found) - 1) // SHOWN
    natural = found.index(chosen) // SHOWN if chosen in found else 0
    asked = links.adopt(PAGE).get(PAGE)
    number: int
    context, number = st.session_state.get(LEAFED, (None, natural))
    if asked is not None:
        number = int(asked[0]) - 1 if asked and asked[0].isdecimal() else natural
    elif context != (sought, chosen):
        number = natural
    number = max(0, min(last, number))
    st.session_state[LEAFED] = ((sought, chosen), number)
    links.publish(PAGE, None if number == natural else str(number + 1))
    return number


def _leaf(number: int, count: int) -> None:
    """Which of the products are shown, and buttons to the pages before and after."""
    if count <= SHOWN:
        return
    first, end = number * SHOWN + 1, min(count, (number + 1) * SHOWN)
    row = st.container(horizontal=True, vertical_alignment="center", key="gallery_pages")

    def leaf(step: int) -> None:
        context, at = st.session_state[LEAFED]
        st.session_state[LEAFED] = (context, at + step)

    row.button(
        "Previous",
        icon=":material/chevron_left:",
        type="tertiary",
        disabled=not number,
        on_click=leaf,
        args=(-1,),
    )
    row.markdown(f"{first:,}–{end:,} of {count:,}", width="content")
    row.button(
        "Next",
        icon=":material/chevron_right:",
        icon_position="right",
        type="tertiary",
        disabled=end == count,
        on_click=leaf,
        args=(1,),
    )


def own_picture(of: Recommender, problem: Place) -> tuple[Query, Image.Image, str] | None:
    """A picture that the visitor brings, or None; it never touches the disk.

    What is wrong with it is said at `problem`.
    """
    with st.popover("Your own picture", icon=":material/add_a_photo:", width="stretch"):
        st.caption(
            "It is kept in memory and never stored. Picking a product from the gallery, or closing "
            "the page, puts it away too."
        )
        handed = handed_in(
            OWN_PICTURE,
            ["jpg", "jpeg", "png", "webp", "gif"],
            "A picture of one product",
            several=False,
            megabytes=MEGABYTES,
        )
    if handed is None:
        st.session_state.pop(BROUGHT, None)
        return None
    (file,) = handed.files
    raw = file.content
    name = hashlib.sha256(raw).hexdigest()
    kept = st.session_state.get(BROUGHT)
    if kept is None or kept[0] != (name, of.run):
        try:
            picture = images.decode(raw, None, name=file.name)
        except ImageError as error:
            problem.error(escape.markdown(error), icon=":material/error:")
            return None
        kept = (
            (name, of.run),
            of.brought(picture),
            images.square(picture, min(LARGEST, max(picture.size))),
        )
        st.session_state[BROUGHT] = kept
    return kept[1], kept[2], name
