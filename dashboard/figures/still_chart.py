"""Charts whose axes Plotly would lay out itself, as static SVG: bars, lines, points, bands."""

from __future__ import annotations

import base64
import math
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from dashboard.figures.svg import INK, LINE, QUIET, element, tagged, width_of

Part = dict[str, Any]
Ends = tuple[float, float]
SIZE, ROW = 12.5, 20
"""Of text, and of a line of the legend, in pixels."""
GAP, BARS, THICKEST = 8, 0.8, 90
"""Between labels and the plot, the part of a place that bars fill, and the thickest of them."""
DASHES = {"dash": "9 4", "dot": "2 3", "dashdot": "9 3 2 3", "longdash": "14 5"}
ROUND = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Axis:
    """One axis: the pixels at its ends, and the values there; names where it has categories."""

    start: float
    stop: float
    ends: Ends
    names: tuple[str, ...]

    def at(self, value: Any) -> float:
        """Where a value or a name lies, in pixels."""
        number = self.names.index(value) if self.names else float(value)
        share = (number - self.ends[0]) / (self.ends[1] - self.ends[0])
        return self.start + share * (self.stop - self.start)

    def within(self, value: float) -> float:
        """Where a value lies, or the end of the axis that it lies beyond."""
        low, high = sorted((self.start, self.stop))
        return min(max(self.at(value), low), high)

    def ticks(self, most: int = 6) -> list[float]:
        """Round numbers along it."""
        low, high = min(self.ends), max(self.ends)
        power = 10.0 ** math.floor(math.log10((high - low) / most))
        step = next(m * power for m in ROUND if (high - low) / (m * power) <= most)
        first = math.ceil(low / step - 1e-9)
        return [round(i * step, 10) + 0.0 for i in range(first, math.floor(high / step + 1e-9) + 1)]


@dataclass(frozen=True)
class Plot:
    """One pair of axes with its traces."""

    traces: list[Part]
    layout: Part
    across: Axis
    down: Axis


def drawn(data: list[Part], layout: Part, width: float) -> tuple[list[str], float]:
    """The parts of the drawing, and its height."""
    data = [{key: _decoded(value) for key, value in trace.items()} for trace in data]
    legend, below = _legend(data, layout, width)
    height = float(layout.get("height", 360)) + below
    parts: list[str] = []
    for suffix in sorted({trace.get("xaxis", "x")[1:] for trace in data}):
        plot = _plot(data, layout, suffix, width, (below, height))
        parts += _axes(plot)
        parts += [shape for i, trace in enumerate(plot.traces) for shape in _trace(plot, trace, i)]
    for note in layout.get("annotations", ()):
        if note.get("xref") == "paper" and note.get("yref") == "paper":
            y = below + 4 + (1 - note["y"]) * (height - below)
            size = note.get("font", {}).get("size", SIZE)
            parts.append(tagged(note["x"] * width, y, note["text"], size, INK, "middle", 0))
    return [*parts, *legend], height


def _decoded(value: Any) -> Any:
    """Numbers as a list, which Plotly keeps as bytes."""
    if isinstance(value, dict) and "bdata" in value:
        return np.frombuffer(base64.b64decode(value["bdata"]), value["dtype"]).tolist()
    return value


