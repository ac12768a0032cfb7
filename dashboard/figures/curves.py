"""Learning curves and comparisons of runs or methods."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from dashboard import escape
from dashboard.figures.palette import ACCENT, NEUTRAL, plain

COLOURS = (ACCENT, "#d9692b", "#3a86c8", "#4c9a6a", "#b04f7e", NEUTRAL)
LETTERS = 34
"""Of a bar's name in one line."""
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")


def learning_curves(
    runs: Mapping[str, Sequence[Mapping[str, object]]], metric: str, title: str
) -> go.Figure:
    """One line a run: `metric` by training step."""
    figure = go.Figure()
    for i, (name, rows) in enumerate(runs.items()):
        points = [(r["step"], r[metric]) for r in rows if metric in r]
        figure.add_trace(
            go.Scatter(
                x=[p[0] for p in points],
                y=[p[1] for p in points],
                name=escape.plotly(name),
                mode="lines+markers" if len(points) < 60 else "lines",
                line={
                    "color": COLOURS[i % len(COLOURS)],
                    "dash": DASHES[i % len(DASHES)],
                    "width": 2,
                },
                hovertemplate="epoch %{x}: %{y:.4f}<extra>" + escape.plotly(name) + "</extra>",
            )
        )
    figure.update_layout(
        height=260,
        margin={"l": 8, "r": 8, "t": 36, "b": 8},
        title={"text": title, "font": {"size": 14}},
        xaxis={"title": {"text": "epoch"}},
        showlegend=len(runs) > 1,
        legend={"orientation": "h", "y": -0.35},
    )
    return figure


def row_name(text: object) -> str:
    """The name of a bar, in lines that leave room for the bar on a telephone."""
    return "<br>".join(map(escape.plotly, textwrap.wrap(str(text), LETTERS)))


def comparison(frame: pd.DataFrame, label: str, value: str, ours: Sequence[str]) -> go.Figure:
    """Horizontal bars, best on top, `ours` in colour."""
    ordered = frame.sort_values(value)
    mine = ordered[label].isin(list(ours))
    figure = go.Figure(
        go.Bar(
            x=ordered[value],
            y=ordered[label].map(row_name),
            orientation="h",
            marker={"color": [ACCENT if m else NEUTRAL for m in mine]},
            text=[plain(v, 3) for v in ordered[value]],
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.4f}<extra></extra>",
        )
    )
    figure.update_layout(
        height=60 + 30 * len(frame),
        margin={"l": 4, "r": 44, "t": 8, "b": 8},
        xaxis={"rangemode": "tozero", "showgrid": False, "showticklabels": False},
        yaxis={"ticksuffix": "  "},
        bargap=0.35,
    )
    return figure
