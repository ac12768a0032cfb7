"""The button that leaves the presentation."""

from __future__ import annotations

from collections.abc import Callable

from dashboard.components.files import component

_HTML = '<button type="button">Leave the presentation <kbd>(Esc)</kbd></button>'
_leave = component("leave", _HTML, js=["leave"], css=["leave"])


def leave_button(*, key: str, on_left: Callable[[], None]) -> None:
    """The way out of the presentation, also by the Escape key."""
    _leave(key=key, on_left_change=on_left)