def _plot(
    data: list[Part], layout: Part, suffix: str, width: float, down: tuple[float, float]
) -> Plot:
    traces = [trace for trace in data if trace.get("xaxis", "x")[1:] == suffix]
    x, y = layout.get(f"xaxis{suffix}", {}), layout.get(f"yaxis{suffix}", {})
    names = _names(traces, "y")
    labels = names or [f"{v:.3g}" for v in _ends(traces, "y", y, layout)]
    title = 22.0 if y.get("title", {}).get("text") else 0.0
    widest = max((width_of(label, SIZE) for label in labels), default=0.0)
    left = title + GAP + (widest if y.get("showticklabels") is not False else 0)
    start, stop = x.get("domain", (0.0, 1.0))
    room = width - (left if start == 0 else 0) - 14
    x0 = start * width + left
    x1 = (start * width if start else left) + (stop - start) * room
    if any(trace.get("textposition") == "outside" for trace in traces):
        x1 -= 44
    categories = _names(traces, "x")
    wide = (x1 - x0) / len(categories) if categories else 0.0
    lines = max((len(_wrapped(name, wide)) for name in categories), default=1)
    foot = 0.0 if x.get("showticklabels") is False else 10 + 1.25 * SIZE * lines
    foot += 22 if x.get("title", {}).get("text") else 0
    top, bottom = down
    low, high = y.get("domain", (0.0, 1.0))
    above = 26 if "annotations" in layout else 10
    y1 = top + above + (1 - high) * (bottom - top)
    y0 = top + (1 - low) * (bottom - top) - foot - 6
    return Plot(
        traces,
        layout,
        Axis(x0, x1, _ends(traces, "x", x, layout), tuple(categories)),
        Axis(y0, y1, _ends(traces, "y", y, layout), tuple(names)),
    )


def _values(trace: Part, letter: str) -> list[Any]:
    return [v for v in list(trace[letter] if trace.get(letter) is not None else ()) if v == v]


def _names(traces: Sequence[Part], letter: str) -> list[str]:
    """The categories of an axis in their order; none where it has numbers."""
    found = [v for trace in traces for v in _values(trace, letter) if v is not None]
    return list(dict.fromkeys(found)) if found and isinstance(found[0], str) else []


def _ends(traces: Sequence[Part], letter: str, axis: Part, layout: Part) -> Ends:
    """The values at the ends of an axis."""
    if names := _names(traces, letter):
        return -0.5, len(names) - 0.5
    if axis.get("range"):
        low, high = axis["range"]
        return float(low), float(high)
    found = [float(v) for t in traces for v in _values(t, letter) if v is not None]
    low, high = (min(found), max(found)) if found else (0.0, 1.0)
    bars = [t for t in traces if t["type"] == "bar"]
    sized = any((t.get("orientation") == "h") == (letter == "x") for t in bars)
    if sized or axis.get("rangemode") == "tozero":
        low, high = min(low, 0.0), max(high, 0.0)
        return low - 0.05 * (high - low) * (low < 0), high + 0.05 * (high - low or 1)
    if bars:
        half = (high - low) / max(1, len(set(found)) - 1) / 2
        return low - half, high + half
    room = 0.05 * (high - low) or 0.5
    return low - room, high + room


def _wrapped(name: str, wide: float) -> list[str]:
    letters = max(6, int(wide / (0.58 * SIZE)))
    return textwrap.wrap(name.replace("<br>", " "), letters) or [""]


def _axes(plot: Plot) -> list[str]:
    """Grid, labels and titles."""
    suffix = plot.traces[0].get("xaxis", "x")[1:]
    x, y = plot.layout.get(f"xaxis{suffix}", {}), plot.layout.get(f"yaxis{suffix}", {})
    across, down, parts = plot.across, plot.down, []
    if down.names:
        for name in down.names:
            parts.append(tagged(across.start - GAP, down.at(name), name, SIZE, INK, "end", 0.5))
    else:
        for at in down.ticks():
            parts.append(_line(across.start, down.at(at), across.stop, down.at(at)))
            words = f"{at:.4g}".replace("-", "−")
            parts.append(tagged(across.start - GAP, down.at(at), words, SIZE, QUIET, "end", 0.5))
    foot = down.start + GAP
    wide = abs(across.stop - across.start) / max(1, len(across.names))
    if across.names:
        for name in across.names:
            lines = "<br>".join(_wrapped(name, wide))
            parts.append(tagged(across.at(name), foot, lines, SIZE, INK, "middle", 0))
    elif x.get("showticklabels") is not False:
        for at in across.ticks():
            words = f"{at:.4g}".replace("-", "−")
            parts.append(tagged(across.at(at), foot, words, SIZE, QUIET, "middle", 0))
    if across.names or x.get("showticklabels") is not False:
        parts.append(_line(across.start, down.start, across.stop, down.start))
    middle = (across.start + across.stop) / 2
    deep = max((len(_wrapped(name, wide)) for name in across.names), default=1)
    if title := x.get("title", {}).get("text"):
        under = foot + 1.25 * SIZE * deep + 4 if x.get("showticklabels") is not False else foot
        parts.append(tagged(middle, under, title, SIZE, QUIET, "middle", 0))
    if title := y.get("title", {}).get("text"):
        parts.append(_upright(title, across, down, plot))
    return parts


