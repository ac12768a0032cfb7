"""Run the quick version of an evaluation from the page, and watch it."""

from __future__ import annotations

import streamlit as st

from dashboard import escape
from dashboard.panels.common import sentences
from relrec_core.evaluation.claims import Claim
from relrec_core.permission import read_only
from relrec_core.runs import evaluation, launch
from relrec_core.runs.directory import Run
from relrec_core.runs.evaluation import Evaluation


@st.fragment
def quick_run(claim: Claim) -> None:
    """A button that measures the quick version, its progress, and the way back."""
    wanted = _wanted(claim)
    run = evaluation.ongoing(wanted)
    if run is not None:
        st.session_state[f"watched_{claim.key}"] = run
    watched: Run | None = st.session_state.get(f"watched_{claim.key}")
    if watched is not None:
        _watch(claim, watched)
        return
    if st.session_state.get(f"quick_{claim.key}"):
        if st.button("Back to the stored numbers", key=f"back_{claim.key}", icon=":material/undo:"):
            st.session_state[f"quick_{claim.key}"] = False
            st.rerun()
        return
    said = st.session_state.pop(f"said_{claim.key}", None)
    if said:
        st.warning(
            f"The quick run was not finished. {escape.markdown(said)}", icon=":material/info:"
        )
    commands = " and ".join(dict.fromkeys(f"`{s.command} --quick`" for s in claim.sources))
    if st.button(
        "Run the quick version",
        key=f"run_{claim.key}",
        icon=":material/play_arrow:",
        disabled=read_only(),
        help=f"Runs {commands} here. It can take some minutes, goes on when this page is closed, "
        "and is only to see that it works.",
    ):
        with sentences(stop=False):
            evaluation.start(wanted, claim.key)
            st.rerun(scope="fragment")


@st.fragment(run_every=1.0)
def _watch(claim: Claim, run: Run) -> None:
    status = run.status()
    if status.ongoing:
        st.progress(status.progress, text=escape.markdown(status.message) or "Waiting to start")
        with st.expander("Log"):
            st.code("\n".join(run.log_tail(30)) or "Nothing yet.", language=None)
        if st.button(
            "Cancel", key=f"stop_{claim.key}", icon=":material/stop:", disabled=read_only()
        ):
            with sentences(stop=False):
                launch.cancel(run)
        return
    st.session_state.pop(f"watched_{claim.key}", None)
    if status.state == "done":
        st.session_state[f"quick_{claim.key}"] = True
    elif status.state == "failed":
        st.session_state[f"said_{claim.key}"] = status.message
    st.rerun()


def _wanted(claim: Claim) -> Evaluation:
    """One evaluation for all tables of the claim; they are of one wing and data set."""
    first = claim.sources[0]
    tables = tuple(dict.fromkeys(source.table for source in claim.sources))
    return Evaluation(wing=first.wing, tables=tables, dataset=first.dataset)
