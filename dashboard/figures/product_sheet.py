"""One explanation as a picture of its own (SVG) and as a page, for a slide or a mail."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence

from PIL import Image

from dashboard.figures import svg
from dashboard.figures.audit import deletion_figure, judged
from dashboard.figures.closeup import Region, contours, strongest_region
from dashboard.figures.heatmap import Panel, data_url, marks, over
from dashboard.figures.palette import OPPOSITION, SUPPORT, signed
from dashboard.figures.product_words import (
    AREAS,
    PLACES,
    blurring_in_words,
    contribution,
    ledger_in_words,
)
from dashboard.figures.report import HALF, beside, page, paragraph, section, strongest, table
from dashboard.figures.still import still
from relrec_core.products.explanation.result import ProductExplanation

SIDE, GAP, EDGE = 440, 40, 40
NARROW = 26
"""Between the pictures of a pair, which is `HALF` wide."""
LETTERS = 52
"""Of the sentence in one line."""
_FONT = "system-ui,-apple-system,'Segoe UI',sans-serif"


def sheet(
    sentence: str,
    panels: Sequence[tuple[Panel, str]],
    scale: float,
    footer: str,
    coloured: bool = False,
) -> str:
    """The sentence, the pictures under their maps and the legend, as one SVG without links.

    Args:
        sentence: on top.
        panels: each with what stands above it.
        scale: relevance that gets the full colour.
        footer: where all this comes from.
        coloured: leave the pictures their colours; the maps become lines.
    """
    width = 2 * EDGE + len(panels) * SIDE + (len(panels) - 1) * GAP
    lines = textwrap.wrap(sentence, LETTERS * width // 1000)
    top = EDGE + 34 * len(lines) + 44
    parts = [_text(EDGE, EDGE + 24 + 34 * i, line, 25, weight=600) for i, line in enumerate(lines)]
    for i, (panel, title) in enumerate(panels):
        parts += _mapped(panel, title, EDGE + i * (SIDE + GAP), top, SIDE, scale, coloured)
    foot = top + SIDE + 62
    parts += _legend(EDGE, foot, scale, any(panel.lowers for panel, _ in panels))
    for i, line in enumerate(textwrap.wrap(footer, width // 7)):
        parts.append(_text(EDGE, foot + 46 + 18 * i, line, 12, "#6b6e76"))
    height = foot + 60 + 18 * len(textwrap.wrap(footer, width // 7))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{_FONT}" role="img">'
        f"<title>{html.escape(sentence)}</title>"
        f'<rect width="{width}" height="{height}" fill="#fcfbf8"/>{"".join(parts)}</svg>'
    )


def pair_sheet(
    panels: tuple[Panel, Panel], scale: float, words: str, coloured: bool = False
) -> str:
    """Both pictures under their maps alone, to stand beside others.

    Args:
        panels: to be drawn.
        scale: relevance that gets the full colour.
        words: the pictures in words.
        coloured: as for `sheet`.
    """
    side, top = (HALF - NARROW) / 2, 24
    parts = []
    for i, panel in enumerate(panels):
        title = textwrap.shorten(panel.title, LETTERS // 2, placeholder=" …")
        parts += _mapped(panel, title, i * (side + NARROW), top, side, scale, coloured)
    return svg.document(HALF, top + side + 30, parts, words)


def mapped_sheet(
    panels: Sequence[tuple[Panel, str]], scale: float, words: str, coloured: bool
) -> str:
    """Pictures under their maps, each with two lines above: what it is, and its title.

    Args:
        panels: each with what it is.
        scale: relevance that gets the full colour.
        words: the pictures in words.
        coloured: as for `sheet`.
    """
    side = 300.0
    parts = []
    for i, (panel, role) in enumerate(panels):
        left = i * (side + NARROW)
        title = textwrap.shorten(panel.title, LETTERS * 3 // 4, placeholder=" …")
        parts.append(_text(left, 14, role, 13, "#6b6e76"))
        parts += _mapped(panel, title, left, 52, side, scale, coloured)
    width = len(panels) * (side + NARROW) - NARROW
    return svg.document(width, 52 + side + 30, parts, words)


def _mapped(
    panel: Panel,
    title: str,
    left: float,
    top: float,
    side: float,
    scale: float,
    coloured: bool,
) -> list[str]:
    """One picture under its map, with its title above and its contribution below."""
    large = max(SIDE, *panel.picture.size)  # who enlarges the sheet sees more
    source, region = data_url(under(panel, scale, coloured, large)), strongest_region(panel)
    size = min(16, side / 16)
    parts = [
        _text(left, top - 0.9 * size, title, size),
        f'<image x="{left:g}" y="{top}" width="{side:g}" height="{side:g}" href="{source}"/>'
        f'<rect x="{left:g}" y="{top}" width="{side:g}" height="{side:g}" fill="none" '
        'stroke="#dedad0"/>',
    ]
    if region is not None:
        parts.append(_outline(left, top, side, region))
    parts += [_pill(left + m.across * side, top + m.down * side, m.relevance) for m in marks(panel)]
    told = contribution(panel.total)
    if svg.width_of(told, size) > side:
        told = f"contribution {signed(panel.total)}"
    return [*parts, _text(left, top + side + 1.5 * size, told, size, "#6b6e76")]


def _text(
    x: float, y: float, text: str, size: float, fill: str = "#23262d", weight: int = 400
) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" font-weight="{weight}" fill="{fill}">'
        f"{html.escape(text)}</text>"
    )


def under(panel: Panel, scale: float, coloured: bool, side: int = SIDE) -> Image.Image:
    """The picture under its map, a square of `side` pixels; `coloured` is as for `sheet`."""
    if not coloured:
        return over(panel, scale, side, 0.8)
    base = panel.picture.resize((side, side), Image.Resampling.LANCZOS).convert("RGBA")
    lines = contours(panel, scale).resize((side, side), Image.Resampling.LANCZOS)
    return Image.alpha_composite(base, lines).convert("RGB")


def _outline(left: float, top: float, side: float, region: Region) -> str:
    x, y, wide = left + region.left * side, top + region.top * side, region.side * side
    box = f'x="{x:g}" y="{y:g}" width="{wide:g}" height="{wide:g}"'
    return "".join(
        f'<rect {box} rx="3" fill="none" stroke="{colour}" stroke-width="{width}"/>'
        for colour, width in (("#1b1d22", 5), ("#fff", 2))
    )


def _pill(x: float, y: float, relevance: float) -> str:
    text, colour = signed(relevance), SUPPORT if relevance > 0 else OPPOSITION
    half = 6 + 4.3 * len(text)
    return (
        f'<rect x="{x - half:g}" y="{y - 12:g}" width="{2 * half:g}" height="24" rx="12" '
        f'fill="#fff" fill-opacity=".92" stroke="{colour}" stroke-width="2"/>'
        f'<text x="{x:g}" y="{y + 5:g}" font-size="14" text-anchor="middle" fill="#1b1d22">'
        f"{text}</text>"
    )


def _legend(x: float, y: float, scale: float, cool: bool) -> list[str]:
    """What the colours mean; the cool side only where a map has one."""
    white = '<stop stop-color="#fff"/>'
    below = f'<stop stop-color="{OPPOSITION}"/><stop offset=".5" stop-color="#fff"/>'
    return [
        f'<defs><linearGradient id="scale">{below if cool else white}'
        f'<stop offset="1" stop-color="{SUPPORT}"/></linearGradient></defs>',
        _text(x, y + 11, f"lowers {signed(-scale)}" if cool else "0", 14),
        f'<rect x="{x + 130:g}" y="{y:g}" width="160" height="13" rx="6" fill="url(#scale)" '
        'stroke="#dedad0"/>',
        _text(x + 302, y + 11, f"raises {signed(scale)} points per grid cell", 14),
    ]


def product_report(
    explanation: ProductExplanation, picture: str, panels: Sequence[Panel], link: str
) -> str:
    """The picture, the proof and the strongest cells in one file.

    Args:
        explanation: with its proof.
        picture: made by `sheet`.
        panels: shown in it, for their words.
        link: address of the view.
    """
    test = explanation.audit.deletion
    words = blurring_in_words(explanation)
    proof = still(deletion_figure(test, AREAS), words, HALF)
    frame = explanation.to_frame()
    places = zip(*(map(str, frame[name]) for name in ("picture", "row", "column")), strict=True)
    parts = (
        picture,
        paragraph(" ".join(panel.in_words() for panel in panels)),
        section(
            "Do the contributions equal the score?", paragraph(ledger_in_words(explanation, 4))
        ),
        section(
            "Does the score drop without these areas?",
            beside(proof, paragraph(f"{judged(test, PLACES)[1]}. {words}")),
        ),
        section(
            "The strongest grid cells",
            table(
                ("Picture", "Row", "Column", "Contribution"), strongest(places, frame["relevance"])
            ),
            paragraph("Rows and columns count from the upper left, 16 each."),
        ),
    )
    return page(explanation, parts, link)
