"""The one colour language: support warm, opposition cool, legible in light and dark."""

from __future__ import annotations

SUPPORT, OPPOSITION, NEUTRAL, ACCENT = "#d9692b", "#3a86c8", "#8a8577", "#6b5bb5"


def faded(colour: str, opacity: float) -> str:
    """'#rrggbb' with an opacity from 0 to 1, as Plotly wants it."""
    red, green, blue = rgb(colour)
    return f"rgba({red},{green},{blue},{opacity})"


def rgb(colour: str) -> tuple[int, int, int]:
    """'#rrggbb' as three numbers up to 255."""
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return red, green, blue


def contrast(one: str, other: str) -> float:
    """Ratio of the luminances of two '#rrggbb', 1 to 21 (WCAG 2.1, contrast ratio)."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = (part / 255 for part in rgb(colour))
    linear = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def on(colour: str) -> str:
    """Black or white, whichever is easier to read on a colour: at least 4.5 to 1."""
    return max(("#000000", "#ffffff"), key=lambda ink: contrast(ink, colour))


def of(relevance: float) -> str:
    """The colour of what raises the score or lowers it."""
    return SUPPORT if relevance >= 0 else OPPOSITION


def signed(value: float, digits: int = 2) -> str:
    """'+0.41' or '−0.41' with a true minus sign; small values keep their first digit."""
    return f"{value + 0.0:+.{_enough(value, digits)}f}".replace("-", "−")


def plain(value: float, digits: int = 2) -> str:
    """A number with a minus sign as in print; zero has none."""
    return f"{value:z.{digits}f}".replace("-", "−")


def exact(value: float, digits: int = 2) -> str:
    """As `plain`, but small values keep their first digit."""
    return plain(value, _enough(value, digits))


def counted(number: int, noun: str) -> str:
    """'1 row', '2,000 rows'."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _enough(value: float, digits: int) -> int:
    while 0 < abs(value) < 0.5 * 10**-digits and digits < 5:
        digits += 1
    return digits
