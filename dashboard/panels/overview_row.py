"""What can be asked, what is loaded and how good each model is, at one glance."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import pandas as pd
import streamlit as st

from dashboard.loaders.common import evaluation
from relrec_core.errors import RelRecError
from relrec_core.products import store
from relrec_core.runs.active import active
from relrec_core.runs.card import Card
from relrec_core.wings import WINGS

ASK: Mapping[str, tuple[str, str]] = {
    "movies": ("Ask about any user and any movie", "recall-ml-100k"),
    "products": ("Ask about any product or picture", ""),
    "sessions": ("Ask about any listening session", "accuracy-simulated"),
}
"""By wing: what its page answers, and the stored table of the model that ships, if not its card,
says how good it is."""


def overview_row() -> None:
    """A column a wing: the way to its page, and how good its model is beside a simple one."""
    for wing, place in zip(ASK, st.columns(len(ASK), gap="medium"), strict=True):
        asked, table = ASK[wing]
        with place.container(border=True, gap="xxsmall", height="stretch", key=f"ask_{wing}"):
            st.page_link(
                f"app_pages/{wing}.py", label=f"**{asked}**", icon=":material/arrow_forward:"
            )
            with contextlib.suppress(RelRecError):  # the wing's card below says it
                st.caption(_quality(wing, table))


def loaded(counts: Mapping[str, int]) -> None:
    """How many there are of what a model knows."""
    st.markdown("##### What is loaded")
    with st.container(horizontal=True):
        for name, count in counts.items():
            st.metric(name, f"{count:,}")


def _quality(wing: str, table: str) -> str:
    if active(wing) is not None:
        return f"{WINGS[wing].title}: your own training run is shown; its card is below."
    if not table:
        return _products(store.shown_run().card())
    stored = evaluation(wing, table)
    return "Not measured yet." if stored is None else SAID[wing](stored.frame)


def _percent(value: float) -> str:
    return f"{100 * value:.0f}%"


def _movies(frame: pd.DataFrame) -> str:
    recall = frame.set_index(["method", "attributes"])["recall_50"]
    ours, popular = recall["RecoNet", "with"], recall["Popularity", "without"]
    return (
        f"Finds {_percent(ours)} of the liked movies that were hidden from it among its first 50; "
        f"listing what is popular finds {_percent(popular)}."
    )


def _products(card: Card) -> str:
    return (
        f"Tells related products from others in {_percent(card.metrics['test_accuracy'])} of the "
        "pairs with a product that it never saw, guessing in 50%; drawn products."
    )


def _sessions(frame: pd.DataFrame) -> str:
    accuracy = frame.set_index("method")["accuracy"]
    ours, last = accuracy["Transformer of experts"], accuracy["last baseline"]
    return (
        f"Predicts {_percent(ours)} of the skips and plays right, repeating the last action "
        f"{_percent(last)}; simulated sessions."
    )


SAID = {"movies": _movies, "sessions": _sessions}
