"""What run_tests.py does once the Python is new enough: lint, types, import rules, tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from relrec_core.errors import RelRecError
from scripts import chromium, environment

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
HELP = """usage: run_tests.py [-- arguments for pytest]

Lint, types, import rules and all tests, in this order, up to the first that fails.
With CI=true nothing may be skipped."""


def main(arguments: list[str]) -> int:
    """Run all checks; returns the exit code of the first that fails, or 0."""
    if arguments and arguments[0] != "--":
        print(HELP)
        return 0 if arguments[0] in ("-h", "--help") else 2
    try:
        environment.enter(environment.RUNTIME, environment.TESTS)
        _settings()
        return run(steps(arguments[1:]))
    except RelRecError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130


def steps(pytest_arguments: list[str]) -> list[tuple[str, list[str]]]:
    """Title and command of each check, in their order."""
    python = [sys.executable, "-m"]
    lint_imports = Path(sys.executable).with_name(
        "lint-imports.exe" if os.name == "nt" else "lint-imports"
    )
    return [
        ("Lint", [*python, "ruff", "check", "."]),
        ("Format", [*python, "ruff", "format", "--check", "."]),
        ("Types", [*python, "mypy"]),
        ("Import rules", [str(lint_imports)]),
        ("Tests", [*python, "pytest", *pytest_arguments]),
    ]


def run(checks: list[tuple[str, list[str]]]) -> int:
    """Run the commands from the repository's root until one fails.

    Nothing is printed after the last, so that pytest's own closing line is the last line.
    """
    for title, command in checks:
        print(f"\n== {title}", flush=True)
        started = time.monotonic()
        code = subprocess.run(command, cwd=environment.ROOT, check=False).returncode
        if (title, command) == checks[-1]:
            return code
        outcome = f"failed with exit code {code}" if code else "passed"
        print(f"== {title} {outcome} in {time.monotonic() - started:.1f} s", flush=True)
        if code:
            return code
    return 0


def _settings() -> None:
    everything = os.environ.get("CI", "").lower() == "true"
    if everything:
        os.environ["RELREC_REQUIRE_ALL"] = "1"
    browser = chromium.find_or_get()
    if browser is not None:
        os.environ[chromium.VARIABLE] = str(browser)
    elif everything:
        raise RelRecError(
            "The browser tests need a Chromium, and none could be found or installed. "
            f"Install one and name it in the environment variable {chromium.VARIABLE}."
        )
    else:
        print("There is no Chromium, so the browser tests will be skipped.", flush=True)
    for name in THREADS:
        os.environ.setdefault(name, str(_cores()))


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
