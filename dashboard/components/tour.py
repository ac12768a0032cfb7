"""A note of numbered steps, which stays closed in this browser once closed, and its link."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.components.files import HERE, component

PLACE = HERE / "tour_place.css"
_HTML = (
    '<section aria-label="How to read this page">'
    '<button type="button" class="opener">How to read this page</button>'
    '<div class="note" hidden><ol></ol>'
    '<button type="button" class="close" aria-label="Close the tour">×</button>'
    '<label><input type="checkbox"> Do not show tours</label></div></section>'
)
_tour = component("tour", _HTML, js=["tour"], css=["tour"])


def tour(page: str, steps: Sequence[str]) -> None:
    """The steps of a page, within a container `page_head` that begins with its title.

    Where the window is wide, the note lies beside the title, takes no room of its own, and is open
    at first; elsewhere it is a link until that is followed.
    """
    st.html(PLACE)
    with st.container(key="page_tour"):
        _tour(key=f"tour_{page}", data={"page": page, "steps": list(steps)})
