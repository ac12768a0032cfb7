"""The button that presents slides on the whole screen, and their keys."""

from __future__ import annotations

from dashboard.components.files import component

_HTML = (
    '<button type="button" class="present">Present</button>'
    '<dialog aria-label="Presentation"></dialog>'
)
_present = component(
    "present",
    _HTML,
    js=["deck", "present"],
    css=["button", "present", "deck"],
)


def present_button(slides: str, *, key: str) -> None:
    """Present the deck in this HTML, which the browser takes as it is."""
    _present(key=key, data={"slides": slides})
