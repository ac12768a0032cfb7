"""The deletion test as a picture: where the score goes when reasons are taken away."""

from __future__ import annotations

import plotly.graph_objects as go

from dashboard.figures.drawing import drawn
from dashboard.figures.palette import NEUTRAL, SUPPORT, faded, plain
from relrec_core.explanation import DeletionTest


def deletion_figure(
    test: DeletionTest, words: tuple[str, str, str] | None = None, axis: str = "score"
) -> go.Figure:
    """Score before, after the named reasons and after as many random ones, with its band.

    `words` name the three rows from the bottom: named reasons gone, random ones gone, untouched.
    """
    named, random, whole = words or (
        f"without the {test.removed} strongest",
        f"without {test.removed} at random",
        "whole profile",
    )
    rows = (
        (named, test.after_top, SUPPORT, "diamond"),
        (random, test.after_random, NEUTRAL, "circle"),
        (whole, test.score, NEUTRAL, "circle"),
    )
    names = [f"{name}  <b>{plain(value)}</b>" for name, value, _, _ in rows]
    traces = [
        {
            "type": "scatter",
            "x": [test.low, test.high],
            "y": [names[1]] * 2,
            "mode": "lines",
            "line": {"color": faded(NEUTRAL, 0.35), "width": 14},
            "hovertemplate": "95 % of them: %{x:.3f}<extra></extra>",
        },
        {
            "type": "scatter",
            "x": [value for _, value, _, _ in rows],
            "y": names,
            "mode": "markers",
            "marker": {
                "color": [colour for _, _, colour, _ in rows],
                "symbol": [symbol for _, _, _, symbol in rows],
                "size": 13,
            },
            "cliponaxis": False,
            "hovertemplate": "%{y}<extra></extra>",
        },
    ]
    untouched = {
        "type": "line",
        "x0": test.score,
        "x1": test.score,
        "xref": "x",
        "y0": 0,
        "y1": 1,
        "yref": "y domain",
        "line": {"color": faded(NEUTRAL, 0.6), "width": 1, "dash": "dot"},
    }
    layout = {
        "shapes": [untouched],
        "height": 150,
        "margin": {"l": 4, "r": 16, "t": 4, "b": 8},
        "showlegend": False,
        "yaxis": {
            "categoryorder": "array",
            "categoryarray": names,
            "range": [-0.5, 2.5],
            "showgrid": False,
            "ticksuffix": "  ",
        },
        "xaxis": {"title": {"text": axis}, "zeroline": False, "nticks": 5},
    }
    return drawn(traces, layout)


def deletion_in_words(test: DeletionTest, things: str = "reasons") -> str:
    """The picture in words; `things` are what was removed."""
    return (
        f"Score {plain(test.score)}; without the {test.removed} strongest {things} "
        f"{plain(test.after_top)}; without {test.removed} random ones {plain(test.after_random)} "
        f"on average, 95 % between {plain(test.low)} and {plain(test.high)}."
    )
