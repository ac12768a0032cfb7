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
WORKERS = [
    *("-n", "4", "--dist", "loadfile", "--no-loadscope-reorder"),
    *("--max-worker-restart", "0"),
]
"""More than there are cores, since browsers and servers are waited for; the longest files first.
A worker that crashes is not replaced: pytest-xdist 3.8 would wait for its files without end."""
PROCESSORS = [
    {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41", "OMP_NUM_THREADS": "2"},
    {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2", "OMP_NUM_THREADS": "1"},
]
"""As which the quick tests that compare numbers run, beside the one there is."""
QUICK = ("lrp", "experts", "faithfulness")
"""Folders of those."""
HELP = """usage: run_tests.py [-- arguments for pytest]

Lint, types, import rules, the quick tests of numbers as on other processors, and all tests, in
this order, up to the first that fails. With arguments for pytest, such as -m "not browser" or
-m "not slow", the tests they choose run on this processor only. With CI=true nothing may be
skipped."""

Check = tuple[str, list[str], dict[str, str]]


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


def steps(pytest_arguments: list[str]) -> list[Check]:
    """Title, command and environment of each check, in their order."""
    python = [sys.executable, "-m"]
    lint_imports = Path(sys.executable).with_name(
        "lint-imports.exe" if os.name == "nt" else "lint-imports"
    )
    tests = [*python, "pytest", *WORKERS]
    quick = ["-m", "numerics and not slow", *(f"tests/{folder}" for folder in QUICK)]
    others = [] if pytest_arguments else PROCESSORS
    return [
        ("Lint", [*python, "ruff", "check", "."], {}),
        ("Format", [*python, "ruff", "format", "--check", "."], {}),
        ("Types", [*python, "mypy"], {}),
        ("Import rules", [str(lint_imports)], {}),
        *(
            (f"Numbers with {_named(of)}", [*(tests if _alone(of) else tests[:3]), *quick], of)
            for of in others
        ),
        ("Tests", [*tests, *pytest_arguments], {}),
    ]


def _alone(settings: dict[str, str]) -> bool:
    """Whether a worker computes in one thread, so that two do not crowd each other out."""
    return settings["OMP_NUM_THREADS"] == "1"


def _named(settings: dict[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in settings.items())


def run(checks: list[Check]) -> int:
    """Run the commands from the repository's root until one fails.

    Nothing is printed after the last, so that pytest's own closing line is the last line.
    """
    for title, command, settings in checks:
        print(f"\n== {title}", flush=True)
        started = time.monotonic()
        code = subprocess.run(
            command, cwd=environment.ROOT, env={**os.environ, **settings}, check=False
        ).returncode
        if title == checks[-1][0]:
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
        os.environ.setdefault(name, "1")  # a worker
