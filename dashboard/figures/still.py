"""Plotly figures as static SVG, for pages that run no script.

Of Plotly it knows what this dashboard's explanations use: bars, points, lines and text on two
axes, shapes behind them, notes, heatmaps, and Sankey diagrams; charts whose axes Plotly would lay
out are drawn by `still_chart`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dashboard.figures import drawing, still_chart, still_heatmap, still_sankey, svg
from dashboard.figures.svg import INK, QUIET, element, tagged, width_of

WIDTH = 760
SIZE, LINE = 12.5, 20
"""Of text, and of a line of the legend, in pixels."""
Part = dict[str, Any]


def still(figure: go.Figure, words: str, width: float = WIDTH) -> str:
    """A figure as an SVG element of this width.

    Args:
        figure: of bars and scatters, or one heatmap or Sankey diagram, with its height.
        words: the picture in words.
        width: in pixels.
    """
    plain = figure.to_dict()
    data, layout = plain["data"], plain["layout"]
    if data[0]["type"] == "sankey":
        parts = still_sankey.drawn(data[0], layout, width)
        return svg.document(width, layout["height"], parts, words)
    if data[0]["type"] == "heatmap":
        parts = still_heatmap.drawn(data[0], layout, width)
        return svg.document(width, layout["height"], parts, words)
    if not _placed(layout.get("yaxis", {})):
        parts, height = still_chart.drawn(data, layout, width)
        return svg.document(width, height, parts, words)
    legend = _legend(data, layout, width)
    below = 6 + LINE * (1 + max(row for row, _, _ in legend)) if legend else 0
    plane = _plane(data, layout, width, below)
    parts = [_ticks(layout, plane)]
    parts += [_shape(shape, plane) for shape in layout.get("shapes", ())]
    for number, trace in enumerate(data):
        parts.append((_bars if trace["type"] == "bar" else _scatter)(trace, plane, number, data))
    parts += [_note(note, plane) for note in layout.get("annotations", ())]
    parts.append(_told(legend, plane, _under(layout["xaxis"])))
    return svg.document(width, layout["height"], parts, words)


def _placed(axis: Part) -> bool:
    """Whether the figure says itself where its rows lie and what they are called."""
    known = {"categoryarray", "tickvals"} & axis.keys() or axis.get("visible") is False
    return bool(known) and "range" in axis


@dataclass(frozen=True)
class Plane:
    """Where values lie: the plot's box in pixels, and the values at its ends."""

    left: float
    top: float
    right: float
    bottom: float
    x: tuple[float, float]
    y: tuple[float, float]
    categories: tuple[str, ...]
    paper: tuple[float, float]
    """Left and right end of what the margins leave."""

    def across(self, value: float) -> float:
        """Where a value of x lies, in pixels from the left."""
        share = (value - self.x[0]) / (self.x[1] - self.x[0])
        return self.left + share * (self.right - self.left)

    def down(self, value: float | str) -> float:
        """Where a value of y, or a category, lies, in pixels from the top."""
        at = self.categories.index(value) if isinstance(value, str) else value
        share = (at - self.y[0]) / (self.y[1] - self.y[0])
        return self.bottom - share * (self.bottom - self.top)


def _plane(data: list[Part], layout: Part, width: float, below: float) -> Plane:
    x, y, margin = layout["xaxis"], layout["yaxis"], layout["margin"]
    labels = _labels(y)
    longest = max((width_of(label, SIZE) for _, label in labels), default=0.0)
    left = max(margin["l"], longest + 12 if labels else 0)
    under = _under(x)
    ends = tuple(x.get("range") or _ends(data))
    inner = width - left - margin["r"]
    start, stop = x.get("domain", (0, 1))
    return Plane(
        left + start * inner,
        margin["t"],
        left + stop * inner,
        layout["height"] - max(margin["b"] if not below else 0, under) - below,
        (float(ends[0]), float(ends[1])),
        tuple(y["range"]),
        tuple(y.get("categoryarray", ())),
        (left, left + inner),
    )


def _under(x: Part) -> float:
    """What the numbers and the title of an axis take below the plot."""
    return 0.0 if x.get("visible") is False else 24.0 + (20.0 if x.get("title") else 0.0)


def _ends(data: list[Part]) -> tuple[float, float]:
    values = np.asarray([v for trace in data for v in trace["x"]], dtype=float)
    least, most = float(values.min()), float(values.max())
    room = 0.08 * (most - least) or 0.5
    return least - room, most + room


def _labels(axis: Part) -> list[tuple[float | str, str]]:
    """Where an axis is labelled, and how."""
    if axis.get("visible") is False:
        return []
    if "categoryarray" in axis:
        return [(name, name) for name in axis["categoryarray"]]
    return list(zip(axis.get("tickvals", ()), axis.get("ticktext", ()), strict=True))


