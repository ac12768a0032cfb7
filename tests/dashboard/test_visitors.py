"""Who is named by a list, whose sign-in holds, and that a wrong set-up shuts everybody out."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import streamlit as st

from dashboard import visitors
from dashboard.visitors import Rules, named
from relrec_core import permission
from relrec_core.errors import ConfigError, ReadOnlyError

AUTH = f"""
[auth]
redirect_uri = "http://localhost:8501/oauth2callback"
cookie_secret = "{"x" * 32}"
client_id = "relrec"
client_secret = "secret"
server_metadata_url = "http://localhost:1/.well-known/openid-configuration"
"""


def user(**claims: Any) -> dict[str, Any]:
    of_ann = {"sub": "1", "email": "Ann@Example.org", "email_verified": True}
    return {"is_logged_in": True, "iat": time.time(), **of_ann, **claims}


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one file that secrets are read from; it does not exist yet."""
    file = tmp_path / "secrets.toml"
    asked = st.get_option
    monkeypatch.setattr(
        st, "get_option", lambda n: [str(file)] if n == "secrets.files" else asked(n)
    )
    monkeypatch.setattr("streamlit.config.get_option", st.get_option)
    monkeypatch.setattr(st, "secrets", type(st.secrets)())
    return file


@pytest.mark.parametrize(
    ("listed", "claims", "is_named"),
    [
        (["ann@example.org"], {}, True),
        ([" ANN@example.ORG "], {}, True),
        (["@example.org"], {}, True),
        (["sub:1"], {"email": None}, True),
        (["ann@example.org"], {"email_verified": "true"}, True),
        (["ann@example.org"], {"email_verified": False}, False),
        (["ann@example.org"], {"email_verified": None}, False),
        (["@example.org"], {"email": "ann@sub.example.org"}, False),
        (["@example.org"], {"email": "ann@evil.org@x"}, False),
        (["@example.org"], {"email": "@example.org"}, False),
        (["example.org"], {}, False),
        (["1"], {}, False),
        (["sub:1"], {"sub": "11"}, False),
        (["ann@example.org"], {"email": None, "sub": "ann@example.org"}, False),
        (["sub:1"], {"sub": "2", "email": "sub:1"}, False),
        ([""], {"email": "", "sub": ""}, False),
        (["sub:None"], {"sub": None}, False),
        ([], {}, False),
    ],
)
def test_who_is_on_a_list(listed: list[str], claims: dict[str, Any], is_named: bool) -> None:
    assert named(user(**claims), tuple(listed)) == is_named


def test_a_sign_in_holds_for_its_hours_and_only_where_it_is_one() -> None:
    rules = Rules(writers=("ann@example.org",), hours=2)
    assert rules.may_write(user()) and rules.may_look(user())
    for claims in (
        {"iat": time.time() - 7201},
        {"iat": None},
        {"iat": True},
        {"is_logged_in": False},
        {"is_logged_in": "yes"},
    ):
        assert not rules.may_look(user(**claims)) and not rules.may_write(user(**claims))


def test_viewers_are_all_who_sign_in_unless_listed_and_writers_are_viewers() -> None:
    ben = user(sub="2", email="ben@example.com")
    assert Rules(writers=("ann@example.org",)).may_look(ben)
    narrow = Rules(writers=("ann@example.org",), viewers=("@example.net",))
    assert not narrow.may_look(ben) and narrow.may_look(user())
    assert not Rules(viewers=("@example.org",)).may_write(user())


def test_without_secrets_everybody_may_do_everything(secrets: Path) -> None:
    assert visitors.rules() is None
    assert visitors.refusal() == ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[auth", "must be TOML"),
        ("[relrec]\nwriters = []", r"no \[auth\]"),
        ("auth = 3", "must be a section"),
        (AUTH.replace("client_secret", "secret_of_client"), "lacks client_secret"),
        (AUTH.replace("x" * 32, "x" * 31), "shorter than 32"),
        (AUTH + "[relrec]\nwriter = []", "writer: Extra"),
        (AUTH + "[relrec]\nwriters = 'ann@example.org'", "writers: Input should be"),
        (AUTH + "[relrec]\nhours = 0", "hours: Input should be greater"),
    ],
)
def test_a_wrong_set_up_is_said_and_lets_nobody_write(secrets: Path, text: str, said: str) -> None:
    secrets.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=said):
        visitors.rules()
    assert visitors.refusal()


def test_a_sign_in_that_must_be_there_and_is_not(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(visitors.REQUIRED, "1")
    with pytest.raises(ConfigError, match="no \\[auth\\]"):
        visitors.rules()


def test_a_thread_that_answers_nobody_may_not_write(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets.write_text(AUTH + '[relrec]\nwriters = ["@example.org"]', encoding="utf-8")
    monkeypatch.setattr(permission, "_refusal", visitors.refusal)
    assert permission.read_only() and not permission.process_read_only()
    with pytest.raises(ReadOnlyError, match="read-only for you, so it cannot train"):
        permission.require_writable("train")
