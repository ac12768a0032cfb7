"""What every page shows the same way: errors, the audit, downloads, provenance."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import plotly.graph_objects as go
import streamlit as st

from dashboard.components import png_button
from dashboard.figures.audit import deletion_figure, deletion_in_words
from dashboard.figures.palette import plain
from dashboard.figures.report import report
from relrec_core.errors import RelRecError
from relrec_core.explanation import Explanation
from relrec_core.runs.permission import read_only

PLOTLY = {"displayModeBar": False, "responsive": True}


def read_only_notice() -> None:
    if read_only():
        st.badge("Read-only: training and changes are off", icon=":material/lock:", color="gray")


@contextlib.contextmanager
def sentences(*, stop: bool = True) -> Iterator[None]:
    """Show an expected error as its sentence; end the page there, or else only this part of it."""
    try:
        yield
    except RelRecError as error:
        st.error(str(error), icon=":material/error:")
        if stop:
            st.stop()


def chart(figure: go.Figure, *, key: str, alt: str) -> None:
    st.plotly_chart(figure, key=key, config=PLOTLY, alt=alt)


def audit_strip(
    explanation: Explanation,
    *,
    key: str,
    shares: str = "All shares together",
    things: str = "reasons",
    whole: str = "whole profile",
) -> None:
    """The proof beside the picture: the ledger, and what happens without the named reasons.

    `shares` is what the ledger's first sum is of, `things` are what the test removes, `whole` is
    what it removes them from.
    """
    ledger, deletion = explanation.audit.ledger, explanation.audit.deletion
    adds_up, matters = st.columns([2, 3], gap="medium")
    with adds_up:
        st.markdown("##### Does it add up?")
        terms = f"{shares} {plain(ledger.features, 3)}"
        if ledger.bias or ledger.epsilon:
            terms += f", biases {plain(ledger.bias, 3)}, stabiliser {plain(ledger.epsilon, 6)}"
        st.markdown(f"{terms}. The score {plain(ledger.score, 3)}.")
        if ledger.closes():
            st.badge("Exact: nothing is left over", icon=":material/check:", color="green")
        else:
            st.badge(f"Off by {ledger.gap:.2g}", icon=":material/warning:", color="red")
    with matters:
        st.markdown(f"##### Do the named {things} matter?")
        better = deletion.beaten >= 0.95
        worse = round(deletion.beaten * deletion.repetitions)
        st.badge(
            f"Hurts more than {worse} of {deletion.repetitions} random removals",
            icon=":material/check:" if better else ":material/warning:",
            color="green" if better else "orange",
        )
        words = (
            f"without the {deletion.removed} strongest",
            f"without {deletion.removed} at random",
            whole,
        )
        chart(
            deletion_figure(deletion, words),
            key=f"{key}_deletion",
            alt=deletion_in_words(deletion, things),
        )


def audit_line(explanation: Explanation, things: str = "reasons") -> None:
    """The proof in one line, for small views."""
    ledger, deletion = explanation.audit.ledger, explanation.audit.deletion
    st.caption(
        f"Proof: all shares add up to {plain(ledger.features + ledger.bias + ledger.epsilon, 3)}, "
        f"the score is {plain(ledger.score, 3)}. {deletion_in_words(deletion, things)}"
    )


def downloads(explanation: Explanation, figure: go.Figure, *, name: str, key: str) -> None:
    """PNG, CSV, JSON and a self-contained HTML page of what is on screen."""
    with st.popover("Download", icon=":material/download:"):
        png_button(container=key, file_name=f"{name}.png")
        st.download_button(
            "Table (CSV)",
            explanation.to_frame().to_csv(index=False),
            f"{name}.csv",
            "text/csv",
            key=f"{key}_csv",
            on_click="ignore",
            width="stretch",
        )
        st.download_button(
            "Explanation (JSON)",
            explanation.to_json(),
            f"{name}.json",
            "application/json",
            key=f"{key}_json",
            on_click="ignore",
            width="stretch",
        )
        st.download_button(
            "Page for a slide or a mail (HTML)",
            lambda: report(explanation, figure),
            f"{name}.html",
            "text/html",
            key=f"{key}_html",
            on_click="ignore",
            width="stretch",
        )


def provenance(explanation: Explanation) -> None:
    """Where the explanation comes from, at the foot of the page."""
    p = explanation.provenance
    st.caption(
        f"Data: {p.dataset}. {p.licence.rstrip('.')}. Model run: {p.run}. Method: {p.method}. "
        f"Seed of the random removals: {p.seed}. RelRec {p.code_version}."
    )
