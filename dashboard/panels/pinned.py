"""Two explanations beside each other: pinned in this visit, compared, downloaded together."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from dashboard import escape
from dashboard.figures.differences import differences, differences_in_words
from dashboard.figures.pinned import CAUTION, Case, ChartCase, Pair, Span
from dashboard.figures.pinned_report import pair_report
from dashboard.figures.report import source
from dashboard.panels.common import PERCENT, chart, slug
from dashboard.panels.downloads import buttons
from dashboard.panels.proof import closing, verdict

MOST = 2
C = TypeVar("C", bound=Case)
Draw = Callable[[C, Span, str], None]
"""Shows a case's picture on a scale over a span, under a key."""
SIGNED_PERCENT = PERCENT.replace("%", "%+", 1)
NUMBERS = ("first", "second", "difference")


def pin_button(case: Case, *, wide: bool = False) -> None:
    """Keep the case on screen for comparison, or let it go; `wide` as what the button stands in."""
    held = _held(case)
    mine = any(_same(case, one) for one in held)
    gone = f" It takes the place of {escape.markdown(held[0].title)}." if len(held) == MOST else ""
    st.button(
        "Unpin" if mine else "Pin for comparison",
        icon=f":material/{'keep_off' if mine else 'keep'}:",
        key=f"pin_{case.WING}",
        on_click=_unpin if mine else _pin,
        args=(case,),
        help=None if mine else f"Two cases stand beside each other, below the proof.{gone}",
        width="stretch" if wide else "content",
    )
    if len(held) + (not mine) >= MOST and held:
        st.markdown("[See both beside each other](#pinned-for-comparison)")
    elif mine:
        st.caption(f"Choose another {case.OTHER}, and both stand beside each other, below.")


def draw_chart(case: ChartCase, span: Span, key: str) -> None:
    """The picture of a case that is a chart."""
    chart(case.figure(span), key=key, alt=case.words)


def pinned(shown: C, draw: Draw[C]) -> None:
    """The pinned cases beside each other, a single one beside the case on screen."""
    held: list[C] = _held(shown)
    if not held:
        return
    cases = held if len(held) == MOST or _same(shown, held[0]) else [*held, shown]
    with st.container(border=True, key=f"pins_{shown.WING}"):
        if len(cases) < MOST:
            said = f"Pinned: {held[0].title}. Choose another {shown.OTHER} to compare it with."
            st.markdown(escape.markdown(said))
            return
        st.markdown("#### Pinned for comparison")
        if gone := st.session_state.pop(f"pins_{shown.WING}_gone", None):
            st.info(escape.markdown(f"{gone} is no longer pinned: two cases are, at most."))
        _beside(Pair(*cases), draw, len(held))


def _beside(pair: Pair[C], draw: Draw[C], held: int) -> None:
    """Two cases, of which so many are pinned, their common scale and what differs."""
    wing, names = pair.first.WING, pair.names
    st.markdown(f"**{escape.markdown(pair.sentence())}**")
    if not pair.alike:
        st.warning(CAUTION, icon=":material/warning:")
    for i, (case, place) in enumerate(zip(pair.cases, st.columns(2, gap="medium"), strict=True)):
        with place, st.container(key=f"pin_{wing}_{i}"):
            _case(case, names[i], i, pinned=i < held)
            draw(case, pair.span, f"pin_{wing}_{i}_picture")
            _proved(case, i)
    st.caption(pair.first.scale_in_words(pair.span))
    picture, table = st.columns([1, 1.3], gap="medium")
    with picture:
        st.markdown("##### What differs")
        chart(differences(pair), key=f"pins_{wing}_differences", alt=differences_in_words(pair))
        st.caption(escape.markdown(pair.directions))
    with table:
        single = _joined(pair)
    with st.popover("Download both", icon=":material/download:", key=f"pins_{wing}_downloads"):
        _downloads(pair, slug(f"{names[0]} beside {names[1]}")[:80], single)


def _case(case: Case, name: str, place: int, *, pinned: bool) -> None:
    """What tells the case from the other, and its sentence."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"##### {escape.markdown(name)}", width="stretch")
        if pinned:
            _unpin_button(case, place)
        else:
            st.badge("Shown now, not pinned", color="gray")
    st.markdown(escape.markdown(case.explanation.sentence()))


def _proved(case: Case, place: int) -> None:
    """The proof, where the case comes from, and the way back to its view."""
    for title, test, compared in case.tests:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{escape.markdown(title)}**", width="content")
            verdict(test, compared)
    closing(case.ledgers)
    st.link_button(
        "Open this view",
        case.link,
        icon=":material/open_in_new:",
        help="In a new tab, so that the pins stay in this one. Files of your own stay here, too.",
        key=f"back_{case.WING}_{place}",
    )
    st.caption(escape.markdown(source(case.explanation.provenance)))


def _joined(pair: Pair[C]) -> bool:
    """The contributions of both, joined by name; gives whether every single one is listed."""
    wing, (summed, single) = pair.first.WING, pair.first.NOUNS
    every = st.toggle(f"Every {single.lower()}", key=f"pins_{wing}_single")
    frame, forms = pair.joined(single=every), dict.fromkeys(NUMBERS, "%+.3f")
    if pair.first.SHARES:
        frame[list(NUMBERS)] *= 100
        forms = {"first": PERCENT, "second": PERCENT, "difference": SIGNED_PERCENT}
    labels = (*pair.names, "Difference")
    st.dataframe(
        frame,
        hide_index=True,
        key=f"pins_{wing}_joined",
        height=min(35 * (len(frame) + 1) + 3, 360),
        placeholder="–",
        column_order=("name", "difference", "first", "second"),
        column_config={
            "name": st.column_config.TextColumn(single if every else summed, width=116),
            **{
                name: st.column_config.NumberColumn(label, format=forms[name], width=68)
                for name, label in zip(NUMBERS, labels, strict=True)
            },
        },
        alt="Contributions of both cases and their differences, the largest difference first",
    )
    st.caption("–: not there, which counts as 0. A click on a heading sorts the table.")
    return every


def _downloads(pair: Pair[C], name: str, single: bool) -> None:
    def table() -> str:
        frame = pair.joined(single=single)
        about = {"first case": pair.first.title, "second case": pair.second.title}
        unit = "shares, 0 to 1" if pair.first.SHARES else "points of the score"
        return escape.csv(frame.assign(**about, unit=unit))

    buttons(
        {
            "csv": ("Joined table (CSV)", table),
            "json": ("Both explanations (JSON)", pair.to_json),
            "html": ("Page to print or to mail (HTML)", lambda: pair_report(pair)),
        },
        name,
        f"pins_{pair.first.WING}",
    )


def _held(case: C) -> list[C]:
    """What is pinned of this case's wing, the oldest first."""
    held: list[C] = st.session_state.get(f"pins_{case.WING}", [])
    return held


def _same(one: Case, other: Case) -> bool:
    return one.explanation == other.explanation


def _pin(case: Case) -> None:
    held = [*_held(case), case]
    if len(held) > MOST:
        st.session_state[f"pins_{case.WING}_gone"] = held[0].title
    st.session_state[f"pins_{case.WING}"] = held[-MOST:]


def _unpin(case: Case) -> None:
    held = [one for one in _held(case) if not _same(case, one)]
    st.session_state[f"pins_{case.WING}"] = held


def _unpin_button(case: Case, place: int) -> None:
    st.button(
        "Unpin",
        icon=":material/keep_off:",
        key=f"unpin_{case.WING}_{place}",
        on_click=_unpin,
        args=(case,),
        type="tertiary",
    )
