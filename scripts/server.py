"""Run the dashboard's server on this computer, only for this computer unless told otherwise."""

from __future__ import annotations

import contextlib
import http.client
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from relrec_core.errors import RelRecError
from scripts import environment
from scripts.balancer import COOKIE

ADDRESS = "127.0.0.1"
SERVE = Path(__file__).resolve().parent.parent / "dashboard" / "serve.py"
USUAL_PORT = 8501
PORTS_TRIED = 50
HEALTH_SECONDS = 300.0
STOP_SECONDS = 5.0


class ServerError(RelRecError):
    """The server could not be started."""


def is_free(port: int) -> bool:
    """Whether a server could listen at this port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if os.name != "nt":  # there it would let two servers share the port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            return False
    return True


def choose_port(asked: int | None) -> int:
    """The port that was asked for, else the usual one or the next that is free."""
    if asked is not None:
        if not is_free(asked):
            raise ServerError(
                f"Port {asked} is in use by another program. Stop that program, or choose "
                "another port with --port, or leave --port out to take the next free one."
            )
        return asked
    for port in range(USUAL_PORT, USUAL_PORT + PORTS_TRIED):
        if is_free(port):
            if port != USUAL_PORT:
                print(f"Port {USUAL_PORT} is in use, so this takes port {port}.", flush=True)
            return port
    last = USUAL_PORT + PORTS_TRIED - 1
    raise ServerError(f"All ports from {USUAL_PORT} to {last} are in use; choose one with --port.")


def any_port() -> int:
    """A port that is free now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((ADDRESS, 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(
    app: Path, port: int, address: str = ADDRESS, *more: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Start the server for `app`, wait until it is healthy, and stop it at the end.

    Args:
        address: where it listens: this computer's own, or "0.0.0.0" for every network it is in.
        more: the name of a cookie that tells the port.
    """
    command = [str(SERVE), str(app), address, str(port), *more]
    with _process(command, app.parent.parent, port) as process:
        yield process


@contextlib.contextmanager
def several(
    app: Path, port: int, number: int, address: str = ADDRESS
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Start so many servers, and at `port` of `address` what shares the visitors among them.

    Yields:
        The servers' processes.
    """
    if number == 1:
        with running(app, port, address) as process:
            yield [process]
        return
    os.environ.setdefault("STREAMLIT_SERVER_COOKIE_SECRET", secrets.token_hex())  # shared by all
    with contextlib.ExitStack() as stack:
        ports, processes = [], []
        for _ in range(number):
            ports.append(any_port())
            processes.append(stack.enter_context(running(app, ports[-1], ADDRESS, COOKIE)))
        shared = f"from scripts.balancer import main; main({address!r}, {port}, {ports})"
        stack.enter_context(_process(["-c", shared], environment.ROOT, port))
        yield processes


@contextlib.contextmanager
def _process(arguments: list[str], folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, *arguments]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL)
    try:
        _wait_until_healthy(process, port)
        yield process
    finally:
        _stop(process)


def _wait_until_healthy(
    process: subprocess.Popen[bytes], port: int, seconds: float = HEALTH_SECONDS
) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if process.poll() is not None:
            raise ServerError(
                f"The server ended with exit code {process.returncode} before it was ready; "
                "the lines above say why."
            )
        if _healthy(port):
            return
        time.sleep(0.05)
    raise ServerError(f"The server did not answer at port {port} within {seconds:.0f} s.")


def _healthy(port: int) -> bool:
    connection = http.client.HTTPConnection(ADDRESS, port, timeout=2)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
