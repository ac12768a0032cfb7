"""Two methods' weights for the same reasons, side by side."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from dashboard import escape
from dashboard.figures.palette import ACCENT, NEUTRAL


def agreement(frame: pd.DataFrame) -> go.Figure:
    """A dot for each method in each row; `frame` has Reason and one column a method.

    Where a method has no value there is no dot.
    """
    figure = go.Figure()
    rows = frame.iloc[::-1].reset_index(drop=True)
    places = list(range(len(rows)))  # titles may occur twice
    names = [escape.plotly(r) for r in rows["Reason"]]
    styles = ((ACCENT, "circle"), (NEUTRAL, "diamond"))
    for method, (colour, symbol) in zip(frame.columns[1:], styles, strict=True):
        largest = frame[method].abs().max() or 1.0
        said = rows[method].dropna()
        figure.add_trace(
            go.Scatter(
                x=(said / largest).tolist(),
                y=said.index.tolist(),
                customdata=[names[k] for k in said.index],
                name=method,
                mode="markers",
                marker={"color": colour, "symbol": symbol, "size": 11, "line": {"width": 2}},
                hovertemplate="%{customdata}: %{x:.2f}<extra>" + str(method) + "</extra>",
            )
        )
    figure.update_layout(
        height=80 + 28 * len(frame),
        margin={"l": 4, "r": 8, "t": 8, "b": 8},
        legend={"orientation": "h", "y": 1.08, "x": 0},
        xaxis={"title": {"text": "weight, the strongest = 1"}},
        yaxis={
            "range": [-0.5, len(rows) - 0.5],
            "tickvals": places,
            "ticktext": names,
            "ticksuffix": "  ",
        },
    )
    return figure
