"""The probability of a skip in every other context and at every other hour."""

from __future__ import annotations

from typing import Any

import plotly.graph_objects as go

from dashboard.figures.drawing import INK, Trace, drawn
from dashboard.figures.palette import ACCENT, NEUTRAL, OPPOSITION, SUPPORT, faded
from relrec_core.sessions.explanation.elsewhere import PLAYED_FROM, TIME, Elsewhere, Named

SCALE = [[0.0, OPPOSITION], [0.5, faded(NEUTRAL, 0.15)], [1.0, SUPPORT]]


def circumstances(elsewhere: Elsewhere) -> go.Figure | None:
    """One cell a context and hour, warm where it means skipped; None where neither is known.

    Dotted: as it was. Framed: the smallest change that turns the prediction, if it is one of these.
    """
    names = [name for name in (TIME, PLAYED_FROM) if name in elsewhere.was]
    if not names:
        return None
    cells = {_cell(elsewhere.was, elsewhere.was): elsewhere.before}
    for option in elsewhere.options:
        if option.values.keys() <= set(names):
            cells[_cell(option.values, elsewhere.was)] = option.probability
    hours = sorted({hour for hour, _ in cells}, key=_clock)
    places = sorted({place for _, place in cells}, reverse=True)
    grid: Trace = {
        "type": "heatmap",
        "x": hours,
        "y": places,
        "z": [[cells[hour, place] for hour in hours] for place in places],
        "zmin": 0,
        "zmax": 1,
        "colorscale": SCALE,
        "showscale": False,
        "xgap": 1,
        "ygap": 1,
        "hovertemplate": "%{y} %{x}: a skip %{z:.0%}<extra></extra>",
    }
    best = elsewhere.best
    frames = [_frame(hours, places, _cell(elsewhere.was, elsewhere.was), INK, "dot")]
    if best is not None and best.values.keys() <= set(names):
        frames.append(_frame(hours, places, _cell(best.values, elsewhere.was), ACCENT, "solid"))
    layout = {
        "shapes": frames,
        "height": 62 + 26 * len(places),
        "margin": {"l": 4, "r": 8, "t": 6, "b": 32},
        "xaxis": {
            "type": "category",
            "showgrid": False,
            "fixedrange": True,
            "tickvals": hours[::6] if len(hours) > 1 else [],
        },
        "yaxis": {
            "type": "category",
            "automargin": True,
            "showgrid": False,
            "ticksuffix": "  ",
            "fixedrange": True,
        },
    }
    return drawn([grid], layout)


def _cell(values: Named, was: Named) -> tuple[str, str]:
    """Hour and context with these values, the others as they were; "" where it is not known."""
    hour, place = (values.get(name, was.get(name, "")) for name in (TIME, PLAYED_FROM))
    return hour, place


def _clock(hour: str) -> int:
    return int(hour.partition(":")[0] or 0)


def _frame(
    hours: list[str], places: list[str], cell: tuple[str, str], colour: str, dash: str
) -> dict[str, Any]:
    """A line round one cell."""
    x, y = hours.index(cell[0]), places.index(cell[1])
    return {
        "type": "rect",
        "x0": x - 0.5,
        "x1": x + 0.5,
        "y0": y - 0.5,
        "y1": y + 0.5,
        "line": {"color": colour, "width": 2.5, "dash": dash},
    }
