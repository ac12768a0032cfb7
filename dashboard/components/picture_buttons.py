"""A list of pictures to pick from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard.components.files import component
from dashboard.components.picture import ROOT, Data, Look

_FILES = ("picture", "picture_buttons")
_buttons = component("picture_buttons", ROOT, js=_FILES, css=_FILES)


@dataclass(frozen=True)
class Item:
    """Something to pick: its id, what it is called, its pictures, and lines of text."""

    id: str
    title: str
    pictures: Sequence[Data]
    lines: Sequence[str] = ()


def picture_buttons(
    items: Sequence[Item],
    selected: str | None,
    look: Look,
    *,
    key: str,
    label: str,
    layout: str,
    on_picked: Callable[[str], None] | None = None,
) -> None:
    """A `strip` or a `list` of pictures to pick one from.

    Without `on_picked` there is nothing to pick.
    """

    def heard() -> None:
        picked = st.session_state[key].picked
        if on_picked is not None and picked is not None:
            on_picked(str(picked))

    data = {
        "items": [
            {"id": i.id, "title": i.title, "pictures": list(i.pictures), "lines": list(i.lines)}
            for i in items
        ],
        "selected": selected,
        "label": label,
        "layout": layout,
        "fixed": on_picked is None,
        **look.data,
    }
    _buttons(key=key, data=data, on_picked_change=heard)
