"""Which product: a gallery to search, one at random, or a picture of one's own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import streamlit as st
from PIL import Image

from dashboard import escape, links
from dashboard.components.picture import Look, plain_picture
from dashboard.components.picture_buttons import Item, picture_buttons
from dashboard.loaders.common import ModelKey
from dashboard.loaders.products import product_picture, product_to_begin_with
from dashboard.uploads import handed_in, take_back
from relrec_core.products.data import images
from relrec_core.products.data.catalogue import CATEGORY, ITEM, TITLE, Catalogue
from relrec_core.products.data.images import ImageError
from relrec_core.products.explanation.explain import Explainer
from relrec_core.products.model.ranking import Query, Recommender

SHOWN, THUMBNAIL, LARGE = 48, 96, 384
"""Products in the gallery at once; sides of a thumbnail and of a large picture, in pixels."""
BROUGHT, OWN_PICTURE = "own_query", "own_picture"
MEGABYTES = images.MAXIMUM_BYTES // 1_000_000
Place = st.delta_generator.DeltaGenerator


def found_rows(catalogue: Catalogue, text: str, category: str) -> list[int]:
    """Rows of the products of a category with all these words in their title or id."""
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


def gallery(catalogue: Catalogue, found: list[int], chosen: int | None) -> None:
    """Pictures to pick from, the chosen one among them."""
    if not found:
        st.info("No product has this name. Search for another, or choose all kinds.")
        return

    def picked(item: str) -> None:
        st.session_state["product"] = item
        take_back(OWN_PICTURE)

    strip(
        catalogue,
        found,
        chosen,
        key="gallery",
        label="Gallery: pick a product",
        more="more: search, or choose a kind.",
        on_picked=picked,
    )


def strip(
    catalogue: Catalogue,
    found: list[int],
    chosen: int | None,
    *,
    key: str,
    label: str,
    more: str,
    on_picked: Callable[[str], None],
) -> None:
    """Products side by side to pick one; `more` follows the number of those that are left out."""
    step = max(1, -(-len(found) // SHOWN))
    shown = found[::step]
    if chosen in found and chosen not in shown:
        shown = sorted([*shown, chosen])
    items, unusable = [], []
    for row in shown:
        try:
            address = product_picture(catalogue, catalogue.content_hash, row, THUMBNAIL)
        except ImageError as error:
            unusable.append(str(error))
            continue
        about = catalogue.items.iloc[row]
        items.append(Item(about[ITEM], about[TITLE], [plain_picture(address, about[TITLE])]))
    picture_buttons(
        items,
        None if chosen is None else str(catalogue.items[ITEM].iloc[chosen]),
        Look(1.0),
        key=key,
        label=label,
        layout="strip",
        more=f"{len(found) - len(shown):,} {more}" if step > 1 else "",
        on_picked=on_picked,
    )
    for sentence in unusable:
        st.caption(escape.markdown(sentence))


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
        kept = ((name, of.run), of.brought(picture), images.square(picture, LARGE))
        st.session_state[BROUGHT] = kept
    return kept[1], kept[2], name
