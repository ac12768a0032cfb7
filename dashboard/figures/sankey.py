"""The Sankey diagram of one explanation: features on the left, the movie on the right."""

from __future__ import annotations

from collections.abc import Iterable

import plotly.graph_objects as go

from dashboard import escape
from dashboard.figures.drawing import INK, drawn
from dashboard.figures.flows import BASE, Diagram, FlowBand, Node, View, by_theme, strongest
from dashboard.figures.palette import NEUTRAL, faded, of, plain, signed
from relrec_core.movies.explanation.result import MovieExplanation
from relrec_core.movies.explanation.sentences import everyone

Note = dict[str, object]
LONGEST_LABEL, LONGEST_THEME = 25, 16
LINK, LINK_REST, LINK_LIT, LINK_DIM = 0.45, 0.25, 0.85, 0.14
ROW_PIXELS, GAP_PIXELS, LANE_PIXELS = 25, 17, 120
TOP, BOTTOM, SIDE = 46, 30, 6
FONT = {"size": 12.5, "color": INK}
MIDDLE, RIGHT = 0.6, 0.999
BESIDE, TEXT_PIXELS = 0.025, 15
"""From a node to its label, which stands on a band that is high enough for it, else above it."""


def sankey(
    explanation: MovieExplanation, shown: int = 6, lit: int | None = None, opened: str = ""
) -> go.Figure:
    """Draw an explanation to scale: widths are relevance, and every column adds up.

    Contributions beyond the average user are drawn by theme, so that the ends add up to the
    score; relevance as in the paper as the paper draws it, the strongest supports alone.

    Args:
        explanation: what is drawn.
        shown: reasons drawn one by one.
        lit: the feature whose flows are lit up.
        opened: the theme of which every reason is drawn.
    """
    if explanation.reference == "average":
        view = View(shown=shown, lit=lit, opened=opened)
        return _figure(explanation, by_theme(explanation, view), lit)
    return _figure(explanation, strongest(explanation, shown, lit), lit)


def _figure(explanation: MovieExplanation, diagram: Diagram, lit: int | None) -> go.Figure:
    """The figure of a diagram, its last column being the movie."""
    nodes, last = diagram.nodes, max((n.column for n in diagram.nodes), default=1)
    inner = LANE_PIXELS + ROW_PIXELS * len(diagram.column(0))
    heights = _heights(diagram, inner, last)
    columns = {0: 0.001, 1: MIDDLE, last: RIGHT}
    trace = {
        "type": "sankey",
        "arrangement": "fixed",
        "node": {
            "label": [""] * len(nodes),
            "x": [columns[n.column] for n in nodes],
            "y": [centre for centre, _ in heights],
            "color": [_colour(n) for n in nodes],
            "line": {"width": 0},
            "thickness": 10,
            "pad": GAP_PIXELS,
            "customdata": [_hover(n) for n in nodes],
            "hovertemplate": "%{customdata}<extra></extra>",
        },
        "link": _links(diagram, lit),
    }
    notes = []
    for node, (centre, half) in zip(nodes, heights, strict=True):
        if node.column == last:
            notes.append(_end(explanation, node, centre, half))
        elif node.column == 0 or node.feature != BASE:
            label = shortened(node.label, LONGEST_THEME if node.column else LONGEST_LABEL)
            text = f"{label}  <b>{signed(node.relevance, explanation.digits)}</b>"
            strong = lit is not None and node.feature == lit
            thin = 2 * half * inner < TEXT_PIXELS
            across, down = columns[node.column] + BESIDE, 1 - (centre - half if thin else centre)
            text = f"<b>{text}</b>" if strong else text
            notes.append(_note(across, down, text, "left", "bottom" if thin else "middle"))
    layout = {
        "height": inner + TOP + BOTTOM,
        "margin": {"l": SIDE, "r": SIDE, "t": TOP, "b": BOTTOM},
        "annotations": notes,
        "meta": {"themes": [node.theme for node in nodes]},
    }
    return drawn([trace], layout)


