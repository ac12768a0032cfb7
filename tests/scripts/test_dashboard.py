"""The dashboard's command: ports, health, pages, a clean end."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts import launch, server
from scripts.server import ServerError
from tests.conftest import REPOSITORY
from tests.scripts.apps import write_app
from tests.waiting import LONG


@pytest.fixture
def taken() -> Iterator[int]:
    """A port at which another program listens."""
    with socket.create_server((server.ADDRESS, 0)) as listening:
        yield listening.getsockname()[1]


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return write_app(tmp_path, {"one": "st.write('1')", "two": "st.write('2')"})


@contextlib.contextmanager
def start(app: Path, *arguments: str, home: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    """Run the command on another app, in the environment that the tests run in."""
    code = (
        "import sys; from pathlib import Path; from scripts import environment, launch; "
        "environment.enter = lambda *requirements: None; "
        "sys.exit(launch.main(sys.argv[2:], Path(sys.argv[1])))"
    )
    with subprocess.Popen(
        [sys.executable, "-u", "-c", code, str(app), *arguments],
        cwd=REPOSITORY,
        env={**os.environ, **({"RELREC_HOME": str(home)} if home else {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()  # where a test failed, nothing waits for it


def run(app: Path, *arguments: str, home: Path | None = None) -> tuple[int, str, str]:
    with start(app, *arguments, home=home) as process:
        out, err = process.communicate(timeout=LONG)
    return process.returncode, out, err


def test_port_in_use(app: Path, taken: int, ml_100k: Path) -> None:
    code, _, err = run(app, "--headless", "--port", str(taken))
    assert code == 1
    assert err == (
        f"Port {taken} is in use by another program. Stop that program, or choose another port "
        "with --port, or leave --port out to take the next free one.\n"
    )


def test_next_free_port(
    taken: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(server, "USUAL_PORT", taken)
    port = server.choose_port(None)
    assert port > taken
    assert f"Port {taken} is in use, so this takes port {port}." in capsys.readouterr().out
    monkeypatch.setattr(server, "PORTS_TRIED", 1)
    with pytest.raises(ServerError, match="choose one with --port"):
        server.choose_port(None)


@pytest.mark.parametrize("text", ["0", "65536", "-1", "x", "80.5"])
def test_port_that_is_none(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        launch.parser().parse_args([f"--port={text}"])
    assert "is not a port; it is a number from 1 to 65535" in capsys.readouterr().err


def test_check_renders_every_page(app: Path, ml_100k: Path) -> None:
    code, out, err = run(app, "--check")
    assert code == 0, err
    assert [line.split()[:2] for line in out.splitlines()] == [["one", "ok"], ["two", "ok"]]


def test_check_finds_the_broken_and_the_forgotten_page(tmp_path: Path, ml_100k: Path) -> None:
    pages = {"broken": "raise ValueError('no such film')", "fine": "", "forgotten": ""}
    code, out, _ = run(write_app(tmp_path, pages, shown=["fine", "broken"]), "--check")
    assert code == 1
    assert [line.split()[:2] for line in out.splitlines() if line[0] != " "] == [
        ["broken", "failed"],
        ["fine", "ok"],
        ["forgotten", "failed"],
    ]
    assert "no such film" in out
    assert "app.py does not show this page" in out


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_serves_only_this_computer_and_stops_cleanly(
    by: signal.Signals, tmp_path: Path, ml_100k: Path
) -> None:
    told = tmp_path / "told"
    page = (
        "import os, pathlib\n"
        f"pathlib.Path({str(told)!r}).write_text(os.environ['RELREC_HOME'] + "
        "os.environ['RELREC_READ_ONLY'])"
    )
    app = write_app(tmp_path, {"one": page})
    port = server.any_port()
    home = ml_100k.parent.parent
    arguments = ["--headless", "--read-only", "--data-dir", str(home), "--port", str(port)]
    with start(app, *arguments) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(f"RelRec is at http://localhost:{port} ")
        connection = http.client.HTTPConnection(server.ADDRESS, port, timeout=LONG)
        connection.request("GET", "/")
        assert connection.getresponse().status == 200
        connection.close()
        assert not server.is_free(port)
        process.send_signal(by)
        out, err = process.communicate(timeout=LONG)
    assert process.returncode == 0
    assert out == "Stopped.\n"
    assert "Traceback" not in err
    assert server.is_free(port)


def test_settings_reach_the_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELREC_HOME", "before")
    monkeypatch.delenv("RELREC_READ_ONLY", raising=False)
    launch._settings(tmp_path / "data", read_only=False)
    assert os.environ["RELREC_HOME"] == str(tmp_path / "data")
    assert "RELREC_READ_ONLY" not in os.environ
    monkeypatch.setenv("RELREC_READ_ONLY", "")
    launch._settings(None, read_only=True)
    assert os.environ["RELREC_READ_ONLY"] == "1"


def test_settings_of_serving_reach_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RELREC_ALLOWED_HOSTS", "RELREC_LOG_ANSWERS"):
        monkeypatch.setenv(name, "as it was")
    launch._serving_settings([], log_answers=False)
    assert os.environ["RELREC_ALLOWED_HOSTS"] == os.environ["RELREC_LOG_ANSWERS"] == "as it was"
    launch._serving_settings(["a.example.org", "b.example.org"], log_answers=True)
    assert os.environ["RELREC_ALLOWED_HOSTS"] == "a.example.org,b.example.org"
    assert os.environ["RELREC_LOG_ANSWERS"] == "1"


def test_data_dir_that_is_a_file(app: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, _, err = run(app, "--check", "--data-dir", str(tmp_path / "file"))
    assert (code, err) == (1, f"--data-dir needs a folder, and {tmp_path / 'file'} is a file.\n")


def test_starts_without_data_that_cannot_be_got(app: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    code, out, err = run(app, "--check", home=blocked)
    assert code == 0
    assert "The dashboard starts without data; its pages say how to get it." in out
    assert "MovieLens 100K could not be installed" in err
    assert "Traceback" not in err


@pytest.mark.slow
def test_read_only_shows_every_page_and_writes_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    code, out, err = run(launch.APP, "--check", "--read-only", home=home)
    assert code == 0, out + err
    assert "it cannot install MovieLens 100K" in err
    assert "The dashboard starts without data" in out
    assert out.count(" ok ") == 7
    assert not home.exists()


def test_server_that_ends_before_it_is_ready(tmp_path: Path, ml_100k: Path) -> None:
    code, _, err = run(tmp_path / "dashboard" / "absent.py", "--headless")
    assert code == 1
    assert "before it was ready; the lines above say why." in err
    assert "Traceback" not in err
