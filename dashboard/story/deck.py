"""A story as slides in HTML: for the screen, and as one file that needs nothing else."""

from __future__ import annotations

import html
from pathlib import Path

from dashboard.story.drawing import scoped, size_of
from dashboard.story.layout import picture_share
from dashboard.story.slide import COLUMNS, Proof, Table
from dashboard.story.story import Item, Story

COMPONENTS = Path(__file__).parents[1] / "components"
LONG, LONGER = 90, 190
"""Letters of a title from which on it is smaller."""
DENSE = 9
"""Rows of a table from which on it is smaller."""
MARKS = {True: "yes", False: "no", None: "none"}
NOTHING_ELSE = (
    "default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;; "
    "script-src &#39;unsafe-inline&#39;; img-src data:"
)
"""What a browser may load: what is in the file."""
_NAV = (
    '<nav aria-label="Slides">'
    '<button type="button" class="live" aria-label="Open the live view (L)">↗</button>'
    '<button type="button" class="theme" aria-label="Dark or light (D)">◐</button>'
    '<button type="button" class="help" aria-label="Keys (?)">?</button>'
    '<button type="button" class="back" aria-label="Previous slide">‹</button>'
    '<span class="count" role="status"></span>'
    '<button type="button" class="next" aria-label="Next slide">›</button>'
    '<button type="button" class="leave" aria-label="Leave the presentation (Escape)">×</button>'
    '</nav><p class="keys" hidden></p>'
)


def slides(story: Story, base: str) -> str:
    """All slides and their buttons; every text is escaped, every drawing was checked.

    Args:
        story: to be shown.
        base: address of the dashboard, for the live views; "" where there is none.
    """
    parts = [_slide(item, number, base) for number, item in enumerate(story.items, start=1)]
    return f'<div class="deck" data-theme="light">{"".join(parts)}{_NAV}</div>'


def deck_file(story: Story, base: str) -> str:
    """A page with its script and style in it, which fetches nothing."""
    style, script = (
        "".join((COMPONENTS / f"{name}.{kind}").read_text("utf-8") for name in names)
        for kind, names in (("css", ("deck",)), ("js", ("deck", "deck_file")))
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta http-equiv="Content-Security-Policy" content="{NOTHING_ELSE}">'
        f"<title>{html.escape(story.title)}</title><style>{style}</style></head>\n"
        f"<body>{slides(story, base)}<script>{script}</script></body></html>\n"
    )


def _slide(item: Item, number: int, base: str) -> str:
    slide = item.slide
    width, height = size_of(slide.picture)
    size = "longer" if len(item.title) > LONGER else "long" if len(item.title) > LONG else ""
    said = f'<p class="said">{html.escape(item.subtitle)}</p>' if item.subtitle else ""
    note = f'<p class="note">{html.escape(item.note)}</p>' if item.note else ""
    reading = f"<figcaption>{html.escape(slide.reading)}</figcaption>" if slide.reading else ""
    return (
        f'<section class="slide" aria-label="Slide {number}" '
        f'data-link="{html.escape(slide.link(base))}">'
        f'<p class="asked">{html.escape(slide.asked)}</p>'
        f'<h1 class="{size}">{html.escape(item.title)}</h1>{said}{note}'
        f'<div class="body" style="--share:{picture_share(slide):.2f}">'
        f'<figure style="--ratio:{height / width:.4f}"><div class="drawing">'
        f"{scoped(slide.picture, f's{number}-')}</div>{reading}</figure>"
        f"<aside>{_table(slide.table)}{_proofs(slide.proofs)}</aside></div>"
        f"<footer><span>{html.escape(slide.origin.in_words())}</span></footer></section>"
    )


def _table(table: Table) -> str:
    if not table.rows:
        return ""
    head = "".join(f'<th scope="col">{html.escape(cell)}</th>' for cell in table.headings)
    rows = "".join(
        f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows
    )
    looks = [
        "dense" if len(table.rows) > DENSE or len(table.headings) > COLUMNS - 2 else "",
        "wide" if len(table.headings) > 3 else "",
    ]
    return (
        f'<div class="rows"><table class="{" ".join(looks).strip()}"><thead><tr>{head}</tr>'
        f"</thead><tbody>{rows}</tbody></table></div>"
    )


def _proofs(proofs: tuple[Proof, ...]) -> str:
    told = "".join(
        f'<li class="{MARKS[proof.passed]}">{html.escape(proof.said)}</li>' for proof in proofs
    )
    return f"<ul>{told}</ul>" if told else ""