def _links(diagram: Diagram, lit: int | None) -> dict[str, object]:
    nodes, bands = diagram.nodes, diagram.bands
    return {
        "source": [b.source for b in bands],
        "target": [b.target for b in bands],
        "value": [abs(b.relevance) for b in bands],
        "color": [
            faded(_colour(nodes[b.source]), _opacity(b, nodes[b.source], lit)) for b in bands
        ],
        "customdata": [
            f"{_hover(nodes[b.source])}; this part {signed(b.relevance, 4)}" for b in bands
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
    }


def _heights(diagram: Diagram, inner: float, last: int) -> list[tuple[float, float]]:
    """Middle (0 is the top) and half the height of every node, all to one scale."""
    left = diagram.column(0)
    total = sum(abs(n.relevance) for n in left)
    gaps = GAP_PIXELS / inner * max(0, len(left) - 1)
    scale = (1 - gaps) / total if total else 0.0
    found: dict[int, tuple[float, float]] = {}
    for number in range(last):
        rows = [i for i, n in enumerate(diagram.nodes) if n.column == number]
        gap = gaps / (len(rows) - 1) if len(rows) > 1 else 0.0
        at = 0.0
        for i in rows:
            half = scale * abs(diagram.nodes[i].relevance) / 2
            found[i] = (min(0.9995, max(0.0005, at + half)), half)
            at += 2 * half + gap
    for i, node in enumerate(diagram.nodes):
        if node.column == last:
            half = scale * abs(node.relevance) / 2
            centre = half if node.raises else 1 - half
            found[i] = (min(max(centre, 0.001), 0.999), half)
    return [found[i] for i in range(len(diagram.nodes))]


def _end(explanation: MovieExplanation, node: Node, centre: float, half: float) -> Note:
    does = "raise" if node.raises else "lower"
    digits = explanation.digits
    words = f"{does}s the score <b>{signed(node.relevance, digits)}</b>"
    if node.column == 1:
        words = f"these {does} the score <b>{signed(node.relevance, digits)}</b>"
    if node.raises:
        score = f"score <b>{plain(explanation.score, digits)}</b>"
        if explanation.against is not None:
            ahead = "ahead" if explanation.score >= 0 else "behind"
            score = f"{ahead} by <b>{plain(abs(explanation.score), digits)}</b>"
        words = f"<b>{shortened(explanation.title)}</b>, {score}<br>{words}"
    down = 1 - (centre - half if node.raises else centre + half)
    return _note(1.0, down, words, "right", "bottom" if node.raises else "top")


def _note(x: float, y: float, text: str, side: str, anchor: str) -> Note:
    return {
        "x": x,
        "y": y,
        "xref": "paper",
        "yref": "paper",
        "xanchor": side,
        "yanchor": anchor,
        "text": text,
        "showarrow": False,
        "align": side,
        "font": FONT,
    }


def _colour(node: Node) -> str:
    return NEUTRAL if node.feature == BASE else of(1.0 if node.raises else -1.0)


def _opacity(band: FlowBand, source: Node, lit: int | None) -> float:
    if lit is not None:
        return LINK_LIT if band.feature == lit else LINK_DIM
    return LINK if band.feature is not None or source.column else LINK_REST


def shortened(label: str, longest: int = LONGEST_LABEL) -> str:
    """Without the year if that is enough to fit, else cut; ready for Plotly."""
    if len(label) > longest and label.endswith(")") and label[-6:-1].strip("(").isdigit():
        label = label[:-6].rstrip()
    cut = label if len(label) <= longest else label[: longest - 1].rstrip() + "…"
    return escape.plotly(cut)


def _hover(node: Node) -> str:
    return f"{escape.plotly(node.label or 'Together')}: {signed(node.relevance, 4)}"


def described(explanation: MovieExplanation, shown: int = 6, opened: str = "") -> str:
    """The picture in words, for those who do not see it."""
    text = f"Sankey diagram of what led to {explanation.title}."
    if explanation.reference == "average":
        text += f" {everyone(explanation)} {signed(explanation.base)}."
        text += f" Themes: {_each((t.name, t.total) for t in explanation.themes[:shown])}."
    if opened:
        nodes = by_theme(explanation, View(opened=opened)).column(0)
        inside = [(n.label, n.relevance) for n in nodes if n.feature not in (None, BASE)]
        text += f" Opened: {opened}. {_each(inside)}."
    supports, against = (
        [(f.label, f.relevance) for f in lane]
        for lane in (explanation.supports[:shown], explanation.opposition[:3])
    )
    text += f" Raises the score most: {_each(supports)}"
    return text + (f". Lowers it: {_each(against)}." if against else ".")


def _each(parts: Iterable[tuple[str, float]]) -> str:
    return "; ".join(f"{name} {signed(value)}" for name, value in parts) or "none"
