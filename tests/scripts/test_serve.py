"""The server answers under its own names, in its own frames, and says where errors are noted."""

from __future__ import annotations

import http.client
import json
import socket
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from dashboard import serve
from scripts import server
from tests.conftest import REPOSITORY
from tests.scripts.apps import write_app
from tests.waiting import LONG


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    free = server.any_port()
    app = write_app(tmp_path_factory.mktemp("app"), {"one": "st.write('1')"})
    with server.running(app, free):
        yield free


def stream(port: int, host: str, origin: str) -> None:
    """Open the websocket of a page, as a browser does that takes `host` for this address."""
    with (
        socket.create_connection((server.ADDRESS, port)) as here,
        connect(f"ws://{host}:{port}/_stcore/stream", sock=here, origin=origin),
    ):
        pass


def test_a_rebound_name_gets_no_websocket_and_no_page(port: int) -> None:
    for host in ("localhost", server.ADDRESS):
        stream(port, host, f"http://{host}:{port}")
    for host in ("evil.example", "localhost.evil.example", "127.0.0.1.evil.example"):
        with pytest.raises(InvalidStatus):
            stream(port, host, f"http://{host}:{port}")
        assert answer(port, "/", host).status == 400
    with pytest.raises(InvalidStatus):
        stream(port, "localhost", "http://evil.example")


@pytest.mark.parametrize("path", ["/", "/one", "/_stcore/health", "/nothing.js"])
def test_no_other_site_may_frame_it(port: int, path: str) -> None:
    said = answer(port, path, "localhost")
    assert said.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-ancestors 'self'" in said.headers["Content-Security-Policy"]


def test_further_names_are_those_that_were_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(serve.HOSTS, "relrec.example.org, *.example.net")
    free = server.any_port()
    with server.running(write_app(tmp_path, {"one": "st.write('1')"}), free, "0.0.0.0"):
        for host in ("localhost", "relrec.example.org", "a.example.net"):
            stream(free, host, f"http://{host}:{free}")
            assert answer(free, "/", host).status == 200
        for host in ("example.org", "evil.example"):
            with pytest.raises(InvalidStatus):
                stream(free, host, f"http://{host}:{free}")
            assert answer(free, "/", host).status == 400


def test_ready_says_what_does_not_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELREC_HOME", str(tmp_path / "empty"))
    free = server.any_port()
    with server.running(write_app(tmp_path, {"one": "st.write('1')"}), free):
        said = answer(free, "/ready", "localhost")
        assert said.status == 503
        assert json.load(said) == {"movies": False, "products": True, "sessions": True}
        assert answer(free, "/_stcore/health", "localhost").status == 200


def test_streamlits_cloud_is_among_the_names_of_its_own_command() -> None:
    config = tomllib.loads((REPOSITORY / ".streamlit" / "config.toml").read_text("utf-8"))
    assert config["server"]["allowedHosts"] == ["localhost", "127.0.0.1", "*.streamlit.app"]


def answer(port: int, path: str, host: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(server.ADDRESS, port, timeout=LONG)
    connection.request("GET", path, headers={"Host": f"{host}:{port}"})
    return connection.getresponse()
