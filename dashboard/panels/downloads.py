"""What can be taken away from every page: pictures, the table, the explanation, a page."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlencode

import pandas as pd
import streamlit as st
from streamlit.runtime import exists, get_instance
from streamlit.runtime.scriptrunner import add_script_run_ctx, get_script_run_ctx

from dashboard import escape
from dashboard.figures.report import Told

KINDS = {
    "csv": "text/csv",
    "json": "application/json",
    "html": "text/html",
    "pdf": "application/pdf",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}


@dataclass(frozen=True)
class Files:
    """What is in the files of one explanation, each made when its button is pressed.

    Args:
        whole: the explanation with its proof.
        table: exact values, as the screen counts them.
        about: columns of every row that say what the table is of: item, user, method, unit.
        page: the HTML page, given the address of the view.
    """

    whole: Callable[[], Told]
    table: Callable[[], pd.DataFrame]
    about: Mapping[str, str]
    page: Callable[[str], str]


def address() -> str:
    """Where this very view is found again."""
    asked = urlencode(st.query_params.to_dict(), doseq=True)
    return f"{st.context.url}?{asked}" if asked else str(st.context.url)


def files(made: Files, name: str, key: str) -> None:
    """Buttons for the table, the explanation and a page by itself."""
    link = address()

    def told() -> str:
        explanation = made.whole()
        head = {
            "sentence": explanation.sentence(),
            "link": link,
            "time": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        whole = {**head, "explanation": json.loads(explanation.to_json())}
        return json.dumps(whole, ensure_ascii=False, indent=2)

    buttons(
        {
            "csv": ("Table (CSV)", lambda: escape.csv(made.table().assign(**made.about))),
            "json": ("Explanation (JSON)", told),
            "html": ("Page to print or to mail (HTML)", lambda: made.page(link)),
        },
        name,
        key,
    )


Content = Callable[[], str | bytes]


def buttons(
    contents: Mapping[str, tuple[str, Content]], name: str, key: str, *, disabled: bool = False
) -> None:
    """One to download each file: by its ending the button's words and what makes the content."""
    for ending, (label, content) in contents.items():
        st.download_button(
            label,
            _kept(content, f"{name}.{ending}", KINDS[ending], f"{key}_{ending}"),
            f"{name}.{ending}",
            KINDS[ending],
            key=f"{key}_{ending}",
            on_click="ignore",
            disabled=disabled,
            width="stretch",
        )


def _kept(content: Content, name: str, kind: str, key: str) -> Callable[[], bytes]:
    """What makes a file that stays on the server as long as this page shows its button.

    Streamlit lets go of a file made at a click as soon as the pages of two visitors have been
    drawn, whoever they are, even before the browser has asked for it.
    """
    visit = get_script_run_ctx()

    def made() -> bytes:
        found = content()
        data = found.encode() if isinstance(found, str) else found
        if exists():
            add = partial(get_instance().media_file_mgr.add, is_for_static_download=True)
            with ThreadPoolExecutor(1, "kept", add_script_run_ctx, (None, visit)) as as_visitor:
                as_visitor.submit(add, data, kind, key, name).result()
        return data

    return made
