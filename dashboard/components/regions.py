"""A picture under a grid of regions that can be switched on."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from dashboard.components.files import component
from dashboard.components.picture import ROOT, Data, Look

_FILES = ("picture", "regions")
_regions = component("regions", ROOT, js=_FILES, css=_FILES)


def region_grid(
    picture: Data,
    cells: int,
    selected: Sequence[int],
    look: Look,
    *,
    key: str,
    role: str,
    title: str,
    label: str,
    on_chosen: Callable[[list[int]], None],
) -> None:
    """A picture under a grid whose cells can be switched on by mouse, finger or keyboard."""

    def heard() -> None:
        chosen = st.session_state[key].chosen
        if chosen is not None:
            on_chosen([int(i) for i in chosen])

    data = {"picture": picture, "cells": cells, "selected": list(selected), "label": label}
    _regions(
        key=key,
        data={**data, "role": role, "title": title, **look.data},
        on_chosen_change=heard,
    )
