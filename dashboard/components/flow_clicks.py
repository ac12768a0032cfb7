"""Clicks on the nodes and flows of a Sankey diagram, which Plotly tells the page nothing of."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.components.files import component

_clicks = component("flow_clicks", "<span hidden></span>", js=["flow_clicks"], css=["flow_clicks"])


def flow_clicks(*, container: str, key: str, on_clicked: Callable[[str], None]) -> None:
    """Call back with the theme of what is clicked in the container with this key.

    The figure's `meta` names the theme of each node, "" where a click opens nothing.
    """

    def heard() -> None:
        clicked = st.session_state[key].clicked
        if clicked is not None:
            on_clicked(str(clicked))

    _clicks(key=key, data={"container": container}, on_clicked_change=heard)
