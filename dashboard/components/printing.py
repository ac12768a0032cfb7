"""Charts whose text follows the width, and pages on paper: no controls, nothing cut off."""

from __future__ import annotations

import streamlit as st

from dashboard.components.files import HERE, component

_fitting = component("printing", "", js=["printing"], css=[])


_STYLE = "".join((HERE / f"{name}.css").read_text("utf-8") for name in ("charts", "printing"))


def fitting() -> None:
    """Fit this page's charts to the window and to a sheet; shows nothing."""
    st.html(f"<style>{_STYLE}</style>")
    _fitting(key="fitting")
