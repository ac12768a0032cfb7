"""An OpenID Connect provider on this computer: discovery, codes with PKCE, signed tokens, sign-out.

Whoever comes says in a form who they are; what the tokens say of them is in `People`.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import html
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from scripts import server

People = Mapping[str, Mapping[str, Any]]
"""Claims by the name that is typed into the form."""


@dataclass
class Provider:
    """Its address, its one client, and what it has given out."""

    address: str
    people: People
    client: tuple[str, str] = ("relrec", "the client's secret")
    lifetime: float = 3600.0
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    """What tokens are signed with."""
    published: RSAKey | None = None
    """Whose signatures it says are its own; those of `key` where it is None."""
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    signed_out: list[str] = field(default_factory=list)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.discovery),
                Route("/keys", self.keys),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/end", self.end),
            ]
        )

    async def discovery(self, request: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.address,
                "authorization_endpoint": f"{self.address}/authorize",
                "token_endpoint": f"{self.address}/token",
                "jwks_uri": f"{self.address}/keys",
                "end_session_endpoint": f"{self.address}/end",
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    async def keys(self, request: Request) -> Response:
        return JSONResponse({"keys": [(self.published or self.key).as_dict(private=False)]})

    async def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["client_id"] == self.client[0]
        assert asked["code_challenge_method"] == "S256"
        if asked.get("who") not in self.people:
            fields = "".join(
                f'<input type="hidden" name="{name}" value="{html.escape(value)}">'
                for name, value in asked.items()
            )
            return HTMLResponse(
                f"<h1>Who are you?</h1><form>{fields}"
                '<label>Name <input name="who"></label><button>Go on</button></form>'
            )
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        answer = urlencode({"code": code, "state": asked["state"]})
        return RedirectResponse(f"{asked['redirect_uri']}?{answer}")

    async def token(self, request: Request) -> Response:
        said = await request.form()
        basic = base64.b64encode(":".join(self.client).encode()).decode()
        asked = self.codes.pop(str(said["code"]), None)
        digest = hashlib.sha256(str(said["code_verifier"]).encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            request.headers["authorization"] != f"Basic {basic}"
            or asked is None
            or asked["redirect_uri"] != said["redirect_uri"]
            or asked["code_challenge"] != challenge
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.address,
            "aud": self.client[0],
            "iat": now,
            "exp": now + int(self.lifetime),
            "nonce": asked["nonce"],
            "sub": asked["who"],
            **self.people[asked["who"]],
        }
        signed = jwt.encode({"alg": "RS256", "kid": "one"}, claims, self.key)
        token = {"access_token": secrets.token_urlsafe(), "token_type": "Bearer"}
        return JSONResponse({**token, "expires_in": int(self.lifetime), "id_token": signed})

    async def end(self, request: Request) -> Response:
        hint = jwt.decode(request.query_params["id_token_hint"], self.key)
        self.signed_out.append(hint.claims["sub"])
        return RedirectResponse(request.query_params["post_logout_redirect_uri"])


@contextlib.contextmanager
def provider(people: People) -> Iterator[Provider]:
    """Run one as long as this lasts."""
    port = server.any_port()
    made = Provider(f"http://{server.ADDRESS}:{port}", people)
    running = uvicorn.Server(
        uvicorn.Config(made.app(), server.ADDRESS, port, log_level="error", lifespan="off")
    )
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    try:
        yield made
    finally:
        running.should_exit = True
        thread.join()
