"""What can be installed trains, and brings the models that ship."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

PACKED = ("pyproject.toml", "README.md", "LICENSE", "requirements.txt")
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
OPEN = """
from relrec_core.runs.directory import Run
from relrec_core.products import store
from relrec_core.sessions import store as sessions
print(sessions.predictor(Run.open(sessions.SHIPPED)).parameters > 0)
print(len(store.recommender(Run.open(store.SHIPPED)).catalogue.items) > 100)
"""


def test_every_package_is_packed() -> None:
    settings = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    found = {path.parent for path in (REPOSITORY / "relrec_core").rglob("*.py")}
    names = {".".join(folder.relative_to(REPOSITORY).parts) for folder in found}
    assert set(settings["tool"]["setuptools"]["packages"]) == names | {"relrec_core.assets"}


@pytest.mark.slow
def test_the_packed_core_trains_and_brings_its_models(tmp_path: Path) -> None:
    source, installed = tmp_path / "source", tmp_path / "installed"
    for folder in ("relrec_core", "assets"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / folder, source / folder, ignore=ignored)
    for file in PACKED:
        shutil.copy(REPOSITORY / file, source)

    def python(*arguments: str, folder: Path = installed) -> str:
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, cwd=folder, env=kept, check=True, capture_output=True, text=True
        ).stdout

    python("-c", BUILD, str(tmp_path), folder=source)
    (wheel,) = tmp_path.glob("relrec-*.whl")
    zipfile.ZipFile(wheel).extractall(installed)
    assert {path.name for path in installed.iterdir() if path.suffix == ""} == {"relrec_core"}
    assert python("-m", "relrec_core.train", "movies", "--help").startswith("usage: ")
    assert python("-m", "relrec_core.evaluate", "--help").startswith("usage: ")
    assert python("-c", OPEN).split() == ["True", "True"]
