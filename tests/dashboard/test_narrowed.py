"""Of very many options a page offers those that a search finds, and the chosen one."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from dashboard.panels.narrowed import FOUND, MOST


def page(many: int) -> AppTest:
    def script(many: int) -> None:
        import streamlit as st

        from dashboard.panels.narrowed import narrowed

        kept = [None, st.session_state.setdefault("who", "u7"), "u7"]
        offered = narrowed(
            [f"u{n}" for n in range(many)], lambda one: f"User {one[1:]}", kept, "Search", "who"
        )
        st.selectbox("Who", offered, format_func=lambda one: f"User {one[1:]}", key="who")

    return AppTest.from_function(script, args=(many,), default_timeout=60).run()


def test_few_options_are_all_offered() -> None:
    found = page(MOST)
    assert len(found.selectbox[0].options) == MOST and not found.text_input


def test_of_many_the_search_finds_some_and_the_chosen_one_stays() -> None:
    found = page(MOST + 5)
    first = found.selectbox[0].options
    assert first[:3] == ["User 7", "User 0", "User 1"] and len(first) == FOUND
    found.text_input[0].set_value(" uSER 1000").run()
    offered = ["User 7", "User 1000", *(f"User {n}" for n in range(10_000, 10_005))]
    assert found.selectbox[0].options == offered and found.selectbox[0].value == "u7"
    found.selectbox[0].set_value("u10004").run()
    found.text_input[0].set_value("nobody").run()
    assert found.selectbox[0].options == ["User 10004", "User 7"]
    assert found.selectbox[0].value == "u10004" and not found.exception
