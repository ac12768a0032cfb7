"""The ranking before and after a change: a line a movie, and a page of it by itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import plotly.graph_objects as go

from dashboard import escape
from dashboard.figures.drawing import INK, drawn
from dashboard.figures.palette import ACCENT, NEUTRAL, SUPPORT, faded
from dashboard.figures.report import page, paragraph, section
from dashboard.figures.still import still
from relrec_core.movies.explanation.result import Counterfactual, Shift

LEFT, RIGHT = 0.09, 0.34
"""Where the lines begin and end, as a part of the width; the titles stand to the right."""
Look = tuple[str, int]
"""Colour and width of a line."""
QUIET: Look = (faded(NEUTRAL, 0.55), 2)
ROW, LONGEST = 27, 36
"""Height of a row in pixels, and the longest title that a telephone shows whole."""


def ranking_change(told: Counterfactual) -> go.Figure:
    """Places before on the left and after on the right, the movie asked about in colour."""
    return ranking_lines(told.shifts, partial(_look, told))


def ranking_lines(shifts: Sequence[Shift], look: Callable[[Shift], Look]) -> go.Figure:
    """Places before on the left and after on the right, in the order after.

    Args:
        shifts: of the movies.
        look: colour and width of a movie's line.
    """
    after = [s for s in shifts if s.after is not None]
    before = sorted((s for s in after if s.before is not None), key=lambda s: s.before or 0)
    row_before = {s.item: -row for row, s in enumerate(before)}
    traces: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = [_note("before", LEFT, 1, "center"), _note("after", 0.37, 1)]
    for row, shift in enumerate(after):
        colour, width = look(shift)
        text = f"{shift.after}  {escape.plotly(_short(shift.title))}"
        notes.append(_note(f"<b>{text}</b>" if width > 2 else text, RIGHT + 0.03, -row))
        if shift.item not in row_before:
            continue
        start = row_before[shift.item]
        notes.append(_note(str(shift.before), LEFT - 0.03, start, "right"))
        traces.append(
            {
                "type": "scatter",
                "x": [0, 1],
                "y": [start, -row],
                "mode": "lines+markers",
                "line": {"color": colour, "width": width},
                "marker": {"size": 5 + width, "color": colour},
                "cliponaxis": False,
                "hovertemplate": f"{escape.plotly(shift.title)}<br>place {shift.before} before, "
                f"{shift.after} after<extra></extra>",
            }
        )
    layout = {
        "annotations": notes,
        "height": ROW * (len(after) + 1) + 16,
        "margin": {"l": 0, "r": 0, "t": 8, "b": 8},
        "showlegend": False,
        "xaxis": {"visible": False, "domain": [LEFT, RIGHT], "range": [0, 1], "fixedrange": True},
        "yaxis": {"visible": False, "range": [-len(after) + 0.5, 1.5], "fixedrange": True},
    }
    return drawn(traces, layout)


def _short(title: str) -> str:
    return title if len(title) <= LONGEST else title[: LONGEST - 1].rstrip() + "…"


def _look(told: Counterfactual, shift: Shift) -> Look:
    if shift.item == told.item:
        return SUPPORT, 4
    if shift.title == told.other or (told.aim == "first" and shift.after == 1):
        return ACCENT, 4
    return QUIET


def _note(text: str, x: float, y: float, anchor: str = "left") -> dict[str, Any]:
    return {
        "text": text,
        "x": x,
        "xref": "paper",
        "xanchor": anchor,
        "y": y,
        "yref": "y",
        "showarrow": False,
        "font": {"size": 12.5, "color": INK},
    }


def ranking_change_in_words(told: Counterfactual) -> str:
    """Every line in words."""
    return lines_in_words(told.shifts)


def lines_in_words(shifts: Sequence[Shift]) -> str:
    """Every line in words."""
    moved = (
        f"{s.title} from place {s.before} to {s.after}"
        for s in shifts
        if s.before is not None and s.after is not None
    )
    return f"The ranking before and after: {'; '.join(moved)}."


def change_report(told: Counterfactual, figure: go.Figure, link: str) -> str:
    """The sentence, its standing, both rankings and the movies in one file."""
    along = [paragraph(f"These go along: {'; '.join(told.along)}.")] if told.along else []
    parts = (
        paragraph(f"{told.standing()}. {told.means()}"),
        section("The ranking before and after", still(figure, ranking_change_in_words(told))),
        section(
            "The movies that make the difference",
            "".join(paragraph(title) for title in told.movies),
            *along,
        ),
    )
    return page(told, parts, link)
