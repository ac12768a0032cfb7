"""What every page shows the same way: errors, charts, provenance."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import plotly.graph_objects as go
import streamlit as st

from dashboard import escape
from dashboard.figures.drawing import INK
from dashboard.figures.report import source
from dashboard.loaders.common import ModelKey
from relrec_core import paths
from relrec_core.errors import RelRecError
from relrec_core.explanation import Explanation
from relrec_core.permission import read_only

ANSWER_FIRST = Path(__file__).parents[1] / "components" / "answer_first.css"
PLOTLY = {"displayModeBar": False, "responsive": True}
PERCENT = "%.1f%%"
"""Of a table's column that holds percent: one decimal in every row."""


def read_only_notice() -> None:
    """Say that nothing can be changed, where that is so."""
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


def which_run(key: ModelKey) -> None:
    """Say which model is shown where it is not the one that ships with the project."""
    path = Path(key[0])
    if not path.is_relative_to(paths.ASSETS):
        said = f"Shown: your own training run {path.name}, not the model that ships with RelRec."
        st.badge(escape.markdown(said), icon=":material/model_training:", color="violet")


def answer_first(elsewhere: str) -> None:
    """On a narrow screen the answer stands before the controls, in containers with these keys.

    `page_main` comes first, in it `page_list` last, then `page_controls`, then `page_more`
    and `page_foot`;
    `page_narrow` is there on a narrow screen only, and so is the link `elsewhere` on top.
    """
    st.html(ANSWER_FIRST)
    with st.container(key="page_elsewhere"):
        st.markdown(elsewhere)


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
