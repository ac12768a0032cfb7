"""On which data to train, with which settings, and how long that takes."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import streamlit as st

from dashboard import escape
from relrec_core.runs.config import FormField, TrainerConfig
from relrec_core.sources import fetch
from relrec_core.sources.registry import SOURCES
from relrec_core.wings import Model

MINUTE = 60


def choose_dataset(model: Model, field: FormField, key: str) -> str:
    """One of the data sets that are installed, or the path of a folder."""
    titles = importlib.import_module(model.presets).installed()
    names = list(dict.fromkeys((str(field.default), *titles)))
    text = f"{field.help} Choose an installed one, or write a name or a path."
    chosen = st.selectbox(field.title, names, key=key, accept_new_options=True, help=text)
    if chosen in titles and titles[chosen] != chosen:
        st.caption(escape.markdown(titles[chosen]))
    return str(chosen or field.default)


def choose_preset(model: Model, dataset: str, key: str) -> tuple[str, Mapping[str, Any]]:
    """Name and settings of a preset for the data set; both empty where there is none."""
    offered = model.offered(dataset)
    if not offered:
        return "", {}
    meaning = importlib.import_module(model.presets).MEANING
    name = st.segmented_control(
        "Settings",
        list(offered),
        default=next(iter(offered)),
        required=True,
        key=f"{key}_preset",
        width="stretch",
        help="\n\n".join(f"{name}: {meaning[name]}" for name in offered),
    )
    st.caption(meaning[str(name)])
    return str(name), offered[str(name)]


def say_how_long(model: Model, settings: TrainerConfig, dataset: str) -> None:
    """How large the data set is, and about how long the training takes."""
    found = _estimate(model.presets, settings.model_dump_json(), dataset, settings)
    if found is None:
        return
    products, pairs, seconds = found
    st.info(
        f"{products:,} products, {pairs:,} related pairs: about **{_in_words(seconds)}** on this "
        "computer, if it does nothing else meanwhile.",
        icon=":material/schedule:",
    )


@st.cache_data(max_entries=32, ttl=600, show_spinner="Trying how fast this computer is …")
def _estimate(
    presets: str, told: str, dataset: str, _settings: TrainerConfig
) -> tuple[int, int, float] | None:
    module = importlib.import_module(presets)
    size = module.size(dataset)
    if size is None:
        return None
    return size.products, size.pairs, module.seconds(_settings, size)


def _in_words(seconds: float) -> str:
    minutes = max(1, round(seconds / MINUTE))
    if minutes < 2 * MINUTE:
        return f"{minutes} minute{'s' if minutes > 1 else ''}"
    return f"{round(minutes / MINUTE)} hours"


def bring_weights(settings: TrainerConfig) -> None:
    """Fetch the initial weights that a training begins with, unless they are there.

    Raises:
        SourceError: they cannot be reached; the sentence says what to do.
    """
    name = str(settings.model_dump().get("weights") or "")
    if name not in SOURCES or fetch.installed(name) is not None:
        return
    told = st.progress(0.0, text=f"Fetching {SOURCES[name].title}")

    def show(what: str, done: int, total: int | None) -> None:
        told.progress(min(1.0, done / total) if total else 0.0, text=escape.markdown(what))

    fetch.fetch(name, progress=show)
    told.empty()
