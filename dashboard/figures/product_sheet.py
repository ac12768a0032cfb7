"""One explanation as a picture of its own (SVG) and as a page, for a slide or a mail."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence

from dashboard.figures.audit import deletion_figure, judged
from dashboard.figures.heatmap import Panel, data_url, marks, over
from dashboard.figures.palette import OPPOSITION, SUPPORT, signed
from dashboard.figures.product_words import (
    AREAS,
    blurring_in_words,
    contribution,
    ledger_in_words,
)
from dashboard.figures.report import STYLE
from relrec_core.products.explanation.result import ProductExplanation

SIDE, GAP, EDGE = 440, 40, 40
LETTERS = 52
"""Of the sentence in one line."""
_FONT = "system-ui,-apple-system,'Segoe UI',sans-serif"


def sheet(
    sentence: str, panels: Sequence[Panel], roles: Sequence[str], scale: float, footer: str
) -> str:
    """The sentence, the pictures under their maps and the legend, as one SVG without links."""
    width = 2 * EDGE + len(panels) * SIDE + (len(panels) - 1) * GAP
    lines = textwrap.wrap(sentence, LETTERS * width // 1000)
    top = EDGE + 34 * len(lines) + 44
    parts = [_text(EDGE, EDGE + 24 + 34 * i, line, 25, weight=600) for i, line in enumerate(lines)]
    for i, (panel, role) in enumerate(zip(panels, roles, strict=True)):
        left = EDGE + i * (SIDE + GAP)
        parts.append(_text(left, top - 14, f"{role}: {panel.title}", 16))
        source = data_url(over(panel, scale, SIDE, 0.8))
        parts.append(
            f'<image x="{left}" y="{top}" width="{SIDE}" height="{SIDE}" href="{source}"/>'
            f'<rect x="{left}" y="{top}" width="{SIDE}" height="{SIDE}" fill="none" '
            'stroke="#dedad0"/>'
        )
        parts += [
            _pill(left + m.across * SIDE, top + m.down * SIDE, m.relevance) for m in marks(panel)
        ]
        parts.append(_text(left, top + SIDE + 24, contribution(panel.total), 15, "#6b6e76"))
    foot = top + SIDE + 62
    parts += _legend(EDGE, foot, scale)
    for i, line in enumerate(textwrap.wrap(footer, width // 7)):
        parts.append(_text(EDGE, foot + 46 + 18 * i, line, 12, "#6b6e76"))
    height = foot + 60 + 18 * len(textwrap.wrap(footer, width // 7))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family="{_FONT}" role="img">'
        f"<title>{html.escape(sentence)}</title>"
        f'<rect width="{width}" height="{height}" fill="#fcfbf8"/>{"".join(parts)}</svg>'
    )


def _text(
    x: float, y: float, text: str, size: int, fill: str = "#23262d", weight: int = 400
) -> str:
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" font-weight="{weight}" fill="{fill}">'
        f"{html.escape(text)}</text>"
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


def _legend(x: float, y: float, scale: float) -> list[str]:
    return [
        '<defs><linearGradient id="scale">'
        f'<stop stop-color="{OPPOSITION}"/><stop offset=".5" stop-color="#fff"/>'
        f'<stop offset="1" stop-color="{SUPPORT}"/></linearGradient></defs>',
        _text(x, y + 11, f"lowers {signed(-scale)}", 14),
        f'<rect x="{x + 130:g}" y="{y:g}" width="160" height="13" rx="6" fill="url(#scale)" '
        'stroke="#dedad0"/>',
        _text(x + 302, y + 11, f"raises {signed(scale)} points per grid cell", 14),
    ]


def product_report(explanation: ProductExplanation, picture: str, panels: Sequence[Panel]) -> str:
    """The picture, the proof and all cells in one file without links.

    Args:
        explanation: with its proof.
        picture: made by `sheet`.
        panels: shown in it, for their words.
    """
    test, p = explanation.audit.deletion, explanation.provenance
    proof = deletion_figure(test, AREAS).to_html(full_html=False, include_plotlyjs=True)
    frame = explanation.to_frame()
    rows = "".join(
        f"<tr><td>{row['picture']}</td><td>{row['row'] + 1}</td><td>{row['column'] + 1}</td>"
        f"<td>{signed(row['relevance'], 4)}</td></tr>"
        for row in frame.to_dict("records")
    )
    sentence = html.escape(explanation.sentence())
    tested = html.escape(f"{judged(test)[1]}. {blurring_in_words(explanation)}")
    words = " ".join(html.escape(panel.in_words()) for panel in panels)
    return f"""<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{sentence}</title><style>{STYLE}
svg{{max-width:100%;height:auto}}</style>
<h1>{sentence}</h1>{picture}<p>{words}</p>
<h2>Do the contributions equal the score?</h2>
<p>{html.escape(ledger_in_words(explanation, 4))}</p>
<h2>Does the score drop without these areas?</h2><p>{tested}</p>{proof}
<h2>Every grid cell</h2><p>Rows and columns count from the upper left, 16 each.</p>
<table><tr><th>Picture</th><th>Row</th><th>Column</th><th>Contribution</th></tr>{rows}</table>
<footer>Data: {html.escape(p.dataset)} ({html.escape(p.licence)}). Model run:
{html.escape(p.run)}. Method: {html.escape(p.method)}. Made with RelRec {p.code_version}.</footer>
</html>"""