def _upright(title: str, across: Axis, down: Axis, plot: Plot) -> str:
    """The title of the axis that goes up, along it."""
    labels = plot.down.names or [f"{v:.4g}" for v in plot.down.ticks()]
    left = across.start - GAP - max(width_of(label, SIZE) for label in labels) - 12
    middle = (down.start + down.stop) / 2
    words = tagged(0.0, 0.0, title, SIZE, QUIET, "middle", 0.5)
    return element("g", words, transform=f"translate({max(left, 9):.1f} {middle:.1f}) rotate(-90)")


def _line(x0: float, y0: float, x1: float, y1: float) -> str:
    return element("line", x1=x0, y1=y0, x2=x1, y2=y1, stroke=LINE, stroke_width=1)


def _trace(plot: Plot, trace: Part, number: int) -> Iterator[str]:
    if trace["type"] == "bar":
        yield from _bars(plot, trace, number)
    elif trace.get("fill") == "toself":
        path = _path(plot, trace)
        yield element("path", d=f"{path}z", fill=trace["fillcolor"])
    else:
        yield from _scatter(plot, trace)


def _one(value: Any, i: int) -> Any:
    return value[i] if isinstance(value, list | tuple | np.ndarray) else value


def _bars(plot: Plot, trace: Part, number: int) -> Iterator[str]:
    """Bars beside each other, or over one another where the layout says so."""
    level = trace.get("orientation") == "h"
    along, places = (plot.across, plot.down) if level else (plot.down, plot.across)
    sizes, where = (trace["x"], trace["y"]) if level else (trace["y"], trace["x"])
    bars = [one for one in plot.traces if one["type"] == "bar"]
    grouped = plot.layout.get("barmode", "group") == "group"
    count = len(places.names) or len(where)
    slot = abs(places.stop - places.start) / max(1, count)
    filled = 1.0 if plot.layout.get("bargap") == 0 else BARS - 0.15 * level
    thick = min(slot * filled / (len(bars) if grouped else 1), THICKEST)
    shift = (bars.index(trace) - (len(bars) - 1) / 2) * thick if grouped else 0.0
    for i, (place, size) in enumerate(zip(where, sizes, strict=True)):
        if size is None or size != size:
            continue
        middle = places.at(place) + shift
        ends = sorted((along.within(0.0), along.within(size)))
        box = (ends[0], middle - thick / 2) if level else (middle - thick / 2, ends[0])
        long = max(ends[1] - ends[0], 0.8)
        yield element(
            "rect",
            x=box[0],
            y=box[1],
            width=long if level else thick,
            height=thick if level else long,
            fill=_one(trace["marker"]["color"], i),
            fill_opacity=trace.get("opacity"),
        )
        if words := _one(trace.get("text", ""), i):
            yield _beside_bar(trace, i, words, ends, middle, float(size))


def _beside_bar(
    trace: Part, i: int, words: str, ends: list[float], middle: float, size: float
) -> str:
    """The number of a bar: beyond its end, or at its foot within it."""
    if trace.get("textposition") == "inside":
        fill = _one(trace.get("insidetextfont", {}).get("color", INK), i)
        return tagged(ends[0] + 6, middle, words, SIZE, fill, "start", 0.5)
    if size < 0:
        return tagged(ends[0] - 5, middle, words, SIZE, INK, "end", 0.5)
    return tagged(ends[1] + 5, middle, words, SIZE, INK, "start", 0.5)


