"""What a page has loaded is left out of garbage collections."""

from __future__ import annotations

import gc

import streamlit as st


@st.cache_resource(show_spinner=False)
def keep_loaded(page: str) -> None:
    """Once for each page, after it was shown for the first time.

    Streamlit collects garbage after every run, and looking through all that the libraries and the
    models consist of takes longer than most answers, while no other visitor is served.
    """
    gc.collect()
    gc.freeze()
