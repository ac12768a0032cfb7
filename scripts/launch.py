"""What run_dashboard.py does once the Python is new enough."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import webbrowser
from pathlib import Path

from relrec_core.errors import RelRecError
from scripts import check_pages, environment, server

APP = environment.ROOT / "dashboard" / "app.py"
DEMO = "ml-100k"
MOST_PROCESSES = 64


def parser() -> argparse.ArgumentParser:
    """The options of run_dashboard.py."""
    options = argparse.ArgumentParser(
        prog="run_dashboard.py",
        description="Start the RelRec dashboard on this computer and open it in the browser.",
    )
    options.add_argument(
        "--port",
        type=_port,
        help=f"port to listen at (default: {server.USUAL_PORT} or the next free one)",
    )
    options.add_argument(
        "--processes",
        type=_count,
        default=1,
        help="servers that share the visitors, for many of them at once (default: 1)",
    )
    options.add_argument("--headless", action="store_true", help="do not open a browser")
    options.add_argument(
        "--data-dir", type=Path, metavar="FOLDER", help="folder for data, runs and evaluations"
    )
    options.add_argument(
        "--read-only",
        action="store_true",
        help="for showing it to others: no training, no activation, nothing is written",
    )
    options.add_argument(
        "--address",
        choices=(server.ADDRESS, "0.0.0.0"),
        default=server.ADDRESS,
        help="listen for this computer only (default), or, behind a proxy, for every network",
    )
    options.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a further name under which visitors reach it, such as relrec.example.org",
    )
    options.add_argument(
        "--log-answers",
        action="store_true",
        help="print a line for each answer of a page: page, wing, milliseconds",
    )
    options.add_argument(
        "--check",
        action="store_true",
        help="start, render every page once, print one line for each, stop; exit code 0 or 1",
    )
    return options


def main(arguments: list[str], app: Path = APP) -> int:
    """Start the dashboard as the arguments say; returns the exit code."""
    options = parser().parse_args(arguments)
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell in the background ignores SIGINT
        signal.signal(number, signal.default_int_handler)
    try:
        environment.enter(environment.RUNTIME)
        _settings(options.data_dir, options.read_only)
        _serving_settings(options.allow_host, options.log_answers)
        port = server.any_port() if options.check else server.choose_port(options.port)
        _demo_data()
        return _check(app, port) if options.check else _serve(app, port, options)
    except RelRecError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.")
        return 0


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is not a port; it is a number from 1 to 65535")
    return int(text)


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_PROCESSES:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 1 to {MOST_PROCESSES}")
    return int(text)


def _settings(data_dir: Path | None, read_only: bool) -> None:
    if data_dir is not None:
        try:
            data_dir = data_dir.expanduser().resolve()
            unfit = data_dir.exists() and not data_dir.is_dir()
        except (OSError, RuntimeError, ValueError) as error:
            raise RelRecError(f"--data-dir needs a folder, and {data_dir} is none.") from error
        if unfit:
            raise RelRecError(f"--data-dir needs a folder, and {data_dir} is a file.")
        os.environ["RELREC_HOME"] = str(data_dir)
    if read_only:
        os.environ["RELREC_READ_ONLY"] = "1"


def _serving_settings(hosts: list[str], log_answers: bool) -> None:
    if hosts:
        os.environ["RELREC_ALLOWED_HOSTS"] = ",".join(hosts)
    if log_answers:
        os.environ["RELREC_LOG_ANSWERS"] = "1"


def _demo_data() -> None:
    from relrec_core.sources import fetch

    if fetch.installed(DEMO) is not None:
        return
    from scripts.fetching import fetch_with_progress

    try:
        fetch_with_progress(DEMO)
    except RelRecError as error:
        print(error, file=sys.stderr, flush=True)
        print("The dashboard starts without data; its pages say how to get it.", flush=True)


def _serve(app: Path, port: int, options: argparse.Namespace) -> int:
    with server.several(app, port, options.processes, options.address) as processes:
        address = f"http://localhost:{port}"
        print(f"RelRec is at {address}   (Ctrl-C stops it)", flush=True)
        if not options.headless:
            webbrowser.open(address)
        for process in processes:  # where one has ended, the others serve on
            code = process.wait()
    print(f"The server ended with exit code {code}.", file=sys.stderr)
    return 1


def _check(app: Path, port: int) -> int:
    with server.running(app, port):
        return check_pages.main(app)
