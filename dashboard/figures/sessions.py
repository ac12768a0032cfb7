"""Pictures of one listening session: its timeline, who decided, and how the experts hang together.

Everything here is a pure function of an answer.
"""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from dashboard import escape
from dashboard.figures.drawing import INK, Trace, drawn, vertical
from dashboard.figures.palette import ACCENT, NEUTRAL, OPPOSITION, SUPPORT, faded
from dashboard.figures.session_words import verdict
from dashboard.figures.shares import LONGEST_LABEL, ShareBand, cut, share_bars
from relrec_core.experts.subsets import Family
from relrec_core.sessions.explanation.result import (
    LANE_TITLES,
    LANES,
    Predicted,
    SessionAnswer,
    expert_title,
    lane,
)

LANE_COLOURS = {
    "persistence": "#8a8577",
    "context": "#4c9a6a",
    "listener": "#b5862b",
    "track": "#b04f7e",
    "musical": "#6b5bb5",
}
LANE_PATTERNS = {"persistence": "", "context": "/", "listener": "\\", "track": ".", "musical": "x"}


def timeline(answer: SessionAnswer) -> go.Figure:
    """What was done in the first half, and what is predicted of the second beside the truth."""
    given, predicted = answer.given, answer.predicted
    half, last = len(given) + 0.5, len(given) + len(predicted) + 0.5
    columns: Trace = {
        "type": "bar",
        "x": [t.position for t in predicted],
        "y": [t.probability for t in predicted],
        "width": 0.62,
        "marker": {
            "color": [faded(SUPPORT if t.predicted else OPPOSITION, 0.6) for t in predicted],
            "line": {
                "color": ACCENT,
                "width": [3 if t is answer.focused else 0 for t in predicted],
            },
        },
        "customdata": [_hover(t) for t in predicted],
        "hovertemplate": "%{customdata}<extra></extra>",
        "name": "predicted",
    }
    halves: Trace = {
        "type": "scatter",
        "mode": "text",
        "x": [half, half],
        "y": [1.2, 1.2],
        "text": ["given  ", "  predicted"],
        "textposition": ["middle left", "middle right"],
        "textfont": {"color": INK, "size": 12.5},
        "cliponaxis": False,
        "hoverinfo": "skip",
    }
    happened = [(t.position, t.skipped, t.label) for t in given]
    happened += [(t.position, t.skipped, t.label) for t in predicted]
    grey = {"color": faded(NEUTRAL, 0.9), "width": 1}
    across = {"x0": half, "x1": last, "y0": 0.5, "y1": 0.5, "line": {**grey, "dash": "dot"}}
    layout = {
        "shapes": [vertical(half, grey), {"type": "line", **across}],
        "height": 200,
        "margin": {"l": 44, "r": 8, "t": 8, "b": 44},
        "showlegend": False,
        "xaxis": {
            "range": [0.4, last],
            "automargin": False,  # or Plotly would draw everything twice
            "title": {"text": "track of the session"},
            "dtick": 2,
            "tick0": 2,
            "showgrid": False,
            "zeroline": False,
        },
        "yaxis": {
            "range": [-0.12, 1.3],
            "automargin": False,
            "tickvals": [0, 0.5, 1],
            "ticktext": ["plays", "50%", "skips"],
            "zeroline": False,
        },
    }
    marks = [_marks([(p, label) for p, s, label in happened if s is w], w) for w in (True, False)]
    return drawn([columns, *marks, halves], layout)


def _marks(tracks: list[tuple[int, str]], skipped: bool) -> Trace:
    """A cross or a circle for each track, by place and title."""
    name = "skipped" if skipped else "played"
    return {
        "type": "scatter",
        "x": [place for place, _ in tracks],
        "y": [1.0 if skipped else 0.0] * len(tracks),
        "mode": "markers",
        "marker": {
            "symbol": "x" if skipped else "circle-open",
            "size": 11,
            "color": SUPPORT if skipped else OPPOSITION,
            "line": {"width": 0 if skipped else 2},
        },
        "cliponaxis": False,
        "name": name,
        "customdata": [escape.plotly(label) for _, label in tracks],
        "hovertemplate": "%{x}. %{customdata}: " + name + "<extra></extra>",
    }


def _hover(track: Predicted) -> str:
    return f"{track.position}. {escape.plotly(track.label)}: {verdict(track)}"


def bars(answer: SessionAnswer, full: bool = False) -> go.Figure:
    """For every track of the second half who decided: a stacked bar, all shares sum to 1.

    With `full` one band an expert, else the experts summed up to four.
    """
    seen: dict[str, int] = {}
    bands = []
    for name, lane_name, shares in _bands(answer, full):
        step = seen[lane_name] = seen.get(lane_name, -1) + 1
        colour = _darker(LANE_COLOURS[lane_name], step)
        bands.append(ShareBand(name, colour, LANE_PATTERNS[lane_name], shares))
    rows = [(f"{t.position}. {_short(t.label)}", verdict(t)) for t in answer.predicted]
    return share_bars(rows, bands, answer.focus)


def _darker(colour: str, step: int) -> str:
    """The colour of a lane's first, second or third expert."""
    parts = [round(int(colour[i : i + 2], 16) * 0.72**step) for i in (1, 3, 5)]
    return "#" + "".join(f"{part:02x}" for part in parts)


