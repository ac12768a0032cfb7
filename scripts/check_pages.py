"""Render every page of the dashboard once.

One line a page with its name, ok or failed, and its time. Exit code 0 if all are ok, else 1.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from pathlib import Path
from types import CodeType

TIMEOUT_SECONDS = 120


def main(app: Path) -> int:
    """Render the pages beside `app`; returns the exit code."""
    logging.disable(logging.WARNING)  # Streamlit warns that there is no browser
    sys.path[0] = str(app.parent.parent)
    executed = _executed_files()
    pages = sorted(path for path in (app.parent / "app_pages").glob("[!_]*.py"))
    if not pages:
        print(f"There are no pages beside {app}.", file=sys.stderr)
        return 1
    problems = {page.stem: _line(app, page, executed) for page in pages}
    return int(any(problems.values()))


def _line(app: Path, page: Path, executed: set[str]) -> str:
    started = time.perf_counter()
    problem = _render(app, page, executed)
    seconds = time.perf_counter() - started
    print(f"{page.stem:<12} {'failed' if problem else 'ok':<7} {seconds:6.2f} s", flush=True)
    if problem:
        print(f"  {problem}", flush=True)
    return problem


def _render(app: Path, page: Path, executed: set[str]) -> str:
    """What went wrong, or nothing."""
    import streamlit
    from streamlit.testing.v1 import AppTest

    streamlit.set_option("client.showErrorDetails", "full")  # a visitor would not see them
    test = AppTest.from_file(str(app), default_timeout=TIMEOUT_SECONDS)
    try:
        with contextlib.redirect_stdout(sys.stderr):  # Streamlit prints tracebacks
            test.switch_page(f"app_pages/{page.name}").run()
    except RuntimeError as error:  # the page took longer than the timeout
        return str(error)
    if test.exception:
        return "; ".join(error.message for error in test.exception)
    return "" if str(page) in executed else f"{app.name} does not show this page"


def _executed_files() -> set[str]:
    """Files whose code has been executed; Streamlit shows its first page for an unknown one."""
    files: set[str] = set()

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event == "exec" and isinstance(arguments[0], CodeType):
            files.add(arguments[0].co_filename)

    sys.addaudithook(watch)
    return files
