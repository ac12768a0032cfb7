"""The dashboard's server: python dashboard/serve.py APP ADDRESS PORT.

It answers under the address, as localhost, and under the names in `RELREC_ALLOWED_HOSTS`, separated
by commas; `*.example.org` stands for all names that end so.
With a COOKIE named behind these, each answer tells the visitor's browser the port in it, so that
one who shares visitors among servers leaves them where they are.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

import streamlit as st
from pydantic import PositiveInt, TypeAdapter, ValidationError
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from dashboard import memory, readiness
from dashboard.door import Door
from dashboard.head import Head
from relrec_core import logs
from relrec_core.errors import shortened

APP = Path(__file__).resolve().with_name("app.py")
HOSTS = "RELREC_ALLOWED_HOSTS"
ENVIRONMENT: Mapping[str, tuple[str, TypeAdapter[Any]]] = {
    "STREAMLIT_SERVER_MAX_UPLOAD_SIZE": ("server.maxUploadSize", TypeAdapter(PositiveInt)),
    "STREAMLIT_SERVER_ENABLE_AGENT_API": ("server.enableAgentApi", TypeAdapter(bool)),
}
"""Streamlit's settings that an environment variable changes here as it does in Streamlit's own
command, which alone looks at them all."""


def names(address: str) -> list[str]:
    """The names under which the server answers."""
    further = (name.strip() for name in os.environ.get(HOSTS, "").split(","))
    return [address, "localhost", "127.0.0.1", *filter(None, further)]


def application(app: Path, address: str, cookie: str = "") -> st.App:
    """The app of the script `app`, answering only under its own names and in no foreign frame.

    Args:
        app: the script.
        address: that it listens at.
        cookie: name and value of one that is set with every answer.
    """
    hosts = names(address)
    return st.App(
        app,
        lifespan=_prepared if app == APP else None,
        routes=[Route(readiness.PATH, readiness.ready)],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False),
            Middleware(OwnFrames, cookie),
            Middleware(Door),
            Middleware(Head),
        ],
        on_script_error=_said,
    )


class OwnFrames:
    """Says with every answer that no other site may show it in a frame, and which server it is."""

    def __init__(self, app: ASGIApp, cookie: str) -> None:
        self.app, self.cookie = app, cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and add the headers to what comes back."""

        async def framed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["X-Frame-Options"] = "SAMEORIGIN"
                headers.append("Content-Security-Policy", "frame-ancestors 'self'")
                if self.cookie:
                    headers.append("Set-Cookie", f"{self.cookie}; Path=/; HttpOnly; SameSite=Lax")
            await send(message)

        await self.app(scope, receive, framed)


def _by_environment() -> dict[str, object]:
    found = {name: os.environ[name] for name in ENVIRONMENT if name in os.environ}
    settings: dict[str, object] = {}
    for name, text in found.items():
        option, kind = ENVIRONMENT[name]
        try:
            settings[option] = kind.validate_python(text)
        except ValidationError as error:
            sys.exit(f"{name} is '{shortened(text)}': {error.errors()[0]['msg']}.")
    return settings


@contextlib.asynccontextmanager
async def _prepared(app: st.App) -> AsyncIterator[None]:
    memory.settle()
    yield


def _said(error: Exception) -> bool:
    st.error(
        "Something went wrong that was not foreseen. Reload the page to go on; the details are in "
        f"{logs.where()}.",
        icon=":material/error:",
    )
    return True


def main(app: Path, address: str, port: int, cookie: str = "") -> None:
    """Serve until the process is told to stop; `cookie` names the one that tells the port."""
    if not app.is_file():
        sys.exit(f"There is no app at {app}.")
    settings: dict[str, object] = {
        "server.address": address,
        "server.port": port,
        "server.allowedHosts": names(address),
        "server.headless": True,
        "browser.gatherUsageStats": False,
        "logger.level": "warning",
        "logger.enableRich": False,
        **_by_environment(),
    }
    told = f"{cookie}={port}" if cookie else ""
    application(app, address, told).run(config=settings)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2], int(sys.argv[3]), *sys.argv[4:])
