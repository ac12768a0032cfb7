"""What a change of the first half does to the predictions: before and after, track by track."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from dashboard.figures.drawing import Trace, drawn, vertical
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
    half = {"color": faded(NEUTRAL, 0.9), "width": 1, "dash": "dot"}
    layout = {
        "shapes": [vertical(THRESHOLD, half)],
        "height": 70 + 34 * len(changes),
        "margin": {"l": 4, "r": 12, "t": 6, "b": 40},
        "showlegend": False,
        "xaxis": {
            "range": [-0.02, 1.02],
            "tickvals": [0, 0.5, 1],
            "ticktext": ["plays", "50%", "skips"],
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
    told = [f"{c.before:.0%} → {c.after:.0%}" for c in changes]
    open_ring = {"size": 12, "symbol": "circle-open", "line": {"width": 2}}
    points = [
        _points([c.before for c in changes], names, told, "before", open_ring),
        _points([c.after for c in changes], names, told, "after", {"size": 13}),
    ]
    return drawn([joined, *points], layout)


def _points(
    at: list[float], names: list[str], told: list[str], when: str, marker: dict[str, Any]
) -> Trace:
    """One point a track, in the colour of what is predicted."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": at,
        "y": names,
        "marker": {**marker, "color": [SUPPORT if p >= THRESHOLD else OPPOSITION for p in at]},
        "cliponaxis": False,
        "customdata": told,
        "hovertemplate": f"%{{customdata}}<extra>{when}</extra>",
    }
