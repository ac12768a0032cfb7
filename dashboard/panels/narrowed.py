"""Of many options those that a search finds: a browser cannot be sent all with every click."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import TypeVar

import streamlit as st

T = TypeVar("T")
MOST, FOUND = 10_000, 200
"""Up to so many options all are offered; of more so many that a search finds."""


def narrowed(
    options: Sequence[T],
    named: Callable[[T], str],
    kept: Iterable[T | None],
    label: str,
    key: str,
    place: st.delta_generator.DeltaGenerator | None = None,
) -> list[T]:
    """What a widget offers of `options`: all or, of many, those whose name has what is typed.

    Args:
        options: to choose from.
        named: the name of an option on screen.
        kept: options that stay whatever is typed, such as the chosen one; None is left out.
        label: what is searched, "Search movies".
        key: of the widget that offers the options.
        place: where the search is; it is there only where there are many options.
    """
    if len(options) <= MOST:
        return list(options)
    typed = (place or st).text_input(
        label,
        key=f"{key}_part",
        placeholder=f"{label}: part of a name",
        label_visibility="collapsed",
        help=f"There are {len(options):,}. The list holds the first {FOUND} whose name has this.",
    )
    part = typed.strip().casefold()
    found = islice((one for one in options if part in named(one).casefold()), FOUND)
    return list(dict.fromkeys([*(one for one in kept if one is not None), *found]))
