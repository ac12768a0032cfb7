"""Drawings and pages without a browser: Typst sets them, in a font that comes with a package."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import font_source_sans_pro
import typst

from dashboard.figures.svg import FONT
from dashboard.story.story import StoryError
from relrec_core.errors import border

HERE = Path(__file__).parent
FAMILY = "Source Sans Pro"
FONTS = Path(font_source_sans_pro.__file__).parent / "files"
POINTS = 72
"""In an inch."""


def set_pages(template: str, data: Mapping[str, object], name: str) -> bytes:
    """A tagged PDF (PDF/UA-1) of the template beside this file; it reads `data` by this name."""
    found: bytes = _set(template, data, name, format="pdf", pdf_standards="ua-1")
    return found


def pictures(drawings: Sequence[tuple[str, float, float]], per_inch: float) -> list[bytes]:
    """PNG of each drawing, given with its width and height in points, without a ground."""
    if not drawings:
        return []
    told = [
        {"picture": in_font(drawing), "width": width, "height": height}
        for drawing, width, height in drawings
    ]
    data = {"pictures": told, "font": FAMILY}
    found = _set("pictures", data, "drawings", format="png", ppi=per_inch)
    return found if isinstance(found, list) else [found]


def in_font(drawing: str) -> str:
    """A drawing whose text is set in the font that comes along."""
    return drawing.replace(f'font-family="{FONT}"', f'font-family="{FAMILY}"', 1)


def _set(template: str, data: Mapping[str, object], name: str, **options: Any) -> Any:
    with border(lambda why: StoryError(f"The slides could not be drawn: {why}.")):
        return typst.compile(
            str(HERE / f"{template}.typ"),
            root=str(HERE),
            font_paths=[str(FONTS)],
            sys_inputs={name: json.dumps(data, ensure_ascii=False)},
            **options,
        )
