"""A Sankey diagram as static SVG, as Plotly draws it with fixed nodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dashboard.figures.svg import INK, element, tagged

Part = dict[str, Any]


def drawn(trace: Part, layout: Part, width: float) -> list[str]:
    """Bands, nodes and words of a diagram whose nodes have their places, in shares of its box."""
    node, link, margin = trace["node"], trace["link"], layout["margin"]
    inner_width = width - margin["l"] - margin["r"]
    inner = layout["height"] - margin["t"] - margin["b"]
    sources, targets, values = list(link["source"]), list(link["target"]), list(link["value"])
    both = (sources, targets)
    sizes = [
        max(sum(v for v, end in zip(values, ends, strict=True) if end == i) for ends in both)
        for i in range(len(node["x"]))
    ]
    first = [i for i, x in enumerate(node["x"]) if x == min(node["x"])]
    total = sum(sizes[i] for i in first)
    scale = (inner - node["pad"] * (len(first) - 1)) / total if total else 0.0
    thick = node["thickness"]
    lefts = [margin["l"] + x * (inner_width - thick) for x in node["x"]]
    tops = [
        margin["t"] + y * inner - scale * size / 2 for y, size in zip(node["y"], sizes, strict=True)
    ]
    starts = _offsets(sources, targets, values, tops)
    ends = _offsets(targets, sources, values, tops)
    parts = []
    for i, colour in enumerate(link["color"]):
        source, target = sources[i], targets[i]
        left, right = lefts[source] + thick, lefts[target]
        high = scale * values[i]
        above, below = tops[source] + scale * starts[i], tops[target] + scale * ends[i]
        parts.append(_band(left, above, right, below, high, colour))
    for left, top, size, colour in zip(lefts, tops, sizes, node["color"], strict=True):
        high = max(1.0, scale * size)
        parts.append(element("rect", x=left, y=top, width=thick, height=high, fill=colour))
    for note in layout.get("annotations", ()):
        x = margin["l"] + note["x"] * inner_width
        y = margin["t"] + (1 - note["y"]) * inner
        anchor = {"left": "start", "right": "end"}[note["xanchor"]]
        middle = {"bottom": 1.0, "middle": 0.5, "top": 0.0}[note["yanchor"]]
        gap = {"bottom": -2, "middle": 0, "top": 2}[note["yanchor"]]
        parts.append(tagged(x, y + gap, note["text"], note["font"]["size"], INK, anchor, middle))
    return parts


def _offsets(
    here: Sequence[int], there: Sequence[int], values: Sequence[float], tops: Sequence[float]
) -> list[float]:
    """How much flows through each band's node above the band, in the order of the other ends."""
    found = [0.0] * len(here)
    for place in range(len(tops)):
        above = 0.0
        mine = (i for i, node in enumerate(here) if node == place)
        for i in sorted(mine, key=lambda i: tops[there[i]]):
            found[i] = above
            above += values[i]
    return found


def _band(x0: float, y0: float, x1: float, y1: float, high: float, colour: str) -> str:
    middle, high = (x0 + x1) / 2, max(high, 0.6)
    path = (
        f"M{x0:.1f},{y0:.1f}C{middle:.1f},{y0:.1f} {middle:.1f},{y1:.1f} {x1:.1f},{y1:.1f}"
        f"v{high:.1f}C{middle:.1f},{y1 + high:.1f} {middle:.1f},{y0 + high:.1f} "
        f"{x0:.1f},{y0 + high:.1f}z"
    )
    return element("path", d=path, fill=colour)
