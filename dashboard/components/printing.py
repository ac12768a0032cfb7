"""Every page on paper: without controls, and with nothing cut off."""

from __future__ import annotations

import streamlit as st

from dashboard.components.files import HERE, component

_fitting = component("printing", "", js=["printing"], css=[])


def printable() -> None:
    """Prepare the page for the browser's print; shows nothing."""
    st.html(f"<style>{(HERE / 'printing.css').read_text('utf-8')}</style>")
    _fitting(key="printing")
