"""How well a network does that learnt from somebody's own sessions, beside both baselines."""

from __future__ import annotations

import plotly.graph_objects as go

from dashboard.figures.drawing import INK, Trace, drawn
from dashboard.figures.palette import ACCENT, NEUTRAL
from relrec_core.sessions.model.comparison import LAST, MEAN, MODEL, Comparison, Interval

NAMES = {
    MODEL: "network of your sessions",
    LAST: "repeating the last action",
    MEAN: "usual action of the first half",
}


def learnt_figure(found: Comparison) -> go.Figure:
    """A point a method with its 95 % interval: the share of tracks that is predicted right."""
    names = list(NAMES)[::-1]
    each = [found.accuracy[name] for name in names]
    points: Trace = {
        "type": "scatter",
        "mode": "markers+text",
        "x": [one.value for one in each],
        "y": [NAMES[name] for name in names],
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [one.high - one.value for one in each],
            "arrayminus": [one.value - one.low for one in each],
            "thickness": 3,
            "width": 6,
            "color": NEUTRAL,
        },
        "marker": {"size": 13, "color": [ACCENT if n == MODEL else NEUTRAL for n in names]},
        "text": [f"{one.value:.1%}" for one in each],
        "textposition": "top center",
        "textfont": {"color": INK, "size": 12},
        "cliponaxis": False,
        "hovertemplate": "%{y}: %{x:.1%}<extra></extra>",
    }
    layout = {
        "height": 210,
        "margin": {"l": 4, "r": 16, "t": 16, "b": 40},
        "showlegend": False,
        "xaxis": {
            "title": {"text": "tracks of the last sessions predicted right"},
            "tickformat": ".0%",
            "zeroline": False,
            "fixedrange": True,
        },
        "yaxis": {
            "automargin": True,
            "range": [-0.5, len(names) - 0.3],
            "showgrid": False,
            "ticksuffix": "  ",
            "fixedrange": True,
        },
    }
    return drawn([points], layout)


def learnt_in_words(found: Comparison) -> str:
    """The picture in words."""
    told = [f"{NAMES[name]} {_between(one)}" for name, one in found.accuracy.items()]
    return f"Tracks of the last sessions predicted right: {'; '.join(told)}."


def verdict_in_words(found: Comparison) -> str:
    """Whether the network is ahead of the better baseline by more than chance, as a sentence."""
    ahead, better = found.ahead, NAMES[found.better]
    points = f"{abs(100 * ahead.value):.1f} points"
    between = f"95 % between {_points(ahead.low)} and {_points(ahead.high)}"
    if ahead.low > 0:
        return f"The network is ahead of {better} by {points} ({between}): more than chance."
    if ahead.high < 0:
        return f"The network is behind {better} by {points} ({between}): do not rely on it."
    side = "ahead of" if ahead.value >= 0 else "behind"
    return f"The network is {side} {better} by {points} ({between}): that may be chance."


def _between(one: Interval) -> str:
    return f"{one.value:.1%} (95 % between {one.low:.1%} and {one.high:.1%})"


def _points(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "−")