def _nice(plane: Plane, axis: Part) -> list[float]:
    """Round numbers along x, or the whole numbers asked for."""
    least, most = plane.x
    if "dtick" in axis:
        return [float(v) for v in np.arange(axis["tick0"], most, axis["dtick"]) if v >= least]
    rough = (most - least) / 5
    power = 10.0 ** np.floor(np.log10(rough))
    step = min((m * power for m in (1, 2, 5, 10) if m * power >= rough), default=rough)
    return [float(v) + 0.0 for v in np.arange(np.ceil(least / step), most / step) * step]


def _ticks(layout: Part, plane: Plane) -> str:
    parts = [
        tagged(plane.left - 8, plane.down(at), label, SIZE, INK, "end", 0.5)
        for at, label in _labels(layout["yaxis"])
    ]
    axis = layout["xaxis"]
    if axis.get("visible") is False:
        return "".join(parts)
    for at in _nice(plane, axis):
        parts.append(
            tagged(plane.across(at), plane.bottom + 8, f"{at:.4g}", SIZE, QUIET, "middle", 0)
        )
    named = axis.get("title", {}).get("text", "")
    middle = (plane.left + plane.right) / 2
    return "".join([*parts, tagged(middle, plane.bottom + 26, named, SIZE, QUIET, "middle", 0)])


def _shape(shape: Part, plane: Plane) -> str:
    """A line or a rectangle; in shares of the box where it says `paper` or `domain`."""
    xs, ys = ([shape[f"{axis}{i}"] for i in (0, 1)] for axis in "xy")
    if shape.get("xref") == "paper":
        x0, x1 = (plane.paper[0] + (plane.paper[1] - plane.paper[0]) * v for v in xs)
    else:
        x0, x1 = map(plane.across, xs)
    if shape.get("yref") in ("paper", "y domain"):
        y0, y1 = (plane.bottom - (plane.bottom - plane.top) * v for v in ys)
    else:
        y0, y1 = map(plane.down, ys)
    line = shape["line"]
    dashed = "3 3" if line.get("dash") else None
    look = {"stroke": line["color"], "stroke_width": line["width"], "stroke_dasharray": dashed}
    if shape["type"] == "line":
        return element("line", x1=x0, y1=y0, x2=x1, y2=y1, **look)
    box = {"x": min(x0, x1), "y": min(y0, y1), "width": abs(x1 - x0), "height": abs(y1 - y0)}
    return element("rect", **box, fill=shape.get("fillcolor", "none"), rx=3, **look)


def _note(note: Part, plane: Plane) -> str:
    """Text without an arrow, across in shares of the paper and down in values."""
    left, right = plane.paper
    anchor = {"left": "start", "right": "end", "center": "middle"}[note["xanchor"]]
    font = note["font"]
    at = left + (right - left) * note["x"], plane.down(note["y"])
    return tagged(*at, note["text"], font["size"], INK, anchor, 0.5)


def _one(value: Any, i: int) -> Any:
    return value[i] if isinstance(value, list | tuple | np.ndarray) else value


def _bars(trace: Part, plane: Plane, number: int, data: list[Part]) -> str:
    across = trace.get("orientation") == "h"
    places, sizes = (trace["y"], trace["x"]) if across else (trace["x"], trace["y"])
    marker, parts = trace["marker"], []
    pattern = marker.get("pattern", {}).get("shape")
    if pattern:
        parts.append(_pattern(f"pattern{number}", pattern, marker))
    for i, (place, size) in enumerate(zip(places, sizes, strict=True)):
        before = _one(trace["base"], i) if "base" in trace else _stacked(data[:number], across, i)
        half = _one(trace.get("width", 0.8), i) / 2
        ends = (before, before + size)
        if across:
            xs = sorted(map(plane.across, ends))
            ys = sorted((plane.down(place - half), plane.down(place + half)))
        else:
            xs = [plane.across(place - half), plane.across(place + half)]
            ys = sorted(map(plane.down, ends))
        line = marker.get("line", {})
        parts.append(
            element(
                "rect",
                x=xs[0],
                y=ys[0],
                width=xs[1] - xs[0],
                height=ys[1] - ys[0],
                fill=f"url(#pattern{number})" if pattern else _one(marker["color"], i),
                stroke=line.get("color"),
                stroke_width=_one(line.get("width"), i) if line else None,
            )
        )
        words = _one(trace.get("text", ""), i)
        if words:
            parts.append(_on_bar(trace, words, xs, ys))
    return "".join(parts)


def _on_bar(trace: Part, words: str, xs: list[float], ys: list[float]) -> str:
    font, middle = trace["textfont"], (ys[0] + ys[1]) / 2
    return tagged((xs[0] + xs[1]) / 2, middle, words, font["size"], font["color"], "middle", 0.5)


def _stacked(before: list[Part], across: bool, i: int) -> float:
    name = "x" if across else "y"
    return float(sum(trace[name][i] for trace in before if trace["type"] == "bar"))


