"""Who may look and who may change things, where the operator has set up a sign-in.

The sign-in is Streamlit's own (OpenID Connect, `[auth]` of `.streamlit/secrets.toml`); what a
signed-in visitor may do stands beside it, in `[relrec]`. Without `[auth]` nobody signs in.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from streamlit.runtime.scriptrunner import get_script_run_ctx

from relrec_core.errors import ConfigError

REQUIRED = "RELREC_REQUIRE_SIGN_IN"
"""Environment variable: with 1, nothing is shown where no sign-in is set up."""
SUBJECT = "sub:"
READ_ONLY = "This dashboard is read-only for you"
NEEDED = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
SHORTEST_SECRET = 32
_ended: dict[tuple[str, float], float] = {}
"""Sign-ins that were ended here, by subject and time of issue, and when each will be too old."""

Claims = Mapping[str, Any]
"""What the provider says of a visitor, as `st.user` holds it."""


class Rules(BaseModel):
    """What signed-in visitors may do. An entry of a list is a verified address (`ann@example.org`),
    all verified addresses of a domain (`@example.org`), or a subject (`sub:248289761001`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    writers: tuple[str, ...] = ()
    viewers: tuple[str, ...] | None = None
    hours: float = Field(default=12, gt=0)
    """After which somebody has to sign in again."""

    def signed_in(self, user: Claims) -> bool:
        """Whether these claims are those of a sign-in that has not ended."""
        issued = user.get("iat")
        return (
            user.get("is_logged_in") is True
            and isinstance(issued, int | float)
            and time.time() < issued + 3600 * self.hours
            and (str(user.get("sub")), float(issued)) not in _ended
        )

    def may_look(self, user: Claims) -> bool:
        """Whether they may see the pages."""
        listed = self.viewers is None or named(user, (*self.viewers, *self.writers))
        return self.signed_in(user) and listed

    def may_write(self, user: Claims) -> bool:
        """Whether they may train, make active, measure and import."""
        return self.signed_in(user) and named(user, self.writers)


def named(user: Claims, listed: tuple[str, ...]) -> bool:
    """Whether a list names this user: by an address that the provider has verified, or a subject.

    An address that is not verified is what somebody typed, so it names nobody.
    """
    subject, address = user.get("sub"), user.get("email")
    names = {f"{SUBJECT}{subject}"} if isinstance(subject, str) and subject else set()
    if isinstance(address, str) and user.get("email_verified") in (True, "true"):
        local, at, domain = address.casefold().rpartition("@")
        names |= {f"{local}@{domain}", f"@{domain}"} if local and at else set()
    return any(
        (entry if entry.startswith(SUBJECT) else entry.strip().casefold()) in names
        for entry in listed
    )


def rules() -> Rules | None:
    """What visitors may do; None where no sign-in is set up, so that everybody may look and write.

    Raises:
        ConfigError: it is set up, but not as it must be; then nobody may do anything.
    """
    auth, ours = _section("auth"), _section("relrec")
    if auth is None:
        if ours is not None:
            raise ConfigError("secrets.toml has [relrec] and no [auth]; add [auth] to it.")
        if os.environ.get(REQUIRED) == "1":
            raise ConfigError(f"{REQUIRED} is 1 and there is no [auth] in secrets.toml.")
        return None
    if missing := [name for name in NEEDED if not auth.get(name)]:
        raise ConfigError(f"[auth] of secrets.toml lacks {', '.join(missing)}.")
    if len(str(auth["cookie_secret"])) < SHORTEST_SECRET:
        raise ConfigError(f"cookie_secret is shorter than {SHORTEST_SECRET} characters.")
    try:
        return Rules(**(ours or {}))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigError(f"[relrec] of secrets.toml: {where}: {first['msg']}.") from error


def visitor() -> Claims:
    """What is known of whoever the answer is being made for; nothing outside of an answer."""
    context = get_script_run_ctx(suppress_warning=True)
    return {} if context is None else st.user.to_dict()


def refusal() -> str:
    """Why whoever the answer is being made for may not change anything; nothing where they may."""
    try:
        found = rules()
    except ConfigError:
        return READ_ONLY
    return "" if found is None or found.may_write(visitor()) else READ_ONLY


def leave() -> None:
    """End this visitor's sign-in: its cookie is of no use any more, in whichever window."""
    user, now = visitor(), time.time()
    for ended in [key for key, over in _ended.items() if over < now]:
        del _ended[ended]
    found = rules()
    issued = user.get("iat")
    if found is not None and isinstance(issued, int | float):
        _ended[str(user.get("sub")), float(issued)] = issued + 3600 * found.hours
    st.logout()


def _section(name: str) -> dict[str, Any] | None:
    """A section of the secrets, or None where there is none.

    Raises:
        ConfigError: there are secrets that cannot be read.
    """
    if not st.secrets.load_if_toml_exists():
        if any(Path(file).exists() for file in st.get_option("secrets.files")):
            raise ConfigError("secrets.toml cannot be read; it must be TOML.")
        return None
    section = st.secrets.get(name)
    if section is not None and not isinstance(section, Mapping):
        raise ConfigError(f"{name} of secrets.toml must be a section, [{name}].")
    return None if section is None else dict(section)
