"""What every page shows the same way: errors, charts, provenance."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import plotly.graph_objects as go
import streamlit as st

from dashboard import escape
from dashboard.figures.drawing import INK
from dashboard.figures.report import source
from relrec_core.errors import RelRecError
from relrec_core.explanation import Explanation
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
    """A figure whose axes and legend are as dark as the text of the page."""
    ink = {"color": INK}
    figure.update_layout(legend={"font": ink})
    figure.update_xaxes(tickfont=ink, title={"font": ink})
    figure.update_yaxes(tickfont=ink, title={"font": ink})
    st.plotly_chart(figure, key=key, config=PLOTLY, alt=alt)


def slug(text: str) -> str:
    """A text as part of a file's name."""
    return "-".join("".join(c if c.isalnum() else " " for c in text.lower()).split())


def provenance(explanation: Explanation) -> None:
    """Where the explanation comes from, at the foot of the page."""
    p = explanation.provenance
    st.caption(escape.markdown(f"{source(p)} Seed of the random removals: {p.seed}."))
