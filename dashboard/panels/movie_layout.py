"""How the movies page is laid out: the answer first on a telephone, and which model it is of."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard import escape
from dashboard.loaders.common import ModelKey
from relrec_core.movies import store

STYLE = Path(__file__).parents[1] / "components" / "movies.css"


def answer_first() -> None:
    """On a narrow screen the answer stands before the list and the controls."""
    st.html(STYLE)
    with st.container(key="movie_elsewhere"):
        st.markdown("[Another movie or user](#recommended-movies)")


def first_case(viewer: str) -> None:
    """Why the page opens on this user."""
    st.caption(
        f"{escape.markdown(viewer)} is shown first: the first user of the data whose best movie "
        "owes less than a third of its score to what the average user gets, and whose named "
        "reasons pass both tests."
    )


def which_run(name: str, key: ModelKey) -> None:
    """Say which model is shown where it is not the one that ships with the project."""
    if Path(key[0]) != store.SHIPPED:
        said = f"Shown: your own training run {name}, not the model that ships with RelRec."
        st.badge(escape.markdown(said), icon=":material/model_training:", color="violet")
