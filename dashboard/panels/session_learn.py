"""Learn from somebody's own sessions: in memory, beside the page, and gone with the visit."""

from __future__ import annotations

import threading
import time
import weakref
from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from dashboard import escape
from dashboard.figures.session_learnt import learnt_figure, learnt_in_words, verdict_in_words
from dashboard.loaders.sessions import SessionView, learnt_view
from dashboard.panels.common import PERCENT, chart
from dashboard.panels.story_keep import keep_button
from dashboard.story.sessions import learnt_slide
from dashboard.story.slide import Origin
from relrec_core.errors import ProfileError, RelRecError, border
from relrec_core.runs.execution import Cancelled
from relrec_core.sessions.data.dataset import SessionData
from relrec_core.sessions.explanation.result import expert_title
from relrec_core.sessions.training.own import ENOUGH, SECONDS, InOrder, Learnt, learn

KEY, USED = "learning", "learnt_shown"


@dataclass
class Progress:
    """What the thread that learns tells, and what it finds."""

    cancelled: threading.Event = field(default_factory=threading.Event)
    fraction: float = 0.0
    message: str = "Getting ready"
    result: Learnt | None = None
    error: str = ""

    def report(self, fraction: float, message: str) -> None:
        """How far it is."""
        self.fraction, self.message = fraction, message


class Learning:
    """One learning of one visit; when the visit forgets it, it stops."""

    def __init__(self, data: SessionData) -> None:
        self.progress, self.began = Progress(), time.monotonic()
        self._thread = threading.Thread(
            target=_work, args=(self.progress, data), name="learning", daemon=True
        )
        weakref.finalize(self, self.progress.cancelled.set)
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether it has an answer, or gave up."""
        return not self._thread.is_alive()


@dataclass
class Kept:
    """What a visit keeps: whose sessions, the learning, and the view that it gave."""

    view: SessionView
    learning: Learning
    learnt: SessionView | None = None


def _work(progress: Progress, data: SessionData) -> None:
    try:
        with border(lambda why: ProfileError(f"Nothing could be learnt from these: {why}.")):
            progress.result = learn(data, progress.report, progress.cancelled)
    except Cancelled:
        return  # whoever waited for it has gone
    except RelRecError as error:
        progress.error = str(error)


def shown(view: SessionView) -> SessionView:
    """The last sessions with the network that learnt from those of `view`, if that is wanted; else
    the view itself. What was learnt from other sessions is thrown away."""
    kept: Kept | None = st.session_state.get(KEY)
    if kept is None:
        return view
    if kept.view is not view:
        forget()
        return view
    found = kept.learning.progress.result
    if found is None or not st.session_state.get(USED):
        return view
    if kept.learnt is None:
        kept.learnt = learnt_view(found)
    return kept.learnt


def learn_panel(view: SessionView) -> None:
    """Start, watch, cancel, and what was found; of somebody's own sessions only."""
    n, kept = len(view.explorer.data.sessions), st.session_state.get(KEY)
    if n < ENOUGH:
        st.info(
            f"{n:,} session{'s are' if n != 1 else ' is'} too little to learn from: a network "
            f"would learn them by heart instead. Hand in {ENOUGH} or more.",
            icon=":material/info:",
        )
    elif kept is None:
        _offer(view)
    elif not kept.learning.ended:
        _watch(kept.learning)
    elif kept.learning.progress.result is not None:
        _found(kept.learning.progress.result)
    else:
        st.warning(escape.markdown(kept.learning.progress.error), icon=":material/info:")
        _offer(view)


def _offer(view: SessionView) -> None:
    parts = InOrder(view.explorer.data).parts
    st.markdown(
        f"A small network of experts learns from the first {parts['train']:,} of these sessions, "
        f"stops when it does no better on the next {parts['validation']:,}, and is judged by the "
        f"last {parts['test']:,}, which it has not seen. Of several listeners, these are each "
        "one's first, next and last. It takes less than a minute, stays in memory, and is "
        "forgotten with the sessions."
    )
    st.button(
        "Learn from these sessions",
        key="learn",
        icon=":material/play_arrow:",
        on_click=_start,
        args=(view,),
    )


def _start(view: SessionView) -> None:
    st.session_state[KEY] = Kept(view, Learning(view.explorer.data))


def forget() -> None:
    """Throw away what was learnt, or stop learning."""
    kept: Kept | None = st.session_state.pop(KEY, None)
    if kept is not None:
        kept.learning.progress.cancelled.set()
    st.session_state.pop(USED, None)


@st.fragment(run_every=0.7)
def _watch(learning: Learning) -> None:
    if learning.ended:
        st.rerun()
    told, waited = learning.progress, time.monotonic() - learning.began
    done = max(told.fraction, min(waited / SECONDS, 0.95))
    st.progress(min(done, 1.0), text=f"{escape.markdown(told.message)} · {waited:.0f} s")
    st.button("Cancel", key="learn_cancel", icon=":material/stop:", on_click=forget)


def _found(found: Learnt) -> None:
    st.markdown(f"**{escape.markdown(verdict_in_words(found.comparison))}**")
    picture, table = st.columns([1.4, 1], gap="medium")
    with picture:
        chart(
            learnt_figure(found.comparison),
            key="session_learnt",
            alt=learnt_in_words(found.comparison),
        )
    with table:
        decides = sorted(found.decides.items(), key=lambda pair: -pair[1])
        st.dataframe(
            pd.DataFrame(
                {
                    "Expert": [expert_title(name).capitalize() for name, _ in decides],
                    "Decides": [100 * share for _, share in decides],
                }
            ),
            hide_index=True,
            column_config={"Decides": st.column_config.NumberColumn(format=PERCENT)},
            alt="Each expert of the network and the share of tracks that it decided",
        )
    parts = found.sizes
    st.caption(
        f"Learnt from {parts['train']:,} sessions in {found.seconds:.0f} s (best after pass "
        f"{found.epochs}), judged by the last {parts['test']:,}. The intervals come from "
        "drawing these again, whole sessions at a time; they say nothing of how the network would "
        "differ had it learnt from other sessions."
    )
    said = (
        f"Learnt from {parts['train']:,} sessions, judged by the last {parts['test']:,}, which it "
        "had not seen; the intervals come from drawing these again."
    )
    origin = Origin.made(found.data, "learnt from these sessions, in memory", "", "95% bootstrap")
    keep_button(
        lambda at: learnt_slide(found.comparison, found.decides, said, origin, at), "session_learnt"
    )
    use, drop = st.columns([2, 1], vertical_alignment="center")
    use.toggle(
        f"Explain the last {parts['test']:,} sessions with this network",
        key=USED,
        persist_state="session",
    )
    drop.button(
        "Forget this network",
        key="learn_forget",
        icon=":material/delete:",
        on_click=forget,
        width="stretch",
    )
