"""Every command can be read by any Python, and says so when it is too old."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.entry import complaint
from tests.conftest import REPOSITORY

SCRIPTS = REPOSITORY / "scripts"
COMMANDS = sorted(p.name for p in SCRIPTS.glob("*.py") if "__main__" in p.read_text("utf-8"))
READ_BY_ANY_PYTHON = ["__init__.py", "entry.py", *COMMANDS]
NEW = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.AsyncFunctionDef, ast.Starred, ast.Match)


@pytest.mark.parametrize("name", READ_BY_ANY_PYTHON)
def test_any_python_can_read_it(name: str) -> None:
    source = (SCRIPTS / name).read_text(encoding="ascii")
    for node in ast.walk(ast.parse(source, feature_version=(3, 4))):
        assert not isinstance(node, NEW)
        if isinstance(node, ast.FunctionDef):
            assert node.returns is None
            assert all(argument.annotation is None for argument in node.args.args)
        if isinstance(node, ast.ImportFrom):
            assert node.module != "__future__"


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6), (3, 10, 99)])
def test_too_old(version: tuple[int, ...]) -> None:
    sentence = complaint(version)
    assert sentence.startswith("RelRec needs Python 3.11 or newer, and this is Python")
    assert f"{version[0]}.{version[1]}." in sentence


@pytest.mark.parametrize("version", [(3, 11), (3, 12, 1), (4, 0)])
def test_new_enough(version: tuple[int, ...]) -> None:
    assert complaint(version) is None


@pytest.mark.parametrize("name", COMMANDS)
def test_help_from_another_folder(name: str, tmp_path: Path) -> None:
    """With -P, that is without the script's own folder among those of modules."""
    assert COMMANDS
    ran = subprocess.run(
        [sys.executable, "-P", str(SCRIPTS / name), "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("usage: ")


@pytest.mark.parametrize("name", COMMANDS)
def test_too_old_from_another_folder(name: str, tmp_path: Path) -> None:
    script = SCRIPTS / name
    pretend = (
        f"import runpy, sys; sys.version_info = (3, 8, 1); sys.path[0] = {str(SCRIPTS)!r}; "
        f"sys.argv = [{str(script)!r}]; runpy.run_path({str(script)!r}, run_name='__main__')"
    )
    ran = subprocess.run(
        [sys.executable, "-c", pretend], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 1
    assert ran.stderr.startswith("RelRec needs Python 3.11 or newer, and this is Python 3.8.")
    assert "Traceback" not in ran.stderr


def test_ci_runs_exactly_the_test_command() -> None:
    ci = REPOSITORY / ".ci" / "run"
    assert ci.read_text().splitlines()[-1] == "exec python3 scripts/run_tests.py"
    assert ci.stat().st_mode & 0o111
