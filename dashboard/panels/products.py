"""The products page: which product, which relation, for whom, and how to show the answer."""

from __future__ import annotations

import random
from dataclasses import dataclass

import streamlit as st
from PIL import Image

from dashboard import escape, links
from dashboard.figures import product_words as words
from dashboard.loaders.common import ModelKey
from dashboard.loaders.products import Asked, product_picture, product_truth
from dashboard.panels.product_gallery import (
    asked_row,
    found_rows,
    gallery,
    own_picture,
    pick,
)
from dashboard.panels.product_settings import ProductSettings, choose_settings
from relrec_core.products.data.catalogue import CATEGORY, ITEM, Catalogue
from relrec_core.products.explanation.explain import Explainer, Question
from relrec_core.products.model.ranking import Recommender
from relrec_core.products.studio import ground_truth
from relrec_core.titles import unique_labels

Place = st.delta_generator.DeltaGenerator


@dataclass(frozen=True, eq=False)
class Choice:
    """What was asked, and how the answer is to be shown."""

    asked: Asked
    picture: Image.Image
    settings: ProductSettings


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
        placeholder="Title or id, or part of it",
        icon=":material/search:",
    )
    category = kind.selectbox(
        "Kind",
        ["all kinds", *sorted(of.catalogue.items[CATEGORY].unique())],
        key="product_kind",
        bind="query-params",
        filter_mode="contains",
    )
    found = found_rows(of.catalogue, text, category)
    buttons.button(
        "Surprise me",
        icon=":material/shuffle:",
        on_click=lambda: pick(random.choice(found) if len(found) else 0, of),
        help="Another product, at random.",
        width="stretch",
    )
    with buttons:
        brought = own_picture(of, problem)
    row = asked_row(explainer, key)
    gallery(of.catalogue, found, None if brought else row, (text, str(category)))
    relation, user, settings = _asked_for(of)
    if brought:
        query, picture, name = brought
    else:
        query, name = of.query_at(row), str(of.catalogue.items[ITEM].iloc[row])
        picture = product_picture(of.catalogue, of.catalogue.content_hash, row)
    question = Question(query, relation, user, settings.method)
    about = "\x1f".join((name, relation, user or ""))
    told = f"{about}\x1f{settings.method.to_json()}"
    return Choice(Asked(question, told, about), picture, settings)


def _asked_for(of: Recommender) -> tuple[str, str | None, ProductSettings]:
    which, who, more = st.columns([4.2, 1.6, 2], vertical_alignment="bottom")
    buttons = more.container(horizontal=True)
    relation = _relation(of, which)
    user = _user(of, who)
    with buttons:
        settings = choose_settings(of)
    buttons.button(
        "Present",
        icon=":material/present_to_all:",
        on_click=lambda: st.query_params.update(present="1"),
        help="Big pictures without controls. Escape leads back.",
        width="stretch",
    )
    return relation, user, settings


def _relation(of: Recommender, place: Place) -> str:
    first, there = of.relations[0], ", ".join(map(words.relation_title, of.relations))
    unknown = f"There is no relation ‘{{}}’ here; there are {there}."
    links.bound("relation", of.relations, first, unknown)
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
    everyone = [EVERYBODY, *users]
    links.bound("user", everyone, EVERYBODY, f"There is no user ‘{{}}’ in {of.catalogue.title}.")
    if not users:
        return None
    tastes = _tastes(of.catalogue)
    labels = unique_labels(["everybody", *(f"{u}{tastes.get(u, '')}" for u in users)], everyone)
    user = place.selectbox(
        "For whom?",
        everyone,
        format_func=dict(zip(everyone, labels, strict=True)).__getitem__,
        key="user",
        persist_state="session",
        filter_mode="contains",
        help="What this user bought decides which properties count how much.",
    )
    links.publish("user", user or None)
    return user or None


def _tastes(catalogue: Catalogue) -> dict[str, str]:
    """What a rendered catalogue's users buy by."""
    if not catalogue.rendered:
        return {}
    tastes = product_truth(catalogue.folder).tastes
    return {str(u): f", buys by {c}" for u, c in tastes.idxmax(axis=1).items()}


def by_colour(of: Recommender, relation: str) -> bool:
    """Whether colours are known to be what makes two products related."""
    return of.catalogue.rendered and ground_truth.CAUSES.get(relation) == ground_truth.COLOURWAY


def cause_note(of: Recommender, relation: str) -> None:
    """The known correct answer, where there is one."""
    if of.catalogue.rendered and relation in ground_truth.CAUSES:
        told = words.known_cause(relation, ground_truth.CAUSES[relation], of.crosses(relation))
        st.caption(f"{told} {words.COLOURED}" if by_colour(of, relation) else told)
