"""Buttons that save a chart or a drawing as a picture: for a slide, as on screen, to edit."""

from __future__ import annotations

from dashboard.components.files import component

_HTML = "".join(
    f'<button type="button" class="{name}">{label}</button>'
    for name, label in (
        ("slide", "Picture for a slide, 16:9 (PNG)"),
        ("screen", "Picture as on screen (PNG)"),
        ("vector", "Picture to edit (SVG)"),
    )
)
_save = component(
    "save_picture",
    f'{_HTML}<p role="status"></p>',
    js=["save_picture"],
    css=["button", "save_picture"],
)


def save_chart(*, container: str, name: str, headline: str, source: str) -> None:
    """Save the chart inside the container with this key, between its headline and its source."""
    data = {"container": container, "name": name, "headline": headline, "source": source}
    _save(key=f"{container}_picture", data=data)


def save_drawing(svg: str, *, key: str, name: str) -> None:
    """Save a drawing that holds its headline and its source already."""
    _save(key=key, data={"svg": svg, "name": name})
