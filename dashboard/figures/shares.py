"""Stacked bars of who decided: one row a decision, its shares add up to 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from dashboard import escape
from dashboard.figures.drawing import INK, Layout, Trace, drawn
from dashboard.figures.palette import ACCENT, faded, on, plain
from relrec_core.explanation import ExpertAudit, Explanation

ROW_PIXELS, LONGEST_LABEL = 46, 29
READABLE_SHARE = 0.12


@dataclass(frozen=True)
class ShareBand:
    """One share of every row, told from its neighbours by colour and pattern."""

    name: str
    colour: str
    pattern: str
    shares: Sequence[float]


def share_bars(
    rows: Sequence[tuple[str, str]], bands: Sequence[ShareBand], focus: int | None = None
) -> go.Figure:
    """Bars with two labels above each, left and right, as Plotly wants them (`cut`).

    The row at `focus` is framed; `customdata` of a bar is the number of its row.
    """
    traces = [_bar(band) for band in bands]
    for side in (0, 1):
        words = [row[side] for row in rows]
        traces.append(
            _over([f"<b>{w}</b>" if i == focus else w for i, w in enumerate(words)], side)
        )
    traces += _numbers(bands)
    layout: Layout = {
        "barmode": "stack",
        "height": 90 + ROW_PIXELS * len(rows),
        "margin": {"l": 6, "r": 6, "t": 8, "b": 4},
        "legend": {
            "orientation": "h",
            "y": -12 / (ROW_PIXELS * len(rows)),
            "traceorder": "normal",
            "x": 0,
            "yanchor": "top",
            "itemclick": False,
            "itemdoubleclick": False,
        },
        "xaxis": {
            "range": [0, 1],
            "domain": [0.015, 0.985],
            "visible": False,
            "fixedrange": True,
        },
        "yaxis": {"range": [len(rows) - 0.6, -0.8], "visible": False, "fixedrange": True},
    }
    if focus is not None:
        layout["shapes"] = [_frame(focus)]
    return drawn(traces, layout)


def _bar(band: ShareBand) -> Trace:
    """One share of every row."""
    places = list(range(len(band.shares)))
    return {
        "type": "bar",
        "orientation": "h",
        "x": list(band.shares),
        "y": places,
        "width": 0.42,
        "name": escape.plotly(band.name),
        "customdata": places,
        "marker": {
            "color": band.colour,
            "pattern": {
                "shape": band.pattern,
                "fgcolor": "rgba(255,255,255,0.28)",
                "size": 7,
                "solidity": 0.25,
                "fillmode": "overlay",
                "bgcolor": band.colour,
            },
            "line": {"color": "rgba(255,255,255,0.85)", "width": 1},
        },
        "selected": {"marker": {"opacity": 1}},
        "unselected": {"marker": {"opacity": 1}},
        "hovertemplate": escape.plotly(band.name) + ": %{x:.1%}<extra></extra>",
    }


def shares_in_words(audit: ExpertAudit) -> str:
    """What the shares of the experts, and their answers, sum to."""
    return (
        f"Shares of all experts {plain(audit.shares.features, 4)}; the experts’ answers, each "
        f"times its share, {plain(audit.ledger.features, 4)}; predicted "
        f"{plain(audit.ledger.score, 4)}."
    )


def experts_in_rows(explanation: Explanation, title: Callable[[str], str]) -> list[list[str]]:
    """Every expert, what it says alone, and its share, the largest first."""
    frame = explanation.to_frame()
    names = [title(str(name)) for name in frame["expert"]]
    alone, shares = ([f"{v:.1%}" for v in frame[c]] for c in ("probability", "attribution"))
    return [list(row) for row in zip(names, alone, shares, strict=True)]


def cut(label: str) -> str:
    """Short enough for a row, ready for Plotly."""
    short = label if len(label) <= LONGEST_LABEL else label[: LONGEST_LABEL - 1].rstrip() + "…"
    return escape.plotly(short)


def _frame(row: int) -> dict[str, Any]:
    """Around a row."""
    return {
        "type": "rect",
        "xref": "paper",
        "x0": 0.001,
        "x1": 0.999,
        "y0": row - 0.72,
        "y1": row + 0.3,
        "layer": "below",
        "line": {"color": ACCENT, "width": 2},
        "fillcolor": faded(ACCENT, 0.1),
    }


def _numbers(bands: Sequence[ShareBand]) -> list[Trace]:
    """The share of every part that has room for it, and of the largest of a row.

    Traces of their own: Plotly leaves out texts of bars when it draws them again.
    """
    largest = [max(shares) for shares in zip(*(band.shares for band in bands), strict=True)]
    starts = [0.0] * len(largest)
    traces: list[Trace] = []
    for band in bands:
        shown = [i for i, s in enumerate(band.shares) if s >= min(READABLE_SHARE, largest[i])]
        ink = {"color": on(band.colour)}
        traces.append(
            {
                "type": "scatter",
                "mode": "text",
                "x": [starts[i] + band.shares[i] / 2 for i in shown],
                "y": shown,
                "text": [f"{band.shares[i]:.0%}" for i in shown],
                "textposition": "middle center",
                "textfont": {**ink, "size": 12},
                "selected": {"textfont": ink},
                "unselected": {"textfont": ink},
                "hoverinfo": "skip",
                "showlegend": False,
            }
        )
        starts = [start + share for start, share in zip(starts, band.shares, strict=True)]
    return traces


def _over(words: list[str], side: int) -> Trace:
    """What stands above the bars, on the left (0) or on the right (1).

    A trace of text is drawn in a fraction of the time that annotations take.
    """
    return {
        "type": "scatter",
        "mode": "text",
        "x": [side] * len(words),
        "y": [row - 0.25 for row in range(len(words))],
        "text": words,
        "textposition": "top left" if side else "top right",
        "textfont": {"color": INK, "size": 12},
        "selected": {"textfont": {"color": INK}},  # or a click on a bar would fade it
        "cliponaxis": False,
        "hoverinfo": "skip",
        "showlegend": False,
    }
