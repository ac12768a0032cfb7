"""Install pinned packages into an environment, and see that they work; standard library only."""

from __future__ import annotations

import ast
import os
import re
import subprocess
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from relrec_core.errors import RelRecError

_WAYS = (
    *("INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", "NO_INDEX", "TRUSTED_HOST", "PROXY", "CERT"),
    *("CLIENT_CERT", "TIMEOUT", "DEFAULT_TIMEOUT", "RETRIES", "CACHE_DIR", "KEYRING_PROVIDER"),
)
"""Settings of pip for how packages are got; what is installed, and where, is not theirs to say."""
_IMPORT = """
import sys
from importlib import import_module, metadata
wanted = {metadata.distribution(name).name for name in sys.argv[1:]}
for module, owners in metadata.packages_distributions().items():
    if module.isidentifier() and module[0] != "_" and wanted & set(owners):
        import_module(module)
"""


class SetupError(RelRecError):
    """The environment could not be prepared."""


def pins(requirements: Iterable[Path]) -> list[tuple[str, str]]:
    """Name and version of each distribution that the files list."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in requirements)
    return re.findall("^(.+)==(.+)$", text, re.MULTILINE)


def present(requirements: Iterable[Path]) -> bool:
    """Whether this Python has them all, whoever installed which build of them."""
    try:
        return all(
            metadata.version(name).partition("+")[0] == version
            for name, version in pins(requirements)
        )
    except metadata.PackageNotFoundError:
        return False


def install(requirements: Sequence[Path], constraints: Path, python: Path) -> None:
    """Install what the files list, for another Python, whose pip is put there if it has none.

    Raises:
        SetupError: a step failed; what it said of the cause is on the terminal.
    """
    print("Installing packages; the first time this takes some minutes ...", flush=True)
    run = (str(python), "-I")
    if subprocess.run([*run, "-c", "import pip"], capture_output=True, check=False).returncode:
        missing = "The environment could not get pip (on Debian and Ubuntu, install python3-venv)"
        must(missing, *run, "-m", "ensurepip")
    files = [word for path in requirements for word in ("-r", str(path))]
    options = ("--no-input", "--progress-bar=off", "--disable-pip-version-check")
    command = (*run, "-m", "pip", "install", *options, *files, "-c", str(constraints))
    must("pip could not install the packages", *command, env=_settings(run))
    names = [name for name, _ in pins(requirements)]
    must("Not all packages that pip installed can be imported", *run, "-c", _IMPORT, *names)


def must(failure: str, *command: str, **options: Any) -> str:
    """What the command printed, if that is caught; raises SetupError if it failed."""
    ran = subprocess.run(command, check=False, text=True, **options)
    if ran.returncode:
        raise SetupError(f"{failure}; the lines above say why.")
    return ran.stdout or ""


def _settings(run: Sequence[str]) -> dict[str, str]:
    """This process's environment, in which pip is told nothing but the ways to packages."""
    known = {f"PIP_{name}" for name in _WAYS}
    plain = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PIP_") or name in {"PIP_CONFIG_FILE", *known}
    }
    command = (*run, "-m", "pip", "-v", "config", "list")
    listed = must("pip cannot read its settings", *command, env=plain, stdout=subprocess.PIPE)
    found = re.findall(r"^(?:global|install)\.([\w-]+)=(.+)$", listed, re.MULTILINE)
    files = {f"PIP_{name.upper().replace('-', '_')}": value for name, value in found}
    ways = {name: ast.literal_eval(files[name]) for name in known & files.keys()}
    return ways | plain | {"PIP_CONFIG_FILE": os.devnull}
