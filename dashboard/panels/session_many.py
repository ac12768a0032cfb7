"""Who decides over many sessions, some of them, and the way to each of them."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from dashboard import escape
from dashboard.figures import sessions as figures
from dashboard.loaders.sessions import SessionView
from dashboard.panels.common import PERCENT, chart
from dashboard.panels.sessions import unfiltered
from dashboard.panels.story_keep import keep_button
from dashboard.story.sessions import many_slide
from dashboard.story.slide import Origin
from relrec_core.sessions.explanation import browse
from relrec_core.sessions.explanation.result import cause_title, expert_title

ANY = "Any"
LISTED = 200
"""Tracks in the list; more are not looked through one by one."""


def many(view: SessionView) -> None:
    """Who decides, how often the answers are right, and a list from which one track is opened."""
    chosen = _chosen(view.tracks)
    if chosen.empty:
        st.info("No track fits these filters.", icon=":material/filter_alt_off:")
        return
    frame, explorer = browse.shares(view.explorer, chosen), view.explorer
    spoken = "; ".join(
        f"{expert_title(e)} {m:.0%}" for e, m in zip(frame["expert"], frame["mean"], strict=True)
    )
    picture, listing = st.columns([1, 1.2], gap="medium")
    with picture:
        chart(
            figures.histogram(frame),
            key="session_histogram",
            alt=f"Bars of each expert's mean share over the chosen tracks: {spoken}",
        )
    with listing:
        _listing(view, chosen)
    right = browse.right(explorer)
    which = (
        f"{len(chosen):,} of {len(view.tracks):,} tracks of the second halves of the "
        f"{len(explorer.data.sessions)} sessions of this page"
    )
    good = (
        f"Of all of them the model predicts {right['model']:.1%} right; repeating the last action "
        f"{right['last']:.1%}, the usual action of the first half {right['mean']:.1%}."
    )
    st.caption(f"{which}. {good} Data: {escape.markdown(explorer.data.title)}.")
    how = "mean attribution of the experts over tracks"
    origin = Origin.made(explorer.data, explorer.run, view.model, how)
    keep_button(lambda at: many_slide(frame, (which, good), origin, at), "session_many")


def _chosen(tracks: pd.DataFrame) -> pd.DataFrame:
    """The tracks that fit what is picked; a filter of which the data knows nothing is not shown."""
    filters: dict[str, tuple[str, Callable[[str], str]]] = {
        "listener": ("Listener", str),
        "expert": ("Decided by", expert_title),
        "context": ("Played from", str),
        "cause": ("Known cause", cause_title),
    }
    shown = [name for name in filters if name in tracks and tracks[name].nunique() > 1]
    for name, place in zip(shown, st.columns(len(filters)), strict=False):
        label, title = filters[name]
        titles = {title(value): value for value in sorted(tracks[name].unique())}
        picked = place.selectbox(
            label, [ANY, *titles], key=f"by_{name}", bind="query-params", persist_state="session"
        )
        if picked in titles:
            tracks = tracks[tracks[name] == titles[picked]]
    return tracks


def _listing(view: SessionView, chosen: pd.DataFrame) -> None:
    """The chosen tracks, those first whose expert has the largest share; a click opens one."""
    first = chosen.sort_values("share", ascending=False, kind="stable").head(LISTED)
    titles, skips = view.listing["title"], first["probability"] >= 0.5
    shown = pd.DataFrame(
        {
            "Session": titles.loc[first["row"]].to_numpy(),
            "#": first["row"].map(lambda row: view.halves[row]) + first["place"] + 1,
            "Prediction": skips.map({True: "skip", False: "play"}),
            "": (skips == first["skipped"]).map({True: "✓", False: "✗"}),
            "Decided by": first["expert"].map(expert_title),
            "Share": 100 * first["share"],
        }
    )
    key = f"session_list_{st.session_state.setdefault('lists_picked', 0)}"
    st.dataframe(
        shown,
        hide_index=True,
        height=380,
        key=key,
        on_select=lambda: _open(view, first, shown, key),
        selection_mode="single-row",
        column_config={
            "Share": st.column_config.NumberColumn(format=PERCENT),
            "": st.column_config.TextColumn(help="Whether the prediction is right.", width=30),
        },
        alt="Tracks of second halves with their prediction and who decided",
    )
    st.caption("Tick a row to open its session at that track.")


def _open(view: SessionView, first: pd.DataFrame, shown: pd.DataFrame, key: str) -> None:
    """A row was ticked: show its session and track."""
    rows = st.session_state[key].selection.rows
    if not rows:
        return
    row = int(first["row"].iloc[rows[0]])
    unfiltered()
    st.session_state.update(
        session=str(view.listing.at[row, "session"]),
        track=str(shown["#"].iloc[rows[0]]),
        shown_session=row,
        lists_picked=st.session_state["lists_picked"] + 1,
    )
