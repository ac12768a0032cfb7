"""How well a network does that learnt from somebody's own sessions, beside both baselines."""

from __future__ import annotations

import plotly.graph_objects as go

from dashboard.figures import svg
from dashboard.figures.drawing import INK, Trace, drawn
from dashboard.figures.palette import ACCENT, NEUTRAL
from relrec_core.sessions.model.comparison import LAST, MEAN, MODEL, Comparison, Interval

NAMES = {
    MODEL: "network of your sessions",
    LAST: "repeating the last action",
    MEAN: "usual action of the first half",
}
TITLE = "tracks of the last sessions predicted right"
SIZE, ROW = 12.5, 48
"""Of text, and from one method to the next, in pixels."""


def learnt_figure(found: Comparison) -> go.Figure:
    """A point a method with its 95% interval: the share of tracks that is predicted right."""
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
            "title": {"text": TITLE},
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


def learnt_still(found: Comparison, width: float) -> str:
    """The same without a script: each method's point on its interval, over the shares in words."""
    names = [NAMES[name] for name in found.accuracy]
    left = max(svg.width_of(name, SIZE) for name in names) + 16
    low = min(one.low for one in found.accuracy.values())
    high = max(one.high for one in found.accuracy.values())
    scale = (width - left - 60) / ((high - low) or 1.0)
    parts = []
    for row, (name, one) in enumerate(found.accuracy.items()):
        y, colour = 30 + ROW * row, ACCENT if name == MODEL else NEUTRAL
        x1, x, x2 = (left + 30 + scale * (v - low) for v in (one.low, one.value, one.high))
        parts += [
            svg.tagged(left, y, NAMES[name], SIZE, svg.INK, "end", 0.5),
            svg.element("line", x1=x1, y1=y, x2=x2, y2=y, stroke=NEUTRAL, stroke_width=3),
            svg.element("circle", cx=x, cy=y, r=6.5, fill=colour),
            svg.tagged(x, y - 12, f"{one.value:.1%}", SIZE, svg.INK, "middle", 1.0),
        ]
    foot = 30 + ROW * len(names)
    said = f"{TITLE}, with 95% intervals"
    parts.append(svg.tagged(width / 2, foot, said, SIZE, svg.QUIET, "middle", 0.5))
    return svg.document(width, foot + 16, parts, learnt_in_words(found))


def learnt_in_words(found: Comparison) -> str:
    """The picture in words."""
    told = [f"{NAMES[name]} {_between(one)}" for name, one in found.accuracy.items()]
    return f"Tracks of the last sessions predicted right: {'; '.join(told)}."


def verdict_in_words(found: Comparison) -> str:
    """Whether the network is ahead of the better baseline by more than chance, as a sentence."""
    ahead, better = found.ahead, NAMES[found.better]
    points = f"{abs(100 * ahead.value):.1f} points"
    between = f"95% between {_points(ahead.low)} and {_points(ahead.high)}"
    if ahead.low > 0:
        return f"The network is ahead of {better} by {points} ({between}): more than chance."
    if ahead.high < 0:
        return f"The network is behind {better} by {points} ({between}): do not rely on it."
    side = "ahead of" if ahead.value >= 0 else "behind"
    return f"The network is {side} {better} by {points} ({between}): that may be chance."


def _between(one: Interval) -> str:
    return f"{one.value:.1%} (95% between {one.low:.1%} and {one.high:.1%})"


def _points(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "−")
