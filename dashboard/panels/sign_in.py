"""The door: who is not signed in sees how to sign in, and nothing else."""

from __future__ import annotations

import streamlit as st

from dashboard import escape, visitors
from dashboard.components.files import HERE
from dashboard.components.way_back import way_back
from relrec_core.errors import ConfigError

PLACE = HERE / "visitor_place.css"


def admitted() -> bool:
    """Whether this visitor may see the pages; else says why not, and offers to sign in."""
    try:
        rules = visitors.rules()
    except ConfigError as error:
        st.error(f"The sign-in is not set up right: {escape.markdown(error)}")
        return False
    if rules is None:
        return True
    user = visitors.visitor()
    if rules.may_look(user):
        _signed_in(user)
        return True
    st.title("Why was this recommended?")
    if rules.signed_in(user):
        st.warning(f"{_name(user)} is not on the list of those who may see this dashboard.")
        st.button("Sign out", icon=":material/logout:", on_click=visitors.leave)
        return False
    if user.get("is_logged_in"):
        st.info("This sign-in has ended. Sign in again to go on.")
    else:
        st.markdown("Sign in to see this dashboard.")
    st.button("Sign in", icon=":material/login:", type="primary", on_click=st.login)
    way_back(remember=True)
    return False


def _signed_in(user: visitors.Claims) -> None:
    way_back(remember=False)
    st.html(PLACE)
    with st.container(key="page_visitor", horizontal=True, vertical_alignment="center"):
        st.markdown(_name(user), width="content")
        st.button("Sign out", type="tertiary", on_click=visitors.leave)


def _name(user: visitors.Claims) -> str:
    """What to call somebody, for Markdown."""
    return escape.markdown(str(user.get("email") or user.get("name") or user.get("sub")))
