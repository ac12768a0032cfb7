"""What two cases differ in, as bars: to the right what counts more for the first."""

from __future__ import annotations

import plotly.graph_objects as go

from dashboard import escape
from dashboard.figures.drawing import INK, drawn
from dashboard.figures.palette import NEUTRAL, faded, of, signed
from dashboard.figures.pinned import Case, Pair

DRAWN, ROW_PIXELS = 8, 30
ROOM = 0.35
"""For the numbers beyond the longest bars, as a share of what these reach over."""


def differences(pair: Pair[Case]) -> go.Figure:
    """The largest differences, the first case minus the second."""
    frame = pair.joined(single=False)[:DRAWN]
    values, places = list(frame["difference"]), list(range(len(frame)))
    low, high = min(0.0, *values), max(0.0, *values)
    room = ROOM * (high - low) or 1.0
    ends = [low - room if low < 0 else 0.0, high + room if high > 0 or not low else 0.0]
    said = [signed(100 * v, 1) if pair.first.SHARES else signed(v) for v in values]
    bars = {
        "type": "bar",
        "orientation": "h",
        "x": values,
        "y": places,
        "base": [0.0] * len(values),
        "width": 0.62,
        "marker": {"color": [of(v) for v in values], "line": {"width": 0}},
        "customdata": [
            f"{escape.plotly(name)}: {s}" for name, s in zip(frame["name"], said, strict=True)
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    numbers = {
        "type": "scatter",
        "mode": "text",
        "x": values,
        "y": places,
        "text": [f" {text} " for text in said],
        "textposition": [f"middle {'right' if v >= 0 else 'left'}" for v in values],
        "textfont": {"color": INK, "size": 12.5},
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
    zero = {"type": "line", "x0": 0, "x1": 0, "y0": 0, "y1": 1, "yref": "y domain"}
    layout = {
        "shapes": [{**zero, "line": {"color": faded(NEUTRAL, 0.8), "width": 1}}],
        "height": 16 + ROW_PIXELS * len(values),
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "showlegend": False,
        "xaxis": {"range": ends, "visible": False},
        "yaxis": {
            "range": [len(values) - 0.5, -0.5],
            "tickvals": places,
            "ticktext": [escape.plotly(name) for name in frame["name"]],
            "ticksuffix": "  ",
            "showgrid": False,
            "zeroline": False,
        },
    }
    return drawn([bars, numbers], layout)


def differences_in_words(pair: Pair[Case]) -> str:
    """The bars in words."""
    rows = pair.joined(single=False)[:DRAWN].to_dict("records")
    told = "; ".join(f"{row['name']} {signed(row['difference'])}" for row in rows)
    return f"Bars of {pair.names[0]} minus {pair.names[1]}: {told}."
