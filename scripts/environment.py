"""Prepare the project's own Python environment and go on inside it; standard library only.

The environment is `.venv` beside the requirement files. A stamp in it says which content of
which requirement file is installed, so that a start with nothing changed costs next to nothing.
A mark is there while packages are being installed: an installation that was killed is found by
it and made anew. Two starts at once wait for each other.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from relrec_core.errors import RelRecError
from relrec_core.sources import lock
from scripts import python_version

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
RUNTIME = ROOT / "requirements.txt"
TESTS = ROOT / "tests" / "requirements.txt"

STAMP, MARK, LOCK = "relrec-installed.json", "relrec-installing", "relrec-lock"
_GUARD = "RELREC_INSIDE"
_LAST_LINES = 12


class SetupError(RelRecError):
    """The environment could not be prepared."""


def enter(*requirements: Path) -> None:
    """Return inside an environment that has the requirements; starts this script again in it."""
    python_version.require()
    python = ensure(requirements, VENV)
    again = os.environ.pop(_GUARD, None)
    if _inside(VENV):
        return
    if again:
        raise SetupError(
            f"{python} does not run inside {VENV}; delete that folder and start again."
        )
    os.environ[_GUARD] = "1"
    command = [str(python), *sys.argv]
    if os.name == "nt":  # execv there returns to the shell before the script has ended
        sys.exit(subprocess.run(command, check=False).returncode)
    os.execv(python, command)


def enter_or_say() -> None:
    """`enter` with what it takes to run; ends with a sentence where that cannot be had."""
    try:
        enter(RUNTIME)
    except RelRecError as error:
        sys.exit(str(error))


def ensure(requirements: Sequence[Path], venv: Path) -> Path:
    """Python of the environment `venv`, made or brought up to date if need be."""
    wanted = {_key(path, venv): _digest(path) for path in requirements}
    if _ready(venv, wanted):
        return python_of(venv)
    try:
        with lock.held(venv / LOCK, lambda: _say("Another start is preparing .venv; waiting.")):
            if not _ready(venv, wanted):
                _prepare(requirements, venv, wanted)
    except OSError as error:
        raise SetupError(
            f"The environment {venv} could not be written "
            f"({error.filename or venv}: {error.strerror}). Make sure that you may write there "
            "and that the disk has space, then start again."
        ) from error
    return python_of(venv)


def python_of(venv: Path) -> Path:
    """The interpreter of an environment."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def _ready(venv: Path, wanted: dict[str, str]) -> bool:
    if (venv / MARK).exists():
        return False
    installed = _stamp(venv)
    return all(installed.get(key) == value for key, value in wanted.items()) and _works(venv)


def _prepare(requirements: Sequence[Path], venv: Path, wanted: dict[str, str]) -> None:
    started = time.monotonic()
    installed = _stamp(venv)
    if (venv / MARK).exists() or not _works(venv):
        if _inside(venv):
            raise SetupError(
                f"{venv} is incomplete and cannot be made anew from inside. "
                "Start this script with the Python you installed, not with the one in .venv."
            )
        installed = {}
        _create(venv)
    (venv / MARK).touch()
    (venv / STAMP).unlink(missing_ok=True)
    _install(requirements, venv)
    stamp = venv / (STAMP + ".part")
    stamp.write_text(json.dumps(installed | wanted, indent=2), encoding="utf-8")
    stamp.replace(venv / STAMP)
    (venv / MARK).unlink()
    _say(f"The environment is ready after {time.monotonic() - started:.0f} s.")


def _create(venv: Path) -> None:
    old = [path for path in venv.iterdir() if path.name != LOCK]
    if old:
        _say("The environment in .venv is incomplete or of another Python; making it anew.")
    for path in old:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
    (venv / MARK).touch()
    _say(f"Making the environment {venv} ...")
    command = [sys.executable, "-m", "venv", str(venv)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        said = " ".join((made.stdout + made.stderr).split())
        raise SetupError(
            f"Python could not make an environment in {venv} ({said}). On Debian and Ubuntu, "
            "install the package python3-venv first."
        )


def _install(requirements: Sequence[Path], venv: Path) -> None:
    _say("Installing packages into .venv; the first time this takes some minutes ...")
    command = [str(python_of(venv)), "-m", "pip", "install", "--no-input", "--progress-bar=off"]
    command += ["--disable-pip-version-check"]
    for path in requirements:
        command += ["-r", str(path)]
    last: deque[str] = deque(maxlen=_LAST_LINES)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as pip:
        assert pip.stdout is not None
        for line in pip.stdout:
            last.append(line.rstrip())
            if line.startswith(("Collecting ", "Processing ")) and "(from -r" in line:
                _say("  " + Path(line.split()[1]).name)
            elif line.startswith("Installing collected packages"):
                _say("  all downloaded, now unpacking ...")
    if pip.returncode:
        (venv / MARK).unlink()
        _say("\n".join(last))
        files = " and ".join(path.name for path in requirements)
        raise SetupError(
            f"pip could not install what {files} lists; its last lines are above. "
            "Check the network connection and the space on the disk, then start again."
        )


def _works(venv: Path) -> bool:
    """Whether the environment has a Python that runs and is of this Python's minor version."""
    if _inside(venv):
        return True
    code = "import sys; print(*sys.version_info[:2])"
    try:
        ran = subprocess.run(
            [str(python_of(venv)), "-I", "-c", code],
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ran.stdout.split() == [str(number) for number in sys.version_info[:2]]


def _inside(venv: Path) -> bool:
    return Path(sys.prefix).resolve() == venv.resolve()


def _stamp(venv: Path) -> dict[str, str]:
    try:
        content = json.loads((venv / STAMP).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError, UnicodeDecodeError):
        return {}
    return content if isinstance(content, dict) else {}


def _key(path: Path, venv: Path) -> str:
    return os.path.relpath(path, venv.parent).replace(os.sep, "/")


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        raise SetupError(f"{path} is missing; the project is not complete.") from None


def _say(text: str) -> None:
    print(text, flush=True)