def _path(plot: Plot, trace: Part) -> str:
    steps, move = [], "M"
    for x, y in zip(trace["x"], trace["y"], strict=True):
        if x is None or y is None or y != y:
            move = "M"
            continue
        steps.append(f"{move}{plot.across.at(x):.1f},{plot.down.at(y):.1f}")
        move = "L"
    return "".join(steps)


def _scatter(plot: Plot, trace: Part) -> Iterator[str]:
    mode = trace.get("mode", "lines")
    if "lines" in mode:
        line = trace.get("line", {})
        yield element(
            "path",
            d=_path(plot, trace) or "M0,0",
            fill="none",
            stroke=line.get("color", INK),
            stroke_width=line.get("width", 2),
            stroke_dasharray=DASHES.get(line.get("dash", "solid")),
            stroke_linejoin="round",
        )
    if "markers" not in mode:
        return
    marker = trace.get("marker", {})
    colour = marker.get("color") or trace.get("line", {}).get("color", INK)
    for i, (x, y) in enumerate(zip(trace["x"], trace["y"], strict=True)):
        if x is None or y is None or x != x or y != y:
            continue
        half = _one(marker.get("size", 6), i) / 2
        symbol = _one(marker.get("symbol", "circle"), i)
        yield _mark(symbol, plot.across.at(x), plot.down.at(y), half, _one(colour, i))


def _mark(symbol: str, x: float, y: float, half: float, colour: str) -> str:
    if symbol == "x":
        wide = 2 * half
        way = f"M{x - half:.1f},{y - half:.1f}l{wide},{wide}m0,{-wide}l{-wide},{wide}"
        return element("path", d=way, stroke=colour, stroke_width=1.6, fill="none")
    if symbol.startswith("diamond"):
        far = 1.25 * half
        way = f"M{x:.1f},{y - far:.1f}l{far},{far}l{-far},{far}l{-far},{-far}z"
        if symbol == "diamond-open":
            return element("path", d=way, fill="none", stroke=colour, stroke_width=2)
        return element("path", d=way, fill=colour)
    return element("circle", cx=x, cy=y, r=half, fill=colour)


def _legend(data: list[Part], layout: Part, width: float) -> tuple[list[str], float]:
    """The names of the traces on top, and how high that is."""
    named = [t for t in data if t.get("name") and t.get("showlegend") is not False]
    shown = layout.get("showlegend")
    if shown is False or (len(named) < 2 and not shown) or not named:
        return [], 0.0
    row, at, parts = 0, 4.0, []
    for trace in named:
        wide = 22 + width_of(trace["name"], SIZE) + 16
        if at > 4 and at + wide > width:
            row, at = row + 1, 4.0
        y = 8 + ROW * row
        parts += [_sample(trace, at, y)]
        parts.append(tagged(at + 22, y + 6, trace["name"], SIZE, INK, "start", 0.5))
        at += wide
    return parts, 8.0 + ROW * (row + 1)


def _sample(trace: Part, x: float, y: float) -> str:
    """What stands for a trace in the legend."""
    marker, line = trace.get("marker", {}), trace.get("line", {})
    if trace["type"] == "bar":
        fill = _one(marker["color"], 0)
        return element(
            "rect", x=x, y=y, width=12, height=12, fill=fill, fill_opacity=trace.get("opacity")
        )
    if "lines" in trace.get("mode", "lines"):
        dash = DASHES.get(line.get("dash", "solid"))
        look = {"stroke": line.get("color", INK), "stroke_width": 2.5, "stroke_dasharray": dash}
        return element("line", x1=x - 2, y1=y + 6, x2=x + 16, y2=y + 6, **look)
    colour = _one(marker.get("color", INK), 0)
    return _mark(_one(marker.get("symbol", "circle"), 0), x + 6, y + 6, 4.5, colour)
