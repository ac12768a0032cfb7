"""The toy tasks with known attribution, as the paper's figure 5 draws them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from dashboard import escape
from dashboard.figures.palette import OPPOSITION, SUPPORT

SHARE = "share of "
TITLES = {"a": "Four clusters", "b": "Eight clusters"}
SYMBOLS = {0: "circle", 1: "x"}
NONE, FULL = 60, 225
"""How bright the red, green or blue of an expert is that has no share, or all of it."""


def toy_figure(points: pd.DataFrame) -> go.Figure:
    """For each task what was predicted, and who decided.

    Args:
        points: one row a point: `task`, `x1`, `x2`, `label` (0 or 1), `probability` of 1, and
            the `share of` each expert; as `evaluate.py sessions toy` stores them.

    Returns:
        A row a task. On the left one colour a prediction, a cross where the label is 1. On the
        right the shares of the three experts as red, green and blue (the paper's last plot).
    """
    tasks = [task for task in TITLES if (points["task"] == task).any()]
    names = [c.removeprefix(SHARE) for c in points.columns if c.startswith(SHARE)]
    figure = make_subplots(
        len(tasks),
        2,
        horizontal_spacing=0.08,
        vertical_spacing=0.12,
        subplot_titles=[t for task in tasks for t in (f"{TITLES[task]}: predicted", "who decided")],
    )
    for row, task in enumerate(tasks, 1):
        here = points[points["task"] == task]
        said = [SUPPORT if p > 0.5 else OPPOSITION for p in here["probability"]]
        for column, colours in ((1, said), (2, _mixed(here, names))):
            figure.add_trace(_points(here, names, colours), row=row, col=column)
    alone = pd.DataFrame(np.eye(len(names)), columns=[SHARE + name for name in names])
    for name, colour in zip(names, _mixed(alone, names), strict=True):
        figure.add_trace(
            go.Scatter(
                x=[None],
                y=[None],
                mode="markers",
                marker={"color": colour, "size": 9},
                name=f"{escape.plotly(name)} decides",
            )
        )
    figure.update_annotations(font_size=13)
    figure.update_xaxes(zeroline=False, constrain="domain")
    figure.update_xaxes(title_text="x1", row=len(tasks))
    figure.update_yaxes(zeroline=False)
    figure.update_yaxes(title_text="x2", col=1)
    figure.update_layout(
        height=60 + 340 * len(tasks),
        margin={"l": 8, "r": 8, "t": 40, "b": 8},
        legend={"orientation": "h", "y": -0.08, "x": 0},
    )
    return figure


def _points(here: pd.DataFrame, names: list[str], colours: list[str]) -> go.Scatter:
    """The points of one task in these colours."""
    shares = [f"{escape.plotly(name)}: %{{customdata[{i}]:.0%}}" for i, name in enumerate(names)]
    return go.Scatter(
        x=here["x1"],
        y=here["x2"],
        mode="markers",
        marker={
            "color": colours,
            "size": 5,
            "symbol": [SYMBOLS[int(label)] for label in here["label"]],
        },
        customdata=here[[SHARE + name for name in names]].to_numpy(),
        hovertemplate="<br>".join(shares) + "<extra></extra>",
        showlegend=False,
    )


def _mixed(points: pd.DataFrame, names: list[str]) -> list[str]:
    """Shares of the first three experts as red, green and blue."""
    shares = points[[SHARE + name for name in names[:3]]].clip(0, 1)
    parts = (NONE + (FULL - NONE) * shares).round().astype(int)
    return [f"rgb({red},{green},{blue})" for red, green, blue in parts.itertuples(index=False)]
