"""What an expert may change: how many, of which kind, and how a map is computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

import streamlit as st

from dashboard.figures import product_words as words
from dashboard.figures.heatmap import DETAILS, SMOOTHED
from dashboard.glossary import meaning
from relrec_core.lrp.presets import PRESETS
from relrec_core.products.data.catalogue import CATEGORY
from relrec_core.products.explanation.result import Method, recommended
from relrec_core.products.model.ranking import Recommender

EPSILONS = (1e-6, 1e-4, 1e-2, 1.0, 100.0)

Name = TypeVar("Name")


@dataclass(frozen=True)
class ProductSettings:
    """What an expert may change."""

    method: Method
    n: int
    category: str | None
    detail: str


def choose_settings(of: Recommender) -> ProductSettings:
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
        method = _method(of.catalogue.rendered)
    categories = set(of.catalogue.items[CATEGORY])
    return ProductSettings(method, n, category if category in categories else None, detail)


def _reading(first: Method) -> tuple[str, str]:
    """What is explained, and compared with what, by their titles."""
    reading = st.segmented_control(
        "Explain",
        list(words.READINGS.values()),
        default=words.READINGS["evidence"],
        required=True,
        key="reading",
        bind="query-params",
    )
    st.caption(words.READING_HELP)
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
    return reading, compared


def _method(rendered: bool) -> Method:
    """How a map is computed."""
    first = recommended(rendered)
    reading, compared = _reading(first)
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
    return Method(
        reading=_named(words.READINGS, reading),
        compared=_named(words.COMPARED, compared),
        preset=preset,
        epsilon=epsilon,
        ignore_bias=ignore_bias and not PRESETS[preset].beyond_reference,
        focused=not signed,
    )


def _named(titles: dict[Name, str], title: str) -> Name:
    """What has this title."""
    return next(name for name, its in titles.items() if its == title)
