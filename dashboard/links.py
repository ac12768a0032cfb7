"""The address bar holds the exact view: widget values by id, in both directions.

Streamlit's own binding writes the words a widget shows; ids are shorter and outlive a change of
words. Widgets whose words are their value use Streamlit's `bind="query-params"` instead.
"""

from __future__ import annotations

from collections.abc import Container, Sequence

import streamlit as st

from dashboard import escape

_WRITTEN = "_address"


def adopt(*keys: str) -> dict[str, list[str]]:
    """What the address says of these keys and the page does not show yet.

    That is everything on the first run, and later only what changed without the page's doing: a
    pasted link, or the browser's back button. An empty list means: back to what it was at first.
    """
    written: dict[str, list[str]] = st.session_state.get(_WRITTEN, {})
    now = {k: st.query_params.get_all(k) for k in keys}
    return {k: v for k, v in now.items() if v != written.get(k, [])}


def forget() -> None:
    """Another page is shown, whose address says nothing of this one."""
    st.session_state.pop(_WRITTEN, None)


def bound(key: str, options: Container[str], first: str, unknown: str = "") -> None:
    """Give a widget the option that the address asks for, or `first` where there is none of it.

    Args:
        key: of the widget and in the address.
        options: to choose from.
        first: what the page shows at first.
        unknown: what is said when the address asks for another; `{}` stands for it.
    """
    asked = adopt(key).get(key)
    if asked is not None:
        st.session_state[key] = asked[0] if asked else first
    if st.session_state.get(key) not in options:
        if asked and unknown:
            st.warning(escape.markdown(unknown.replace("{}", asked[0])))
        st.session_state[key] = first


def publish(key: str, value: str | Sequence[str] | None) -> None:
    """Write one value (or several) of the view into the address; None or nothing removes it.

    Leave out what a page shows anyway: each change of the address is a step of the back button.
    """
    values = [value] if isinstance(value, str) else list(value or [])
    written: dict[str, list[str]] = st.session_state.setdefault(_WRITTEN, {})
    written[key] = values
    if st.query_params.get_all(key) == values:
        return
    if values:
        st.query_params[key] = values
    elif key in st.query_params:
        del st.query_params[key]
