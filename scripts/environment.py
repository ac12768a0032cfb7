"""Prepare the project's own Python environment and go on inside it; standard library only.

The environment is `.venv` beside the requirement files. Stamps in it say which content of which
file is installed, so that a start with nothing changed costs next to nothing. A mark is there
while packages are being installed: an installation that was killed is found by it and made anew.
"""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import NoReturn

from relrec_core.errors import RelRecError
from relrec_core.sources import lock
from scripts import packages
from scripts.packages import SetupError

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
RUNTIME = ROOT / "requirements.txt"
TESTS = ROOT / "tests" / "requirements.txt"
CONSTRAINTS, MARK = "scripts/constraints.txt", "relrec-installing"

_OTHERS = ("PYTHONPATH", "PYTHONHOME", "PYTHONPLATLIBDIR")
"""Settings by which the modules of another Python would be found first."""


def enter(*requirements: Path) -> None:
    """Return in a Python that has the requirements: this one, or `.venv`'s on this script anew."""
    if [name for name in _OTHERS if os.environ.pop(name, None) is not None]:
        _again(Path(sys.executable))
    if not packages.present(requirements):
        python = ensure(requirements, VENV)
        if not _inside(VENV):
            _again(python)


def enter_or_say() -> None:
    """`enter` with what it takes to run; ends with a sentence where that cannot be had."""
    try:
        enter(RUNTIME)
    except RelRecError as error:
        sys.exit(str(error))


def ensure(requirements: Sequence[Path], venv: Path) -> Path:
    """Python of the environment `venv`, made or brought up to date if need be."""
    waiting = partial(print, "Another start is preparing .venv; waiting.", flush=True)
    try:
        wanted = dict(_stamp(path, venv) for path in requirements)
        if not _ready(venv, wanted):
            with lock.held(venv.with_suffix(".lock"), waiting):
                if not _ready(venv, wanted):
                    _prepare(requirements, venv, wanted)
    except OSError as error:
        raise SetupError(
            f"The environment {venv} could not be prepared "
            f"({error.filename or venv}: {error.strerror}). Make sure that the project is complete,"
            " that you may write and run programs there, and that the disk has space."
        ) from error
    return python_of(venv)


def python_of(venv: Path) -> Path:
    """The interpreter of an environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _again(python: Path) -> NoReturn:
    command = [str(python), *sys.argv]
    if os.name == "nt":  # execv there returns to the shell before the script has ended
        sys.exit(subprocess.run(command, check=False).returncode)
    os.execv(python, command)


def _prepare(requirements: Sequence[Path], venv: Path, wanted: dict[Path, str]) -> None:
    if (platform.system(), platform.machine()) == ("Darwin", "x86_64"):
        torch = dict(packages.pins([RUNTIME]))["torch"]
        raise SetupError(
            f"There is no torch {torch} for Macs with an Intel processor, nor for a Python made "
            "for them, so RelRec cannot run here; nothing was installed."
        )
    if (venv / MARK).exists() or not _works(venv):
        if _inside(venv):
            raise SetupError(
                f"{venv} is incomplete and cannot be made anew from inside. "
                "Start this script with the Python you installed, not with the one in .venv."
            )
        print(f"Making the environment {venv} ...", flush=True)
        make = (sys.executable, "-I", "-m", "venv", "--clear", "--without-pip", str(venv))
        packages.must("Python could not make an environment", *make)
    (venv / MARK).touch()
    for stamp in wanted:
        stamp.unlink(missing_ok=True)
    try:
        packages.install(requirements, venv.parent / CONSTRAINTS, python_of(venv))
    except SetupError:
        (venv / MARK).unlink()
        raise
    for stamp, digest in wanted.items():
        stamp.write_text(digest, encoding="ascii")
    (venv / MARK).unlink()


def _ready(venv: Path, wanted: dict[Path, str]) -> bool:
    stamped = all(path.is_file() and path.read_text() == digest for path, digest in wanted.items())
    return stamped and not (venv / MARK).exists() and _works(venv)


def _works(venv: Path) -> bool:
    """Whether the environment has a Python that runs and is of this Python's minor version."""
    code = "import sys; print(sys.prefix != sys.base_prefix, *sys.version_info[:2])"
    try:
        said = subprocess.check_output([str(python_of(venv)), "-I", "-c", code], text=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return said.split() == ["True", *map(str, sys.version_info[:2])]


def _inside(venv: Path) -> bool:
    return Path(sys.prefix).resolve() == venv.resolve()


def _stamp(path: Path, venv: Path) -> tuple[Path, str]:
    """The stamp of a requirement file, and what it holds when that is installed."""
    name = os.path.relpath(path, venv.parent).replace(os.sep, "-")
    content = path.read_bytes() + (venv.parent / CONSTRAINTS).read_bytes()
    return venv / f"relrec-{name}", hashlib.sha256(content).hexdigest()
