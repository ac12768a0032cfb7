"""The presentation view: the same page without controls, and the way out of it."""

from __future__ import annotations

import streamlit as st

from dashboard.components.leave import leave_button

PARAMETER = "present"
_CONTROLS = (
    "Button",
    "LinkButton",
    "Popover",
    "Selectbox",
    "ButtonGroup",
    "Tabs",
    "TextInput",
    "Radio",
    "Checkbox",
    "Expander",
)
_HIDDEN = (
    "[data-testid=stElementContainer]:has(h1), .st-key-page_tour, .st-key-page_controls, "
    ".st-key-product_list, .st-key-product_look, .st-key-page_more, .st-key-page_elsewhere, "
    "[data-testid=stColumn]:has(.st-key-page_list), [data-testid=stColumn]:has(.st-key-page_side), "
    "[class*=st-key-pins_], .st-key-counts, "
) + ", ".join(f"[data-testid=st{name}]" for name in _CONTROLS)

_REST = (
    "[data-testid=stHeader] { visibility: hidden; } "
    ".st-key-product_answer { max-width: calc(2 * (100vh - 19rem)); margin: 0 auto; } "
    ".st-key-product_pictures::before { display: none; }"
)
"""Both pictures fit on the screen with the sentence."""


def presenting(place: st.delta_generator.DeltaGenerator) -> bool:
    """Whether the address asks for the presentation; if so, hide what is not for the audience.

    `place` gets the way out.

    The controls are hidden, not left out: what they say still holds, and so does the address.
    """
    if st.query_params.get(PARAMETER) != "1":
        return False
    st.html(f"<style>{_HIDDEN} {{ display: none !important; }} {_REST}</style>")
    with place:
        leave_button(key="leave", on_left=_leave)
    return True


def present_button(place: st.delta_generator.DeltaGenerator) -> None:
    """The way into the presentation, in `place`."""
    place.button(
        "Present",
        icon=":material/present_to_all:",
        key="present_page",
        on_click=lambda: st.query_params.update({PARAMETER: "1"}),
        type="tertiary",
        help="This answer without controls. Escape leads back.",
    )


def _leave() -> None:
    del st.query_params[PARAMETER]