def _bands(answer: SessionAnswer, full: bool) -> list[tuple[str, str, list[float]]]:
    """Name, lane and shares of each band, from what is least to what is most about music."""
    tracks = answer.predicted
    if not full:
        lanes = [answer.lanes(t) for t in tracks]
        return [(LANE_TITLES[name], name, [row[name] for row in lanes]) for name in lanes[0]]
    experts = [
        (expert_title(name), lane(answer.groups(name)), [t.attribution[name] for t in tracks])
        for name in answer.family.names
    ]
    return sorted(experts, key=lambda band: LANES.index(band[1]))


def _short(label: str) -> str:
    """The title alone if title and artist are too long, else cut."""
    return cut(label.rsplit(", ", 1)[0] if len(label) > LONGEST_LABEL else label)


def hasse(answer: SessionAnswer) -> go.Figure:
    """The experts, those that read more above those that read less; the deciding one is lit."""
    family = answer.family
    places = _places(family)
    width, highest = max(x for x, _ in places), max(family.heights)
    layout = {
        "height": 130 + 105 * highest,
        "margin": {"l": 4, "r": 4, "t": 26, "b": 4},
        "showlegend": False,
        "xaxis": {"range": [-0.6, width + 0.6], "visible": False, "fixedrange": True},
        "yaxis": {"range": [-0.75, highest + 0.15], "visible": False, "fixedrange": True},
    }
    edges = [_edges(answer, places, lit) for lit in (False, True)]
    return drawn([*edges, _nodes(answer, places)], layout)


def _edges(answer: SessionAnswer, places: list[tuple[float, float]], lit: bool) -> Trace:
    """The lines at the expert that decided, or all others."""
    family = answer.family
    top = family.names.index(answer.focused.top)
    ends = [(places[a], places[b]) for a, b in family.covers if (top in (a, b)) is lit]
    return {
        "type": "scatter",
        "x": [x for (x0, _), (x1, _) in ends for x in (x0, x1, None)],
        "y": [y for (_, y0), (_, y1) in ends for y in (y0, y1, None)],
        "mode": "lines",
        "line": {"color": ACCENT, "width": 2.5}
        if lit
        else {"color": faded(NEUTRAL, 0.6), "width": 1},
        "hoverinfo": "skip",
    }


def _nodes(answer: SessionAnswer, places: list[tuple[float, float]]) -> Trace:
    """The experts, as large as their shares."""
    family, track = answer.family, answer.focused
    top, width = family.names.index(track.top), max(x for x, _ in places)
    shares = [track.attribution[name] for name in family.names]
    reads = [", ".join(map(expert_title, answer.groups(name))) for name in family.names]
    lanes = [lane(answer.groups(name)) for name in family.names]
    words = [
        f"{escape.plotly(expert_title(name)).replace(' and ', '<br>and ')}<br>{share:.0%}"
        for name, share in zip(family.names, shares, strict=True)
    ]
    return {
        "type": "scatter",
        "x": [x for x, _ in places],
        "y": [y for _, y in places],
        "mode": "markers+text",
        "text": [f"<b>{w}</b>" if i == top else w for i, w in enumerate(words)],
        # Beside the inner experts, where no line runs; below those at the foot.
        "textposition": [
            f"middle {'left' if x <= width / 2 else 'right'}" if y > 0 else "bottom center"
            for x, y in places
        ],
        "textfont": {"color": INK, "size": 11.5},
        "marker": {
            "size": [16 + 30 * share**0.5 for share in shares],
            "color": [LANE_COLOURS[name] for name in lanes],
            "opacity": 1,
            "line": {
                "color": [INK if i == top else "#ffffff" for i in range(len(shares))],
                "width": [3.5 if i == top else 1 for i in range(len(shares))],
            },
        },
        "customdata": [
            f"{escape.plotly(expert_title(name))}: {share:.1%}<br>"
            f"reads {escape.plotly(read)}<br>"
            f"alone it says skip {track.experts[name]:.0%}"
            for name, share, read in zip(family.names, shares, reads, strict=True)
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
        "cliponaxis": False,
    }


def _places(family: Family) -> list[tuple[float, float]]:
    """Across: experts without a child side by side, others above the middle of theirs."""
    leaves = [i for i, below in enumerate(family.children) if not below]
    across = []
    for i, below in enumerate(family.children):
        under = [leaves.index(j) for j in below if j in leaves] or [leaves.index(i)]
        across.append(sum(under) / len(under))
    return [(x, float(y)) for x, y in zip(across, family.heights, strict=True)]


def histogram(frame: pd.DataFrame) -> go.Figure:
    """Over many sessions: each expert's mean share, and how often it decided."""
    rows = frame.iloc[::-1]
    figure = go.Figure()
    for column, name, opacity, shape in (
        ("top", "tracks it decided", 0.4, "/"),
        ("mean", "mean share", 1.0, ""),
    ):
        figure.add_trace(
            go.Bar(
                orientation="h",
                x=rows[column],
                y=rows["expert"].map(expert_title).map(escape.plotly),
                name=name,
                text=[f"{v:.0%}" for v in rows[column]],
                textposition="outside",
                cliponaxis=False,
                marker={"color": faded(ACCENT, opacity), "pattern": {"shape": shape}},
                hovertemplate="%{y}: %{x:.1%}<extra>" + name + "</extra>",
            )
        )
    figure.update_layout(
        height=110 + 42 * len(frame),
        margin={"l": 4, "r": 40, "t": 44, "b": 4},
        legend={"orientation": "h", "y": 1, "yanchor": "bottom", "x": 0, "traceorder": "reversed"},
        xaxis={"tickformat": ".0%", "rangemode": "tozero"},
        yaxis={"ticksuffix": "  "},
    )
    return figure
