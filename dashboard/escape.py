"""Text from data, files and links stays text, in whatever language it is shown."""

from __future__ import annotations

import html
import re
import string

import pandas as pd

_PUNCTUATION = re.compile(f"[{re.escape(string.punctuation)}]")
_READ_TOGETHER = re.compile(
    r"(?<=:)(?=[\w+-]+:)"  # :heart:, :material_home:
    r"|(?<=h)(?=ttps?:)|(?<=w)(?=ww\.)|(?<=@)(?=\w)"  # addresses become links
    r"|(?<=[-<>=~])(?=[-<>=~])",  # -> and its like become arrows
    re.IGNORECASE,
)
"""Where Streamlit looks for more in a text whose punctuation is escaped already."""
_NOTHING = ":small[]"
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")


def markdown(text: object) -> str:
    """A text as Markdown that shows exactly this text, with white space as single spaces.

    Every punctuation mark is escaped, and an empty element parts what Streamlit reads together
    only after that.
    """
    parts = _READ_TOGETHER.split(" ".join(str(text).split()))
    return _NOTHING.join(_PUNCTUATION.sub(r"\\\g<0>", part) for part in parts)


def plotly(text: object) -> str:
    """A text for Plotly, which reads tags and entities everywhere and %{fields} in templates."""
    return html.escape(str(text), quote=False).replace("{", "&#123;")


def csv(frame: pd.DataFrame) -> str:
    """A table as CSV; a spreadsheet shows each text, even one that looks like a formula."""
    return frame.map(_inert).rename(columns=_inert).to_csv(index=False)


def _inert(cell: object) -> object:
    if not isinstance(cell, str) or not _FORMULA.match(cell):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell
