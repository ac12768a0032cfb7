"""Ask by voice, hear the answer."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard.components.files import component

_HTML = (
    '<div><button id="ask" type="button">Ask by voice</button>'
    '<button id="say" type="button">Read the answer aloud</button></div>'
    '<p role="status"></p>'
)
_voice = component("voice", _HTML, js=["voice"], css=["button", "voice"])


def voice(*, key: str, answer: str, aloud: bool, on_heard: Callable[[str], None]) -> None:
    """Listen for a question and pass it to `on_heard`; read `answer`, at once if `aloud`."""

    def heard() -> None:
        on_heard(str(st.session_state[key].heard))

    _voice(key=key, data={"answer": answer, "aloud": aloud}, on_heard_change=heard)
