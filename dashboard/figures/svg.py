"""Pieces of SVG drawings that need no script, no font and no server."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

FONT = "system-ui,-apple-system,'Segoe UI',sans-serif"
INK, QUIET, PAPER, LINE = "#14161b", "#5d6068", "#fcfbf8", "#dedad0"
LETTER = 0.58
"""Width of a letter for its size, in a wide font."""
_TAG = re.compile(r"</?b>")


def element(tag: str, inner: str = "", **attributes: object) -> str:
    """`stroke_width=2` becomes stroke-width="2"; None is left out."""
    said = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for name, value in attributes.items()
        if value is not None
    )
    return f"<{tag}{said}>{inner}</{tag}>" if inner else f"<{tag}{said}/>"


def _value(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.2f}".rstrip("0").rstrip(".")
    return html.escape(str(value))


def text(
    x: float,
    y: float,
    words: str,
    size: float,
    fill: str = INK,
    *,
    weight: int = 400,
    anchor: str = "start",
) -> str:
    """One line with its foot at y; `anchor` says which end of it, or its middle, is at x."""
    return _line(x, y, html.escape(words), size, fill, weight, anchor)


def tagged(
    x: float, y: float, words: str, size: float, fill: str, anchor: str, middle: float
) -> str:
    """What Plotly reads: <b> and <br>, entities for the rest.

    `middle` is where y lies: 0 above the lines, 1/2 in their middle, 1 below them.
    """
    lines = words.split("<br>")
    first = y + size * (0.8 - middle * (1 + 1.25 * (len(lines) - 1)) + 0.05)
    return "".join(
        _line(x, first + 1.25 * size * i, _bold(line), size, fill, 400, anchor)
        for i, line in enumerate(lines)
    )


def _bold(line: str) -> str:
    """Plotly's tags and entities as those of SVG."""
    parts, deep = [], 0
    found = iter(_TAG.findall(line))
    for part in _TAG.split(line):
        said = html.escape(html.unescape(part))
        parts.append(f'<tspan font-weight="600">{said}</tspan>' if deep and said else said)
        deep += {"<b>": 1, "</b>": -1}.get(next(found, ""), 0)
    return "".join(parts)


def _line(x: float, y: float, inner: str, size: float, fill: str, weight: int, anchor: str) -> str:
    return element(
        "text",
        inner or " ",
        x=float(x),
        y=float(y),
        font_size=float(size),
        fill=fill,
        font_weight=None if weight == 400 else weight,
        text_anchor=None if anchor == "start" else anchor,
        xml_space="preserve",
    ).replace("xml-space", "xml:space")


def width_of(words: str, size: float) -> float:
    """About how wide what Plotly reads is drawn, its longest line."""
    lines = html.unescape(_TAG.sub("", words)).split("<br>")
    return max(map(len, lines)) * size * LETTER


def document(width: float, height: float, parts: Sequence[str], words: str) -> str:
    """The whole drawing; `words` are for those who do not see it."""
    return element(
        "svg",
        "".join(parts),
        xmlns="http://www.w3.org/2000/svg",
        width=width,
        height=height,
        viewBox=f"0 0 {width:g} {height:g}",
        font_family=FONT,
        role="img",
        aria_label=words,
    )
