"""Tiny dashboards, to try the scripts on."""

from __future__ import annotations

from pathlib import Path

APP = """
import streamlit as st
pages = [st.Page(f"app_pages/{name}.py", title=name) for name in %r]
st.navigation(pages).run()
"""


def write_app(folder: Path, pages: dict[str, str], shown: list[str] | None = None) -> Path:
    """Write an app with these pages, of which those in `shown` are in its navigation."""
    app = folder / "dashboard" / "app.py"
    (app.parent / "app_pages").mkdir(parents=True)
    app.write_text(APP % (shown or list(pages)))
    for name, code in pages.items():
        (app.parent / "app_pages" / f"{name}.py").write_text(f"import streamlit as st\n{code}\n")
    return app
