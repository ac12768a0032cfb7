"""Components from the files beside this one: script and style are files, not text in Python."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

HERE = Path(__file__).parent


def component(name: str, html: str, *, js: Sequence[str], css: Sequence[str]) -> Any:
    """A component of these scripts and these style sheets, each one after the other."""
    return st.components.v2.component(
        f"relrec_{name}", html=html, js=_text("js", js), css=_text("css", css)
    )


def _text(kind: str, names: Sequence[str]) -> str:
    return "\n".join((HERE / f"{name}.{kind}").read_text("utf-8") for name in names)
