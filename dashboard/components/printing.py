"""Charts whose text follows the width, and pages on paper: no controls, nothing cut off."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard.components.files import HERE, component

_fitting = component("printing", "", js=["printing"], css=[])

STYLES = ("charts", "navigation", "printing")
"""What every page has, however the dashboard was started."""
_STYLE = "".join((HERE / f"{name}.css").read_text("utf-8") for name in STYLES)


def fitting() -> None:
    """Fit this page's charts to the window and to a sheet; shows nothing."""
    st.html(f"<style>{_STYLE}</style>")
    _fitting(key="fitting")


def on_paper(frame: pd.DataFrame, *, key: str) -> None:
    """A table that stands on paper only, and whole: one that scrolls on the screen is cut there.

    It takes the place of the table, or the field, just before it.
    """
    with st.container(key=f"paper_{key}"):
        st.html(frame.to_html(index=False, border=0, float_format="{:+.3f}".format))
