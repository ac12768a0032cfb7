"""What a change of the first half does to the predictions: before and after, track by track."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.figures.drawing import Trace, drawn
from dashboard.figures.palette import NEUTRAL, OPPOSITION, SUPPORT, faded
from dashboard.figures.shares import cut
from relrec_core.sessions.explanation.result import Change
from relrec_core.sessions.model.metrics import THRESHOLD


def turns(changes: Sequence[Change], focus: int) -> go.Figure:
    """Two points a track, joined: its probability of a skip before and after.

    Args:
        changes: of all tracks of the second half.
        focus: position of the track that is asked about; its name is bold.
    """
    names = [f"{c.position}. {cut(c.label)}" for c in changes]
    names = [
        f"<b>{name}</b>" if c.position == focus else name
        for name, c in zip(names, changes, strict=True)
    ]
    joined: Trace = {
        "type": "scatter",
        "mode": "lines",
        "x": [x for c in changes for x in (c.before, c.after, None)],
        "y": [y for name in names for y in (name, name, None)],
        "line": {"color": faded(NEUTRAL, 0.7), "width": 3},
        "hoverinfo": "skip",
    }
    told = [f"{c.before:.0%} → {c.after:.0%}" for c in changes]
    colours = [SUPPORT if c.after >= THRESHOLD else OPPOSITION for c in changes]
    points: list[Trace] = [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [c.before for c in changes],
            "y": names,
            "marker": {
                "size": 12,
                "symbol": "circle-open",
                "color": [SUPPORT if c.before >= THRESHOLD else OPPOSITION for c in changes],
                "line": {"width": 2},
            },
            "customdata": told,
            "hovertemplate": "%{customdata}<extra>before</extra>",
        },
        {
            "type": "scatter",
            "mode": "markers",
            "x": [c.after for c in changes],
            "y": names,
            "marker": {"size": 13, "color": colours},
            "cliponaxis": False,
            "customdata": told,
            "hovertemplate": "%{customdata}<extra>after</extra>",
        },
    ]
    half = {"color": faded(NEUTRAL, 0.9), "width": 1, "dash": "dot"}
    layout = {
        "shapes": [
            {
                "type": "line",
                "x0": THRESHOLD,
                "x1": THRESHOLD,
                "y0": 0,
                "y1": 1,
                "yref": "paper",
                "line": half,
            }
        ],
        "height": 70 + 34 * len(changes),
        "margin": {"l": 4, "r": 12, "t": 6, "b": 40},
        "showlegend": False,
        "xaxis": {
            "range": [-0.02, 1.02],
            "tickvals": [0, 0.5, 1],
            "ticktext": ["plays", "50 %", "skips"],
            "zeroline": False,
            "showgrid": False,
            "fixedrange": True,
        },
        "yaxis": {
            "categoryorder": "array",
            "categoryarray": names[::-1],
            "range": [-0.6, len(names) - 0.4],
            "automargin": True,
            "showgrid": False,
            "ticksuffix": "  ",
            "fixedrange": True,
        },
    }
    return drawn([joined, *points], layout)
