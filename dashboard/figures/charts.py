"""Charts of a table, for any claim: bars by size, lines with bands, groups of bars."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from dashboard import escape
from dashboard.figures.curves import COLOURS, DASHES, comparison, row_name
from dashboard.figures.palette import SUPPORT, faded, of, on

PAPER_MARK = {"symbol": "diamond-open", "size": 11, "color": SUPPORT, "line": {"width": 2}}
READABLE = 6
"""Lines that one picture can hold."""


def ranked(
    table: pd.DataFrame, label: str, value: str, ours: Sequence[str], paper: str | None = None
) -> go.Figure:
    """Bars, largest on top, ours in colour; a diamond where the paper has a number."""
    mine = [name for name in table[label] if str(name).startswith(tuple(ours))]
    figure = comparison(table, label, value, mine)
    figure.update_layout(xaxis={"title": {"text": value}})
    least, most = float(table[value].min()), float(table[value].max())
    if least < 0:  # room for the numbers beside bars that point to the left
        figure.update_xaxes(range=[least - 0.42 * (most - least), most + 0.12 * (most - least)])
    if paper in table:
        figure.data[0].update(
            name="Measured here",
            textposition="inside",
            insidetextanchor="start",
            constraintext="none",
            insidetextfont={"color": list(map(on, figure.data[0].marker.color))},
        )
        figure.add_trace(
            go.Scatter(
                x=table[paper],
                y=table[label].map(row_name),
                mode="markers",
                name="The paper",
                marker=PAPER_MARK,
                hovertemplate="The paper, %{y}: %{x:.4g}<extra></extra>",
            )
        )
        figure.update_layout(
            margin={"t": 36},
            showlegend=True,
            legend={"orientation": "h", "y": 1.0, "x": 0, "yanchor": "bottom"},
        )
    return figure


def contributions(table: pd.DataFrame, label: str, value: str) -> go.Figure:
    """Bars of what raises a score and what lowers it, largest on top."""
    figure = ranked(table, label, value, ())
    figure.data[0].marker.color = [of(part) for part in sorted(table[value])]
    return figure


def lines(
    series: Sequence[tuple[str, pd.Series]],
    x: str,
    y: str,
    bands: Sequence[tuple[pd.Series, pd.Series] | None] = (),
) -> go.Figure:
    """One line a series over its index, with bands where there are some."""
    figure = go.Figure()
    for i, (name, values) in enumerate(series):
        colour = COLOURS[i % len(COLOURS)]
        band = bands[i] if i < len(bands) else None
        if band is not None:
            places = list(values.index)
            figure.add_trace(
                go.Scatter(
                    x=places + places[::-1],
                    y=[*band[1], *band[0].iloc[::-1]],
                    fill="toself",
                    fillcolor=faded(colour, 0.2),
                    line={"width": 0},
                    hoverinfo="skip",
                    showlegend=False,
                )
            )
        figure.add_trace(
            go.Scatter(
                x=values.index,
                y=values,
                name=escape.plotly(name),
                mode="lines+markers" if len(values) < 15 else "lines",
                line={"color": colour, "dash": DASHES[i % len(DASHES)], "width": 2},
                hovertemplate=escape.plotly(name) + ", %{x}: %{y:.4g}<extra></extra>",
            )
        )
    figure.update_layout(
        height=330 + 20 * max(0, len(series) - 3),  # on a telephone each name takes a line
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis={"title": {"text": x}},
        yaxis={"title": {"text": y}, "automargin": True},
        showlegend=len(series) > 1,
        legend={"orientation": "h", "y": -0.25},
    )
    return figure


def grouped(table: pd.DataFrame, label: str, values: Sequence[str], y: str) -> go.Figure:
    """Bars side by side: one group a row, one bar a column of `values`."""
    figure = go.Figure()
    for i, value in enumerate(values):
        figure.add_trace(
            go.Bar(
                x=table[label].map(escape.plotly),
                y=table[value],
                name=escape.plotly(value),
                marker={"color": COLOURS[i % len(COLOURS)]},
                hovertemplate=f"%{{x}}, {escape.plotly(value)}: %{{y:.4g}}<extra></extra>",
            )
        )
    figure.update_layout(
        height=330,
        barmode="group",
        margin={"l": 8, "r": 8, "t": 44, "b": 8},
        yaxis={"title": {"text": y}, "rangemode": "tozero"},
        xaxis={"automargin": True},
        legend={"orientation": "h", "y": 1.0, "x": 0, "yanchor": "bottom"},
    )
    return figure
