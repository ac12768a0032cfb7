"""The page that was asked for before a sign-in is shown after it."""

from __future__ import annotations

from dashboard.components.files import component

_way_back = component("way_back", "", js=["way_back"], css=[])


def way_back(*, remember: bool) -> None:
    """Remember the address of this page in this window, or go to the one that was remembered."""
    _way_back(key="way_back", data={"remember": remember})
