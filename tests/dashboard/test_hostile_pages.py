"""Every Markdown element of every page, with hostile names in the data and in the address."""

from __future__ import annotations

import html
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from dashboard import escape
from tests import hostile, hostile_home
from tests.waiting import LONG

APP = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"
TEXT = hostile.LINKS.format(address="http://127.0.0.1:9/")
ESCAPED = re.compile(r"\\[^\w\s]")
MARKDOWN = ("body", "label", "help", "caption", "captions", "text", "content", "content_help")
"""Names of fields that the browser reads as Markdown; `options` are, of a radio."""

OTHERS = {
    "movies": ("film", ("1", "2")),
    "products": ("relation", ("also_viewed", "also_bought")),
    "sessions": ("track", ("11", "12")),
}
"""Pages on which a case is pinned, and what asks for another: one of the two is not shown yet."""
KEPT = {
    "movies": "keep_movie_main",
    "products": "keep_product_product",
    "sessions": "keep_session",
}
"""Pages whose explanation is added to the story, and the button."""


@pytest.fixture(scope="module")
def plays(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Folder of session logs, in a data directory that is hostile throughout."""
    home = tmp_path_factory.mktemp("hostile")
    before = os.environ["RELREC_HOME"]
    os.environ["RELREC_HOME"] = str(home)
    yield hostile_home.install(home, TEXT)
    os.environ["RELREC_HOME"] = before


def texts(message: Message, names: tuple[str, ...]) -> Iterator[str]:
    """Every text under one of these names, at any depth."""
    for field, value in message.ListFields():
        values = value if field.is_repeated else [value]
        if field.type == FieldDescriptor.TYPE_MESSAGE:
            for one in values:
                yield from texts(one, names)
        elif field.type == FieldDescriptor.TYPE_STRING and field.name in names:
            yield from values


def markdown(app: AppTest) -> list[str]:
    """All that the page shows as Markdown."""
    assert not app.exception
    return [
        text
        for node in app._tree
        if getattr(node, "proto", None) is not None and node.type != "html"
        for text in texts(node.proto, (*MARKDOWN, *(("options",) if node.type == "radio" else ())))
    ]


def another_beside(app: AppTest, page: str) -> list[str]:
    """All that the page shows as Markdown when a case is pinned beside another one."""
    app.button(key=f"pin_{page}").click().run()
    key, values = OTHERS[page]
    app.session_state[key] = next(v for v in values if v != app.session_state[key])
    found = markdown(app.run())
    assert any(text.startswith("**What differs most") for text in found)
    return found


def kept(app: AppTest, page: str) -> list[str]:
    """All that the story page shows as Markdown once the page's explanation is in it."""
    app.button(key=KEPT[page]).click().run()
    assert not app.exception
    found = markdown(app.switch_page("app_pages/story.py").run())
    assert app.text_input(key="story_title") and len(app.text_area) == 1
    return found


@pytest.mark.parametrize("name", hostile.PAGES)
def test_no_element_reads_names_as_markdown(name: str, plays: Path) -> None:
    page = name.partition(",")[0]
    app = AppTest.from_file(str(APP), default_timeout=LONG)
    app.switch_page(f"app_pages/{page}.py")
    for key, value in hostile.parameters(name, TEXT).items():
        app.query_params[key] = (
            str(plays) if name == "sessions, a folder" and key == "folder" else value
        )
    app.run()
    if name == "sessions, a folder":
        next(b for b in app.button if b.label == "Open this folder").click().run()
    found = markdown(app)
    if name in OTHERS:
        found += another_beside(app, page)
    if name in KEPT:
        found += kept(app, page)
    nameless = name.startswith(("evidence", "story"))  # no name of the data's stands there
    assert any(escape.markdown(TEXT) in text for text in found) or nameless
    own = "your own training run"  # the page says so where it is not the model that ships
    shown_here = name.startswith(("overview", "movies", "products"))
    assert any(own in ESCAPED.sub("", text) for text in found) == shown_here
    for text in found:
        unescaped = ESCAPED.sub("", text)
        assert not [raw for raw in (TEXT, *hostile.TEXTS) if raw in unescaped], text


def printed() -> None:
    """A page with nothing but a table on paper."""
    import pandas as pd

    from dashboard.components.printing import on_paper
    from tests import hostile

    on_paper(pd.DataFrame({"Reason": hostile.TEXTS}), key="texts")


def test_a_printed_table_holds_names_as_text_and_whole() -> None:
    (table,) = AppTest.from_function(printed, default_timeout=LONG).run().get("html")
    cells = re.findall(r"<td>(.*?)</td>", table.proto.body, re.DOTALL)
    assert not [cell for cell in cells if "<" in cell or ">" in cell]
    assert [html.unescape(cell) for cell in cells] == list(hostile.TEXTS)
