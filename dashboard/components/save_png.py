"""A button that saves a chart or a drawing as a picture."""

from __future__ import annotations

from dashboard.components.files import component

_HTML = '<button type="button">Picture (PNG)</button><p role="status"></p>'
_save = component("save_png", _HTML, js=["save_png"], css=["button"])


def png_button(*, container: str, file_name: str) -> None:
    """Save the chart inside the container with this key as a picture, as it is on screen."""
    _save(key=f"{container}_png", data={"container": container, "file_name": file_name})


def svg_button(svg: str, *, key: str, file_name: str) -> None:
    """Save a drawing as a picture, at twice its size."""
    _save(key=key, data={"svg": svg, "file_name": file_name})
