"""What if other tracks of the first half had been skipped: the fewest that turn the answer."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import escape, links
from dashboard.figures.palette import signed
from dashboard.figures.session_turns import turns
from dashboard.loaders.sessions import SessionView
from dashboard.panels.common import PERCENT, chart
from relrec_core.sessions.explanation import browse
from relrec_core.sessions.explanation.result import Change, SessionAnswer

NOTHING = "none"


def what_if(view: SessionView, row: int, focus: int) -> None:
    """The smallest change that turns the answer, any other change, and what becomes of it all."""
    answer, flip = view.answer(row, focus), view.flip(row, focus)
    st.markdown(f"#### {escape.markdown(flip.sentence())}")
    st.caption(escape.markdown(flip.proof()))
    picked = _picked(answer, f"turned_{row}_{focus}", [str(t.position) for t in flip.turned])
    if not picked:
        st.caption("Pick tracks that should have gone the other way.")
        return
    places = [int(position) - 1 for position in picked]
    changes = browse.turned(view.explorer, view.explorer.session(row), places)
    flips = sum((c.before >= 0.5) != (c.after >= 0.5) for c in changes)
    picture, table = st.columns([1.15, 1], gap="medium")
    with picture:
        chart(
            turns(changes, answer.focused.position),
            key="session_turns",
            alt="The probability of a skip of every track, before and after the change",
        )
        st.caption(
            f"{f'{flips} of {len(changes)}' if flips else 'No'} predictions change. Hollow: the "
            "probability of a skip as it was; filled: after the change, warm where that means "
            "skipped, cool where it means played."
        )
    with table, st.container(key="turned"):
        _table(changes)


def _picked(answer: SessionAnswer, key: str, first: list[str]) -> list[str]:
    """Positions of the tracks that go the other way; at first those of the smallest change."""
    given = {str(t.position): t for t in answer.given}
    asked = links.adopt("turned").get("turned")
    if asked is not None:
        known = [position for position in asked if position in given]
        st.session_state[key] = known if known or asked == [NOTHING] else first
    st.session_state.setdefault(key, first)

    def described(position: str) -> str:
        track = given[position]
        turn = "skipped → played" if track.skipped else "played → skipped"
        return f"{position}. {track.label} ({turn})"

    picked = st.multiselect(
        "Tracks of the first half that go the other way",
        list(given),
        format_func=described,
        key=key,
        filter_mode="contains",
        help="At first those that turn the answer; any others can be picked.",
    )
    chosen = sorted(picked, key=int)
    links.publish("turned", None if chosen == first else chosen or NOTHING)
    return chosen


def _table(changes: tuple[Change, ...]) -> None:
    st.dataframe(
        pd.DataFrame(
            {
                "#": [c.position for c in changes],
                "Track": [c.label for c in changes],
                "Before": [100 * c.before for c in changes],
                "After": [100 * c.after for c in changes],
                "Change": [signed(100 * c.difference, 1) for c in changes],
            }
        ),
        hide_index=True,
        column_config={
            "#": st.column_config.NumberColumn(width=40),
            "Track": st.column_config.TextColumn(width=190),
            **{
                name: st.column_config.NumberColumn(
                    format=PERCENT, help="The probability of a skip.", width=65
                )
                for name in ("Before", "After")
            },
            "Change": st.column_config.TextColumn(help="In points.", width=65),
        },
        alt="The probability of a skip of every track, before and after the change",
    )
