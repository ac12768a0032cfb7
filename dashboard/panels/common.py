"""What every page shows the same way: errors, charts, downloads, provenance."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboard import escape
from dashboard.components.save_png import png_button
from dashboard.figures.report import report
from relrec_core.errors import RelRecError
from relrec_core.explanation import Explanation
from relrec_core.movies.explanation.result import MovieExplanation
from relrec_core.permission import read_only

PLOTLY = {"displayModeBar": False, "responsive": True}
PERCENT = "%.1f %%"
"""Of a table's column that holds percent: one decimal in every row."""


def read_only_notice() -> None:
    if read_only():
        st.badge("Read-only: training and changes are off", icon=":material/lock:", color="gray")


@contextlib.contextmanager
def sentences(*, stop: bool = True) -> Iterator[None]:
    """Show an expected error as its sentence; end the page there, or else only this part of it."""
    try:
        yield
    except RelRecError as error:
        st.error(escape.markdown(error), icon=":material/error:")
        if stop:
            st.stop()


def chart(figure: go.Figure, *, key: str, alt: str) -> None:
    st.plotly_chart(figure, key=key, config=PLOTLY, alt=alt)


def downloads(explanation: MovieExplanation, figure: go.Figure, *, name: str, key: str) -> None:
    """PNG, CSV, JSON and a self-contained HTML page of what is on screen."""
    with st.popover("Download", icon=":material/download:"):
        png_button(container=key, file_name=f"{name}.png")
        made = explanation.to_json, explanation.to_frame, lambda: report(explanation, figure)
        files(*made, name, key)


def files(
    json: Callable[[], str],
    table: Callable[[], pd.DataFrame],
    page: Callable[[], str],
    name: str,
    key: str,
) -> None:
    """Buttons for the table, the explanation and a page by itself; each is made when pressed."""
    for label, content, ending, kind in (
        ("Table (CSV)", lambda: escape.csv(table()), "csv", "text/csv"),
        ("Explanation (JSON)", json, "json", "application/json"),
        ("Page for a slide or a mail (HTML)", page, "html", "text/html"),
    ):
        st.download_button(
            label,
            content,
            f"{name}.{ending}",
            kind,
            key=f"{key}_{ending}",
            on_click="ignore",
            width="stretch",
        )


def slug(text: str) -> str:
    """A text as part of a file's name."""
    return "-".join("".join(c if c.isalnum() else " " for c in text.lower()).split())


def provenance(explanation: Explanation) -> None:
    """Where the explanation comes from, at the foot of the page."""
    p = explanation.provenance
    told = (
        f"Data: {p.dataset}. {p.licence[:1].upper()}{p.licence[1:].rstrip('.')}. "
        f"Model run: {p.run}. Method: {p.method}. "
        f"Seed of the random removals: {p.seed}. RelRec {p.code_version}."
    )
    st.caption(escape.markdown(told))
