"""A story as PDF: one page a slide, drawings as vectors."""

from __future__ import annotations

from dashboard.figures.palette import ACCENT
from dashboard.figures.svg import INK, LINE, QUIET
from dashboard.story.drawing import size_of
from dashboard.story.layout import GOOD, WARN, picture_share
from dashboard.story.story import Item, Story
from dashboard.story.typeset import FAMILY, in_font, set_pages


def pdf(story: Story, base: str) -> bytes:
    """All slides as pages; `base` is the dashboard's address, or "" where it is not known."""
    look = {"ink": INK, "quiet": QUIET, "line": LINE, "accent": ACCENT, "good": GOOD, "warn": WARN}
    told = {
        "title": story.title,
        "font": FAMILY,
        "look": look,
        "slides": [_page(item, base) for item in story.items],
    }
    return set_pages("pages", told, "story")


def _page(item: Item, base: str) -> dict[str, object]:
    slide = item.slide
    width, height = size_of(slide.picture)
    return {
        "title": item.title,
        "said": item.subtitle,
        "note": item.note,
        "asked": slide.asked,
        "picture": in_font(slide.picture),
        "width": width,
        "height": height,
        "share": picture_share(slide),
        "words": slide.words,
        "reading": slide.reading,
        "headings": slide.table.headings,
        "rows": slide.table.rows,
        "proofs": [{"said": proof.said, "passed": proof.passed} for proof in slide.proofs],
        "origin": slide.origin.in_words(),
        "link": slide.link(base),
    }
