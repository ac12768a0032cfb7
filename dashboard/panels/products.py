"""The products page: which product, which relation, for whom, and how to show the answer."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import streamlit as st
from PIL import Image

from dashboard import escape, links
from dashboard.components.picture import Look, plain_picture
from dashboard.components.picture_buttons import Item, picture_buttons
from dashboard.figures import product_words as words
from dashboard.figures.heatmap import DETAILS, SMOOTHED
from dashboard.glossary import meaning
from dashboard.loaders.common import ModelKey
from dashboard.loaders.products import Asked, product_picture, product_to_begin_with, product_truth
from dashboard.uploads import handed_in, take_back
from relrec_core.lrp.presets import PRESETS
from relrec_core.products.data import images
from relrec_core.products.data.catalogue import CATEGORY, ITEM, TITLE, Catalogue
from relrec_core.products.data.images import ImageError
from relrec_core.products.explanation.explain import Explainer, Question
from relrec_core.products.explanation.result import Method, recommended
from relrec_core.products.model.ranking import Query, Recommender
from relrec_core.products.studio import ground_truth
from relrec_core.titles import unique_labels

SHOWN, THUMBNAIL, LARGE = 48, 96, 384
"""Products in the gallery at once; sides of a thumbnail and of a large picture, in pixels."""
BROUGHT, OWN_PICTURE = "own_query", "own_picture"
EPSILONS = (1e-6, 1e-4, 1e-2, 1.0, 100.0)
MEGABYTES = images.MAXIMUM_BYTES // 1_000_000


Name = TypeVar("Name")
Place = st.delta_generator.DeltaGenerator


@dataclass(frozen=True)
class Settings:
    """What an expert may change."""

    method: Method
    n: int
    category: str | None
    detail: str


@dataclass(frozen=True, eq=False)
class Choice:
    """What was asked, and how the answer is to be shown."""

    asked: Asked
    picture: Image.Image
    settings: Settings


def origin(catalogue: Catalogue, title: Place) -> None:
    """Say beside the title what kind of data this is, and what a person should know of it."""
    if catalogue.rendered:
        title.badge(
            "Rendered: drawn products, not photos", icon=":material/palette:", color="orange"
        )
    for note in catalogue.notes:
        st.caption(escape.markdown(note))


def choose(explainer: Explainer, key: ModelKey) -> Choice:
    """Gallery, own picture, relation, user and settings."""
    of = explainer.recommender
    find, kind, more = st.columns([2, 1.3, 2.1], vertical_alignment="bottom")
    buttons, problem = more.container(horizontal=True), st.container()
    text = find.text_input(
        "Search the gallery",
        key="product_search",
        bind="query-params",
        placeholder="A name, or part of it",
        icon=":material/search:",
    )
    category = kind.selectbox(
        "Kind",
        ["all kinds", *sorted(of.catalogue.items[CATEGORY].unique())],
        key="product_kind",
        bind="query-params",
        filter_mode="contains",
    )
    found = _found(of.catalogue, text, category)
    buttons.button(
        "Surprise me",
        icon=":material/shuffle:",
        on_click=lambda: _pick(random.choice(found) if len(found) else 0, of),
        help="Another product, at random.",
        width="stretch",
    )
    with buttons:
        brought = _own_picture(of, problem)
    row = _row(explainer, key)
    _gallery(of.catalogue, found, None if brought else row)
    relation, user, settings = _asked_for(of)
    if brought:
        query, picture, name = brought
    else:
        query, name = of.query_at(row), str(of.catalogue.items[ITEM].iloc[row])
        picture = of.catalogue.picture(row, LARGE)
    question = Question(query, relation, user, settings.method)
    told = "\x1f".join((name, relation, user or "", settings.method.to_json()))
    return Choice(Asked(question, told), picture, settings)


def _found(catalogue: Catalogue, text: str, category: str) -> list[int]:
    """Rows of the gallery."""
    items = catalogue.items
    keep = np.ones(len(items), dtype=np.bool_)
    if category in set(items[CATEGORY]):
        keep &= (items[CATEGORY] == category).to_numpy()
    for word in text.split():
        keep &= items[TITLE].str.contains(word, case=False, regex=False).to_numpy()
    return np.flatnonzero(keep).tolist()


def _pick(row: int, of: Recommender) -> None:
    """A product of the catalogue is asked about from now on, not a picture of one's own."""
    st.session_state["product"] = str(of.catalogue.items[ITEM].iloc[row])
    take_back(OWN_PICTURE)


