"""Pictures and uploads, which do not pass through a page, are for those who may see the pages."""

from __future__ import annotations

import json

from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.auth_util import get_origin_from_redirect_uri
from streamlit.web.server.starlette import starlette_websocket as sockets
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from dashboard import visitors
from relrec_core.errors import ConfigError

GUARDED = ("/media/", "/_stcore/upload_file/")


class Door:
    """Refuses what is guarded to whom no page is shown, where a sign-in is set up."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer 403."""
        guarded = scope["type"] == "http" and any(part in scope["path"] for part in GUARDED)
        if guarded and not admitted(Request(scope)):
            await PlainTextResponse("Sign in first.", 403)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def admitted(request: Request) -> bool:
    """Whether whoever sent this request may see the pages."""
    try:
        rules = visitors.rules()
    except ConfigError:
        return False
    if rules is None:
        return True
    signed = sockets._get_signed_cookie_with_chunks(request.cookies, USER_COOKIE_NAME)
    if not signed:
        return False
    claims = json.loads(signed)
    return claims.get("origin") == get_origin_from_redirect_uri() and rules.may_look(claims)
