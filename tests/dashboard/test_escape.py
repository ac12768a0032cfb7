"""Text of others stays text: in Markdown, in Plotly's markup, in a spreadsheet."""

from __future__ import annotations

import csv
import html
import io
import re

import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from dashboard import escape
from tests.hostile import TEXTS

COMMONMARK = MarkdownIt("gfm-like", {"linkify": False})
SIGNS = st.sampled_from("*_~`$:<>[]()!|#+-=.&\\{}@/ \n\t\r'\"1aA")
WRITTEN = st.text(
    SIGNS | st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=40
)


@settings(max_examples=500, deadline=None)
@given(text=WRITTEN)
@example(text="\n".join(TEXTS))
def test_markdown_shows_exactly_the_text(text: str) -> None:
    escaped = escape.markdown(text).replace(":small[]", "")
    shown = "".join(
        part.content
        for token in COMMONMARK.parse(f"shown {escaped} end")
        for part in token.children or []
        if part.type in ("text", "text_special")
    )
    assert shown.split() == f"shown {text} end".split()
    for token in COMMONMARK.parse(escaped):
        assert token.type in ("paragraph_open", "inline", "paragraph_close")
        assert all(part.type in ("text", "text_special") for part in token.children or [])


@settings(deadline=None)
@given(text=WRITTEN)
def test_plotly_gets_entities_and_no_fields(text: str) -> None:
    escaped = escape.plotly(text)
    assert html.unescape(escaped) == html.unescape(html.escape(text, quote=False))
    assert not re.search("[<>{]", escaped)


@pytest.mark.parametrize(
    "cell", ["=cmd|' /C calc'!A0", "@SUM(A1)", "+1+cmd|x", "-2+3", "\t=1", "\n=1", " =1", "＝1+1"]
)
def test_a_spreadsheet_reads_no_formula(cell: str) -> None:
    frame = pd.DataFrame({cell: [cell, "a"], "n": [-1.5, 2e-9], "s": ["-3.25", "+7"]})
    rows = list(csv.reader(io.StringIO(escape.csv(frame), newline="")))
    assert rows == [[f"'{cell}", "n", "s"], [f"'{cell}", "-1.5", "-3.25"], ["a", "2e-09", "+7"]]


def test_a_table_without_formulas_is_what_pandas_writes() -> None:
    frame = pd.DataFrame(
        {"a": [1, 2], "b": [0.1 + 0.2, None], "c": ["x,y", None], "d": [True, False]}
    )
    assert escape.csv(frame) == frame.to_csv(index=False)