def _row(explainer: Explainer, key: ModelKey) -> int:
    """Row of the product asked about; the address holds its id."""
    of = explainer.recommender
    ids, begin = of.catalogue.items[ITEM], product_to_begin_with(explainer, key)
    first = str(ids.iloc[begin])
    asked = links.adopt("product").get("product")
    if asked is not None:
        st.session_state["product"] = asked[0] if asked else first
    rows = np.flatnonzero(ids == st.session_state.get("product", first))
    if not len(rows):
        if asked:
            said = f"There is no product ‘{asked[0]}’ in {of.catalogue.title}."
            st.warning(escape.markdown(said))
        st.session_state["product"] = first
    row = int(rows[0]) if len(rows) else begin
    links.publish("product", None if row == begin else str(ids.iloc[row]))
    return row


def _gallery(catalogue: Catalogue, found: list[int], chosen: int | None) -> None:
    if not found:
        st.info("No product has this name. Search for another, or choose all kinds.")
        return
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

    def picked(item: str) -> None:
        st.session_state["product"] = item
        take_back(OWN_PICTURE)

    selected = None if chosen is None else str(catalogue.items[ITEM].iloc[chosen])
    picture_buttons(
        items,
        selected,
        Look(1.0),
        key="gallery",
        label="Gallery: pick a product",
        layout="strip",
        more=f"{len(found) - len(shown):,} more: search, or choose a kind." if step > 1 else "",
        on_picked=picked,
    )
    for sentence in unusable:
        st.caption(escape.markdown(sentence))


def _own_picture(of: Recommender, problem: Place) -> tuple[Query, Image.Image, str] | None:
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


def _asked_for(of: Recommender) -> tuple[str, str | None, Settings]:
    which, who, more = st.columns([4.2, 1.6, 2], vertical_alignment="bottom")
    buttons = more.container(horizontal=True)
    relation = _relation(of, which)
    user = _user(of, who)
    with buttons:
        settings = _settings(of)
    buttons.button(
        "Present",
        icon=":material/present_to_all:",
        on_click=lambda: st.query_params.update(present="1"),
        help="Big pictures without controls. Escape leads back.",
        width="stretch",
    )
    return relation, user, settings


def _relation(of: Recommender, place: Place) -> str:
    asked = links.adopt("relation").get("relation")
    first = of.relations[0]
    if asked is not None:
        wanted = asked[0] if asked else first
        if wanted not in of.relations:
            there = ", ".join(map(words.relation_title, of.relations))
            said = f"There is no relation ‘{wanted}’ here; there are {there}."
            st.warning(escape.markdown(said))
        st.session_state["relation"] = wanted if wanted in of.relations else first
    elif st.session_state.get("relation") not in of.relations:
        st.session_state["relation"] = first
    titles = unique_labels(map(words.relation_title, of.relations), of.relations)
    labels = dict(zip(of.relations, titles, strict=True))
    relation = place.segmented_control(
        "Which products?",
        of.relations,
        format_func=lambda name: escape.markdown(labels[name]),
        required=True,
        key="relation",
        persist_state="session",
        width="stretch",
        wrap=True,
    )
    links.publish("relation", None if relation == first else relation)
    return str(relation)


EVERYBODY = ""


def _user(of: Recommender, place: Place) -> str | None:
    users = of.catalogue.users
    asked = links.adopt("user").get("user")
    if asked is not None:
        wanted = asked[0] if asked else EVERYBODY
        if wanted and wanted not in users:
            said = f"There is no user ‘{wanted}’ in {of.catalogue.title}."
            st.warning(escape.markdown(said))
        st.session_state["user"] = wanted if wanted in users else EVERYBODY
    if not users:
        return None
    tastes, everyone = _tastes(of.catalogue), [EVERYBODY, *users]
    labels = unique_labels(["everybody", *(f"{u}{tastes.get(u, '')}" for u in users)], everyone)
    user = place.selectbox(
        "For whom?",
        everyone,
        format_func=dict(zip(everyone, labels, strict=True)).__getitem__,
        key="user",
        persist_state="session",
        filter_mode="contains",
        help="A user's own taste weighs what counts as near.",
    )
    links.publish("user", user or None)
    return user or None


