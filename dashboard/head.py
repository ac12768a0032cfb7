"""The styles of all pages in the head of the page itself, so that nothing moves when they come.

Each page brings them along, too, for those who start it by Streamlit's own command; what a page
brings is applied only after it was drawn once.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard.components.files import HERE

STYLES = (
    "charts",
    "navigation",
    "printing",
    "tour_place",
    "answer_first",
    "visitor_place",
    "steady",
)
LATE = ("Html", "BidiComponent", "ButtonGroup", "Selectbox", "PlotlyChart")
"""Of Streamlit's scripts those that it fetches when a page first needs them; all pages do."""
HEADINGS = "SourceSerifVariable-Roman"
"""Their font; one that comes late breaks lines elsewhere."""
_SAME = (b"accept-encoding", b"if-none-match", b"if-modified-since")
"""Headers by which the answer would be packed, or none at all."""
END = b"</head>"


class Head:
    """Puts the styles into every page, and has the browser fetch the scripts while it waits."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.added = app, _added()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; the answer to one for a page gets its head filled."""
        if not _for_a_page(scope):
            await self.app(scope, receive, send)
            return
        held: list[Message] = []
        text = bytearray()

        async def filled(message: Message) -> None:
            if message["type"] == "http.response.start":
                held.append(message)
                return
            text.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            body = bytes(text).replace(END, self.added + END, 1)
            MutableHeaders(scope=held[0])["content-length"] = str(len(body))
            await send(held[0])
            await send({"type": "http.response.body", "body": body})

        asked = [(name, value) for name, value in scope["headers"] if name not in _SAME]
        await self.app({**scope, "headers": asked}, receive, filled)


def _for_a_page(scope: Scope) -> bool:
    """Whether this is what a browser asks when an address is opened: its paths have no dot."""
    return (
        scope["type"] == "http"
        and scope["method"] == "GET"
        and "." not in scope["path"]
        and any(n == b"accept" and b"text/html" in value for n, value in scope["headers"])
    )


def _added() -> bytes:
    style = "".join((HERE / f"{name}.css").read_text("utf-8") for name in STYLES)
    static = Path(st.__file__).parent / "static" / "static"
    links = [
        f'<link rel="modulepreload" href="./static/js/{file.name}">'
        for name in LATE
        for file in static.glob(f"js/{name}.*.js")
    ] + [
        f'<link rel="preload" href="./static/media/{file.name}" as="font" crossorigin>'
        for file in static.glob(f"media/{HEADINGS}*.woff2")
    ]
    return f"{''.join(links)}<style>{style}</style>".encode()