def _pattern(name: str, shape: str, marker: Part) -> str:
    """Plotly's hatching, for those who do not tell the colours apart."""
    light = marker["pattern"]["fgcolor"]
    strokes = {"/": "M0,7L7,0", "\\": "M0,0L7,7", "x": "M0,7L7,0M0,0L7,7"}
    mark = (
        element("circle", cx=3.5, cy=3.5, r=1.4, fill=light)
        if shape == "."
        else element("path", d=strokes[shape], stroke=light, stroke_width=1.5)
    )
    ground = element("rect", width=7, height=7, fill=marker["color"])
    return element(
        "pattern", ground + mark, id=name, width=7, height=7, patternUnits="userSpaceOnUse"
    )


def _scatter(trace: Part, plane: Plane, number: int, data: list[Part]) -> str:
    parts, mode = [], trace["mode"]
    xs, ys = trace["x"], trace["y"]
    if "lines" in mode:
        parts.append(_lines(trace, plane))
    for i, (x, y) in enumerate(zip(xs, ys, strict=True)):
        if x is None:
            continue
        at = plane.across(x), plane.down(y)
        marker = trace.get("marker", {}) if "markers" in mode else {}
        size = _one(marker.get("size", 0), i)
        if marker:
            parts.append(_marker(marker, i, *at, size / 2))
        if "text" in mode:
            parts.append(_beside(trace, i, *at, size / 2))
    return "".join(parts)


def _lines(trace: Part, plane: Plane) -> str:
    """One path, interrupted where a value is missing."""
    steps, move = [], "M"
    for x, y in zip(trace["x"], trace["y"], strict=True):
        if x is None:
            move = "M"
            continue
        steps.append(f"{move}{plane.across(x):.1f},{plane.down(y):.1f}")
        move = "L"
    line = trace["line"]
    path = "".join(steps)
    return element("path", d=path, stroke=line["color"], stroke_width=line["width"], fill="none")


def _marker(marker: Part, i: int, x: float, y: float, half: float) -> str:
    symbol, colour = _one(marker.get("symbol", "circle"), i), _one(marker["color"], i)
    line = marker.get("line", {})
    stroke, width = _one(line.get("color"), i), _one(line.get("width"), i)
    if symbol == "circle-open":
        return element("circle", cx=x, cy=y, r=half, fill="none", stroke=colour, stroke_width=2)
    if symbol == "x":
        wide = 2 * half
        cross = f"M{x - half:.1f},{y - half:.1f}l{wide},{wide}m0,{-wide}l{-wide},{wide}"
        return element("path", d=cross, stroke=colour, stroke_width=3.5, fill="none")
    if symbol == "diamond":
        far = 1.25 * half
        way = f"M{x:.1f},{y - far:.1f}l{far},{far}l{-far},{far}l{-far},{-far}z"
        return element("path", d=way, fill=colour)
    return element("circle", cx=x, cy=y, r=half, fill=colour, stroke=stroke, stroke_width=width)


def _beside(trace: Part, i: int, x: float, y: float, half: float) -> str:
    """Text at a point, where `textposition` says."""
    vertical, _, side = _one(trace["textposition"], i).partition(" ")
    font, gap = trace["textfont"], half + 3
    anchor, dx = {"left": ("end", -gap), "right": ("start", gap), "center": ("middle", 0.0)}[side]
    if vertical != "middle" and side != "center":
        dx = 0.0
    middle, dy = {"top": (1.0, -gap), "middle": (0.5, 0.0), "bottom": (0.0, gap)}[vertical]
    words = _one(trace["text"], i)
    ink = INK if font["color"] == drawing.INK else font["color"]
    return tagged(x + dx, y + dy, words, font["size"], ink, anchor, middle)


def _legend(data: list[Part], layout: Part, width: float) -> list[tuple[int, float, Part]]:
    """Line, place across and trace of what the legend names."""
    found: list[tuple[int, float, Part]] = []
    if layout.get("showlegend") is False:
        return found
    row, at = 0, 0.0
    for trace in (t for t in data if t.get("showlegend", True) and _named(t)):
        wide = 18 + width_of(trace["name"], SIZE) + 18
        if at and at + wide > 0.96 * width:
            row, at = row + 1, 0.0
        found.append((row, at, trace))
        at += wide
    return found


def _named(trace: Part) -> bool:
    """Whether a trace stands for something of its own."""
    return trace["type"] == "bar" or ("name" in trace and "markers" in trace["mode"])


def _told(legend: Sequence[tuple[int, float, Part]], plane: Plane, under: float) -> str:
    """The legend, so far below the plot."""
    parts = []
    for number, (row, across, trace) in enumerate(legend):
        hatched = trace["marker"].get("pattern", {}).get("shape")
        fill = f"url(#pattern{number})" if hatched else trace["marker"]["color"]
        x, y = plane.left + across, plane.bottom + under + 6 + LINE * row
        if trace["type"] == "bar":
            parts.append(element("rect", x=x, y=y, width=12, height=12, fill=fill))
        else:
            parts.append(_marker(trace["marker"], 0, x + 6, y + 6, 5.5))
        parts.append(tagged(x + 18, y + 6, trace["name"], SIZE, INK, "start", 0.5))
    return "".join(parts)
