"""Dashboards for the tests of the pages: one that all share, and others of their own."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from relrec_core.sources import lock
from scripts import server
from tests.waiting import LONG

APP = Path(__file__).resolve().parents[2] / "dashboard" / "app.py"
TIED = """
import os, pathlib, sys, threading
from dashboard import serve
def end():
    sys.stdin.read()
    os._exit(0)
threading.Thread(target=end, daemon=True).start()
serve.main(pathlib.Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
"""
"""A server that ends when the process that started it ends, however that ends."""


@contextlib.contextmanager
def serving(
    home: Path, app: Path = APP, *, before: str = "", port: int | None = None, **settings: str
) -> Iterator[str]:
    """Address of a dashboard over the data directory `home`, at `port` or at any.

    The statements `before` run in its process first; `settings` are environment variables.
    """
    port = port or server.any_port()
    command = [sys.executable, "-c", before + TIED, str(app), server.ADDRESS, str(port)]
    process = subprocess.Popen(
        command,
        cwd=APP.parent.parent,
        env={**os.environ, "RELREC_HOME": str(home), **settings},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
    )
    try:
        server._wait_until_healthy(process, port, seconds=LONG)
        yield f"http://{server.ADDRESS}:{port}"
    finally:
        server._stop(process)
        assert process.stdin is not None
        process.stdin.close()


@contextlib.contextmanager
def shared(folder: Path, data: Path) -> Iterator[str]:
    """Address of the one dashboard of all processes that run tests, which only looks.

    The first that asks starts it in `folder`, over a copy of the data set `data`, and stops it
    after all others have gone: each holds a lock, which goes with its process.
    """
    address, mine = folder / "address", folder / f"{os.getpid()}.user"
    with contextlib.ExitStack() as leaving:
        with lock.held(folder / "lock"):
            if address.exists():
                leaving.enter_context(lock.held(mine))
            else:
                home = folder / "home"
                shutil.copytree(data, home / "data" / data.name, dirs_exist_ok=True)
                address.write_text(leaving.enter_context(serving(home)), encoding="utf-8")
                leaving.callback(_await_users, folder)
            found = address.read_text(encoding="utf-8")
        yield found


def _await_users(folder: Path) -> None:
    with lock.held(folder / "lock"):
        (folder / "address").unlink()
    for user in folder.glob("*.user"):
        with lock.held(user):
            pass


@contextlib.contextmanager
def home_of(folder: Path) -> Iterator[None]:
    """This process, too, uses the data directory `folder`."""
    before = os.environ["RELREC_HOME"]
    os.environ["RELREC_HOME"] = str(folder)
    try:
        yield
    finally:
        os.environ["RELREC_HOME"] = before
