"""A list of pictures to pick from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from dashboard.components.files import component
from dashboard.components.picture import ROOT, Data, Look

_FILES = ("picture", "picture_buttons")
_buttons = component("picture_buttons", ROOT, js=_FILES, css=_FILES)


@dataclass(frozen=True)
class GalleryItem:
    """Something to pick: its id, what it is called, its pictures, and lines of text."""

    id: str
    title: str
    pictures: Sequence[Data]
    lines: Sequence[str] = ()


@dataclass(frozen=True)
class Gallery:
    """Pictures as a `strip` or a `list`, which of them is picked, and words after them."""

    items: Sequence[GalleryItem]
    label: str
    layout: Literal["strip", "list"]
    selected: str | None = None
    more: str = ""


def picture_buttons(
    gallery: Gallery, look: Look, *, key: str, on_picked: Callable[[str], None] | None = None
) -> None:
    """Pictures to pick one from; without `on_picked` there is nothing to pick."""

    def heard() -> None:
        picked = st.session_state[key].picked
        if on_picked is not None and picked is not None:
            on_picked(str(picked))

    data = {
        "items": [
            {"id": i.id, "title": i.title, "pictures": list(i.pictures), "lines": list(i.lines)}
            for i in gallery.items
        ],
        "selected": gallery.selected,
        "label": gallery.label,
        "layout": gallery.layout,
        "more": gallery.more,
        "fixed": on_picked is None,
        **look.data,
    }
    _buttons(key=key, data=data, on_picked_change=heard)
