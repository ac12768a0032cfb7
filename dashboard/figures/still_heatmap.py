"""Heatmaps of a value with a middle, warm above and cool below it, as static SVG."""

from __future__ import annotations

from typing import Any

from dashboard.figures.palette import NEUTRAL, OPPOSITION, SUPPORT
from dashboard.figures.svg import INK, QUIET, element, tagged, width_of

Part = dict[str, Any]
SIZE, GAP = 12.5, 1.0
"""Of text, and between two cells, in pixels."""


def drawn(trace: Part, layout: Part, width: float) -> list[str]:
    """The parts of the drawing: cells, the names of both axes, and the frames.

    Args:
        trace: `x` and `y` name the columns and, from below, the rows of `z`, which lies between
            `zmin` and `zmax`.
        layout: with its height, margins, `tickvals` of the columns, and shapes around cells.
        width: in pixels.
    """
    columns, rows, margin = list(trace["x"]), list(trace["y"]), layout["margin"]
    left = max(width_of(name, SIZE) for name in rows) + 12
    wide = (width - left - margin["r"]) / len(columns)
    foot = layout["height"] - margin["b"]
    high = (foot - margin["t"]) / len(rows)

    def box(x: tuple[float, float], y: tuple[float, float], gap: float) -> Part:
        """Where what lies between these numbers of columns and rows is drawn."""
        return {
            "x": left + x[0] * wide + gap / 2,
            "y": foot - y[1] * high + gap / 2,
            "width": (x[1] - x[0]) * wide - gap,
            "height": (y[1] - y[0]) * high - gap,
        }

    middle, half = (trace["zmin"] + trace["zmax"]) / 2, (trace["zmax"] - trace["zmin"]) / 2
    parts = []
    for j, name in enumerate(rows):
        parts.append(tagged(left - 8, foot - (j + 0.5) * high, name, SIZE, INK, "end", 0.5))
        for i, value in enumerate(trace["z"][j]):
            at, far = box((i, i + 1), (j, j + 1), GAP), (value - middle) / half
            colour = SUPPORT if far > 0 else OPPOSITION
            parts.append(element("rect", **at, fill=NEUTRAL, fill_opacity=0.15))
            parts.append(element("rect", **at, fill=colour, fill_opacity=abs(float(far))))
    for name in layout["xaxis"]["tickvals"]:
        across = left + (columns.index(name) + 0.5) * wide
        parts.append(tagged(across, foot + 8, name, SIZE, QUIET, "middle", 0))
    for shape in layout["shapes"]:
        xs, ys = ((shape[f"{axis}0"] + 0.5, shape[f"{axis}1"] + 0.5) for axis in "xy")
        line = shape["line"]
        dashed = "3 3" if line["dash"] == "dot" else None
        look = {"stroke": line["color"], "stroke_width": line["width"], "stroke_dasharray": dashed}
        parts.append(element("rect", **box(xs, ys, 0.0), fill="none", **look))
    return parts
