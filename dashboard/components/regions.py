"""A picture under a grid of regions that can be switched on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard.components.files import component
from dashboard.components.picture import ROOT, Data, Look

_FILES = ("picture", "regions")
_regions = component("regions", ROOT, js=_FILES, css=_FILES)


@dataclass(frozen=True)
class RegionPicture:
    """A picture cut into `cells` down and across; `role` and `title` stand over it."""

    picture: Data
    cells: int
    role: str
    title: str
    label: str


def region_grid(
    shown: RegionPicture,
    selected: Sequence[int],
    look: Look,
    *,
    key: str,
    on_chosen: Callable[[list[int]], None],
) -> None:
    """A picture under a grid whose cells can be switched on by mouse, finger or keyboard."""

    def heard() -> None:
        chosen = st.session_state[key].chosen
        if chosen is not None:
            on_chosen([int(i) for i in chosen])

    data = {**vars(shown), "selected": list(selected), **look.data}
    _regions(key=key, data=data, on_chosen_change=heard)
