"""How many lines a text takes, measured in the font that comes along."""

from __future__ import annotations

from functools import cache

from PIL import ImageFont

from dashboard.story.typeset import FONTS

SCALE, INCH, POINTS = 100, 96, 72
ARIAL, BOLD = 1.1, 1.22
"""How much wider presentations set a text, in Arial."""


@cache
def _font() -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / "SourceSansPro-Regular.ttf"), SCALE)


def width_of(text: str, points: float, wide: float = ARIAL) -> float:
    """Width of a line in pixels, 96 an inch; the arguments are as for `lines_of`."""
    return wide * points * INCH / POINTS / SCALE * _font().getlength(text)


def lines_of(text: str, points: float, width: float, wide: float = ARIAL) -> int:
    """Lines of a text of this size within a width in pixels.

    Args:
        text: with its line breaks.
        points: its size.
        width: in pixels, 96 an inch.
        wide: how wide its font is, for ours.
    """
    return sum(_lines(line, points, width, wide) for line in text.split("\n"))


def _lines(text: str, points: float, width: float, wide: float) -> int:
    lines, room = 1, width
    for word in text.split(" "):
        long = width_of(f"{word} ", points, wide)
        if long > room and room < width:
            lines, room = lines + 1, width
        lines += int(long // width)
        room -= long % width
    return lines