def _tastes(catalogue: Catalogue) -> dict[str, str]:
    """What a rendered catalogue's users buy by."""
    if not catalogue.rendered:
        return {}
    tastes = product_truth(catalogue.folder).tastes
    return {str(u): f", buys by {c}" for u, c in tastes.idxmax(axis=1).items()}


def _settings(of: Recommender) -> Settings:
    """Folded away behind one button."""
    with st.popover("Settings", icon=":material/tune:", width="stretch"):
        n = st.slider("Recommendations", 1, 10, 3, key="recommendations", bind="query-params")
        category = st.selectbox(
            "Recommend only",
            ["any kind", *sorted(of.catalogue.items[CATEGORY].unique())],
            key="only",
            bind="query-params",
            filter_mode="contains",
        )
        detail = st.segmented_control(
            "Heatmap",
            DETAILS,
            default=SMOOTHED,
            required=True,
            key="detail",
            bind="query-params",
            help="Smoothed is easiest to read. Cells are what is counted and blurred. Pixels are "
            "what is computed.",
        )
        reading = st.segmented_control(
            "Explain",
            list(words.READINGS.values()),
            default=words.READINGS["evidence"],
            required=True,
            key="reading",
            bind="query-params",
        )
        st.caption(words.READING_HELP)
        first = recommended(of.catalogue.rendered)
        compared = st.segmented_control(
            "Compared with the average of",
            list(words.COMPARED.values()),
            default=words.COMPARED[first.compared],
            required=True,
            key="compared",
            bind="query-params",
            disabled=reading != words.READINGS["evidence"],
            help="Beside others of its kind, what all mugs have in common is no reason for a mug.",
        )
        names = list(PRESETS)
        preset = st.selectbox(
            "Attribution method",
            names,
            names.index(first.preset),
            format_func=words.preset_title,
            key="rules",
            bind="query-params",
            help=meaning("attribution method"),
        )
        epsilon = st.select_slider(
            "Epsilon",
            EPSILONS,
            EPSILONS[0],
            format_func=lambda e: f"{e:g}",
            key="epsilon",
            bind="query-params",
            help=meaning("epsilon"),
        )
        ignore_bias = st.toggle(
            "Ignore bias terms",
            key="no_biases",
            bind="query-params",
            disabled=PRESETS[preset].beyond_reference,
            help=f"{meaning('bias terms')} Relative to a baseline they play no part.",
        )
        signed = st.toggle(
            "Signed contributions",
            key="signed",
            bind="query-params",
            disabled=reading != words.READINGS["evidence"],
            help=words.SIGNED_HELP,
        )
    method = Method(
        reading=_named(words.READINGS, reading),
        compared=_named(words.COMPARED, compared),
        preset=preset,
        epsilon=epsilon,
        ignore_bias=ignore_bias and not PRESETS[preset].beyond_reference,
        focused=not signed,
    )
    categories = set(of.catalogue.items[CATEGORY])
    return Settings(method, n, category if category in categories else None, detail)


def _named(titles: dict[Name, str], title: str) -> Name:
    """What has this title."""
    return next(name for name, its in titles.items() if its == title)


def by_colour(of: Recommender, relation: str) -> bool:
    """Whether colours are known to be what makes two products related."""
    return of.catalogue.rendered and ground_truth.CAUSES.get(relation) == ground_truth.COLOURWAY


def cause_note(of: Recommender, relation: str) -> None:
    """The known correct answer, where there is one."""
    if of.catalogue.rendered and relation in ground_truth.CAUSES:
        told = words.known_cause(relation, ground_truth.CAUSES[relation], of.crosses(relation))
        st.caption(f"{told} {words.COLOURED}" if by_colour(of, relation) else told)
