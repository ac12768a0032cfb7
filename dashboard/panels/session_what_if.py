"""What if other tracks had been skipped, or elsewhere: the fewest changes that turn the answer."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboard import escape, links
from dashboard.components.printing import on_paper
from dashboard.figures.palette import signed
from dashboard.figures.session_circumstances import circumstances
from dashboard.figures.session_turns import turns
from dashboard.figures.session_words import circumstances_in_words
from dashboard.loaders.sessions import SessionView
from dashboard.panels.common import PERCENT, chart
from dashboard.panels.story_keep import keep_button
from dashboard.story.sessions import elsewhere_slide, turned_slide
from relrec_core.sessions.explanation import browse
from relrec_core.sessions.explanation.circumstances import DAY, HOUR, KINDS, PLACE, at_the_end
from relrec_core.sessions.explanation.elsewhere import Elsewhere, Named
from relrec_core.sessions.explanation.explain import Explorer
from relrec_core.sessions.explanation.inputs import called, value_text
from relrec_core.sessions.explanation.result import Change, SessionAnswer

NOTHING, AS_IT_WAS = "none", ""
LINKS = {PLACE: "context", HOUR: "hour", DAY: "day"}
"""Column -> how the address calls it."""


def what_if(view: SessionView, row: int, focus: int) -> None:
    """The smallest changes that turn the answer, any other change, and what becomes of it all."""
    answer, flip = view.answer(row, focus), view.flip(row, focus)
    st.markdown(f"#### {escape.markdown(flip.sentence())}")
    st.caption(escape.markdown(flip.proof()))
    turned = f"turned_{row}_{focus}"
    elsewhere = view.elsewhere(row, focus)
    if elsewhere is not None:
        _elsewhere(view, elsewhere, row, focus, turned)
    picked = _picked(answer, turned, [str(t.position) for t in flip.turned])
    moved = _moved(view.explorer, row, focus)
    if not picked and not moved:
        st.caption("Pick tracks that should have gone the other way, or another place or time.")
        return
    places = [int(position) - 1 for position in picked]
    changes = browse.turned(view.explorer, view.explorer.session(row), places, moved)
    flips = sum((c.before >= 0.5) != (c.after >= 0.5) for c in changes)
    turned_over = (
        f"{flips or 'None'} of {len(changes)} predictions change{'' if flips > 1 else 's'}."
    )
    picture, table = st.columns([1.15, 1], gap="medium")
    with picture:
        chart(
            turns(changes, answer.focused.position),
            key="session_turns",
            alt="The probability of a skip of every track, before and after the change",
        )
        st.caption(
            f"{turned_over} Hollow: the "
            "probability of a skip as it was; filled: after the change, warm where that means "
            "skipped, cool where it means played."
        )
    with table, st.container(key="turned"):
        _table(changes)
        smallest = not moved and picked == [str(t.position) for t in flip.turned]
        own = _own(answer, picked, moved), turned_over
        said = (flip.sentence(), flip.proof()) if smallest else own
        told = view.explanation(row, focus)
        keep_button(lambda at: turned_slide(told, said, changes, at, view.model), "session_turned")


def _own(answer: SessionAnswer, picked: list[str], moved: dict[str, int]) -> str:
    """The change that was picked, and what it does to the track that is asked about."""
    tracks = f"track{'s' if picked[1:] else ''} {', '.join(picked)} the other way"
    parts = [tracks] if picked else []
    parts += [f"{called(name)} {value_text(name, value)}" for name, value in moved.items()]
    return f"{answer.focused.label} with {' and '.join(parts)}"


def _elsewhere(view: SessionView, elsewhere: Elsewhere, row: int, focus: int, turned: str) -> None:
    """What another context, hour or day does, in words and as a picture."""
    st.markdown(f"#### {escape.markdown(elsewhere.sentence())}")
    st.caption(escape.markdown(elsewhere.proof()))
    if elsewhere.best is not None:
        st.button(
            "Make this change",
            icon=":material/swap_horiz:",
            help="Below it takes the place of the tracks that go the other way.",
            on_click=_make,
            args=(view.explorer, elsewhere.best.values, row, focus, turned),
        )
    figure = circumstances(elsewhere)
    if figure is None:
        return
    chart(figure, key="session_circumstances", alt=circumstances_in_words(elsewhere))
    st.caption(
        "Each cell is one context and hour, all else as it was: warm where the track would be "
        "skipped, cool where it would be played. Dotted: as it was. Framed: the smallest change "
        "that turns the answer, if it is one of these."
    )
    told = view.explanation(row, focus)
    keep_button(
        lambda at: elsewhere_slide(told, elsewhere, figure, at, view.model), "session_elsewhere"
    )


def _make(explorer: Explorer, values: Named, row: int, focus: int, turned: str) -> None:
    """Pick these circumstances, and no track that goes the other way."""
    st.session_state[turned] = []
    for name in browse.circumstances_of(explorer):
        key = _key(name, row, focus)
        st.session_state[key] = values.get(called(name), AS_IT_WAS)


def _key(name: str, row: int, focus: int) -> str:
    return f"moved_{name}_{row}_{focus}"


def _moved(explorer: Explorer, row: int, focus: int) -> dict[str, int]:
    """Where and when instead: column -> value, as far as it is another one than it was."""
    names, session = browse.circumstances_of(explorer), explorer.session(row)
    moved: dict[str, int] = {}
    for name, place in zip(names, st.columns(max(len(names), 1)), strict=False):
        was = value_text(name, at_the_end(session, explorer.data.columns, name))
        texts = {value_text(name, value): value for value in range(KINDS[name])}
        others = {text: text for text in texts if text != was}
        labels = {AS_IT_WAS: f"{was} (as it was)", **others}
        key, link = _key(name, row, focus), LINKS[name]
        asked = links.adopt(link).get(link)
        if asked is not None:
            known = asked and asked[0] in others
            st.session_state[key] = asked[0] if known else AS_IT_WAS
        st.session_state.setdefault(key, AS_IT_WAS)
        picked = place.selectbox(
            called(name).capitalize(),
            list(labels),
            key=key,
            format_func=labels.__getitem__,
        )
        links.publish(link, picked or None)
        if picked:
            moved[name] = texts[picked]
    return moved


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
    frame = pd.DataFrame(
        {
            "#": [c.position for c in changes],
            "Track": [c.label for c in changes],
            "Before": [100 * c.before for c in changes],
            "After": [100 * c.after for c in changes],
            "Change": [signed(100 * c.difference, 1) for c in changes],
        }
    )
    shares = ("Before", "After")
    st.dataframe(
        frame,
        hide_index=True,
        column_config={
            "#": st.column_config.NumberColumn(width=40),
            "Track": st.column_config.TextColumn(width=190),
            **{
                name: st.column_config.NumberColumn(
                    format=PERCENT, help="The probability of a skip.", width=65
                )
                for name in shares
            },
            "Change": st.column_config.TextColumn(help="In points.", width=65),
        },
        alt="The probability of a skip of every track, before and after the change",
    )
    on_paper(frame.assign(**{n: frame[n].map(PERCENT.__mod__) for n in shares}), key="turned")
