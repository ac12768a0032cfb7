"""A small table whole: it scrolls inside its frame where it is too wide, and prints uncut."""

from __future__ import annotations

import pandas as pd

from dashboard.components.files import component

_HTML = (
    "<p hidden>Scroll the table sideways: it has more columns →</p>"
    '<div class="frame" role="region"><table><thead></thead><tbody></tbody></table></div>'
)
_table = component("table", _HTML, js=["table"], css=["table"])


def table(frame: pd.DataFrame, *, key: str, label: str) -> None:
    """A table of texts, the first column naming its rows; `label` says what it holds."""
    _table(
        key=key,
        data={"columns": list(map(str, frame)), "rows": frame.values.tolist(), "label": label},
    )
