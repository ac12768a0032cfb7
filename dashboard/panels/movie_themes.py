"""A theme of the flow opens to its movies, by a click on it or by the list below the picture."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import links
from dashboard.components.flow_clicks import flow_clicks

KEY = "theme"
CLOSED = ""


def which_theme(names: Sequence[str]) -> str:
    """The theme that is open, by the address or by a click; "" where none is."""
    links.bound(KEY, (CLOSED, *names), CLOSED, "No theme of this picture is called ‘{}’.")
    return str(st.session_state[KEY])


def open_theme(names: Sequence[str], container: str) -> None:
    """The list of themes, and what listens to clicks on the flows in the container."""
    opened = st.selectbox(
        "Open a theme",
        (CLOSED, *names),
        format_func=lambda name: name or "All themes",
        key=KEY,
        persist_state="session",
        help="Or click on a theme in the picture; a second click closes it. Every flow into an "
        "open theme is the part of a movie that counts there.",
    )
    links.publish(KEY, opened or None)

    def clicked(name: str) -> None:
        if name in names:
            st.session_state[KEY] = CLOSED if name == st.session_state.get(KEY) else name

    flow_clicks(container=container, key=f"{container}_clicks", on_clicked=clicked)
