"""The environment is made once, kept up to date, and survives being killed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts import environment
from scripts.environment import MARK, STAMP, SetupError, ensure, python_of
from tests.conftest import REPOSITORY


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder with one requirement and its environment."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "requirements.txt").write_text("six==1.16.0\n")
    ensure([folder / "requirements.txt"], folder / ".venv")
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return Path(shutil.copytree(made, tmp_path / "project", symlinks=True))


def prepare(project: Path) -> Path:
    return ensure([project / "requirements.txt"], project / ".venv")


def six_version(project: Path) -> str:
    command = [python_of(project / ".venv"), "-c", "import six; print(six.__version__)"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_made_with_what_is_required(project: Path) -> None:
    assert six_version(project) == "1.16.0"


def test_second_start_does_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in (project / ".venv").rglob("*")}
    started = time.perf_counter()
    assert prepare(project) == python_of(project / ".venv")
    assert time.perf_counter() - started < 1.0
    assert {path: path.stat().st_mtime_ns for path in (project / ".venv").rglob("*")} == before
    assert capsys.readouterr().out == ""


def test_changed_requirement_is_installed(project: Path) -> None:
    (project / "requirements.txt").write_text("six==1.17.0\n")
    (project / ".venv" / "kept").touch()
    prepare(project)
    assert six_version(project) == "1.17.0"
    assert (project / ".venv" / "kept").exists()


@pytest.mark.parametrize("damage", ["interrupted", "no python", "other version", "no stamp, junk"])
def test_damaged_environment_is_made_anew(damage: str, project: Path) -> None:
    venv = project / ".venv"
    (venv / "old").touch()
    python = python_of(venv)
    if damage == "interrupted":
        (venv / MARK).touch()
    else:
        python.unlink()
    if damage == "other version":
        python.write_text("#!/bin/sh\necho 3 9\n")
        python.chmod(0o755)
    if damage == "no stamp, junk":
        (venv / STAMP).write_text("[")
        python.write_text("junk")
    prepare(project)
    assert six_version(project) == "1.16.0"
    assert not (venv / "old").exists()
    assert not (venv / MARK).exists()


def test_what_pip_refuses_is_said_and_can_be_mended(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "requirements.txt").write_text("six==0.0.0\n")
    with pytest.raises(SetupError, match=r"pip could not install what requirements\.txt lists"):
        prepare(project)
    assert "No matching distribution found for six==0.0.0" in capsys.readouterr().out
    (project / "requirements.txt").write_text("six==1.16.0\n")
    (project / ".venv" / "kept").touch()
    prepare(project)
    assert (project / ".venv" / "kept").exists()


def start(project: Path) -> subprocess.Popen[str]:
    code = (
        "import sys; from pathlib import Path; from scripts.environment import ensure; "
        "p = Path(sys.argv[1]); ensure([p / 'requirements.txt'], p / '.venv')"
    )
    return subprocess.Popen(
        [sys.executable, "-u", "-c", code, str(project)],
        cwd=REPOSITORY,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_killed_start_and_two_at_once(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("six==1.16.0\n")
    mark = tmp_path / ".venv" / MARK
    with start(tmp_path) as killed:
        while not mark.exists():
            assert killed.poll() is None
            time.sleep(0.01)
        killed.kill()
    assert mark.exists()
    with start(tmp_path) as first, start(tmp_path) as second:
        said = first.communicate()[0] + second.communicate()[0]
    assert (first.returncode, second.returncode) == (0, 0)
    assert said.count("Making the environment") == 1
    assert said.count("making it anew") <= 1
    assert said.count("Another start is preparing .venv; waiting.") == 1
    assert six_version(tmp_path) == "1.16.0"


def test_missing_requirement_file(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="is missing; the project is not complete"):
        prepare(tmp_path)
    assert not (tmp_path / ".venv").exists()


def test_folder_that_may_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("")
    (tmp_path / ".venv").write_text("a file")
    with pytest.raises(SetupError, match="Make sure that you may write there"):
        prepare(tmp_path)


def test_enter_starts_the_script_again_inside(project: Path) -> None:
    script = project / "script.py"
    script.write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(REPOSITORY)!r})\n"
        "from pathlib import Path\n"
        "from scripts import environment\n"
        f"environment.VENV = Path({str(project / '.venv')!r})\n"
        f"environment.enter(Path({str(project / 'requirements.txt')!r}))\n"
        "import os, six\n"
        "print(sys.prefix, sys.argv[1:], environment._GUARD in os.environ)\n"
    )
    ran = subprocess.run(
        [sys.executable, str(script), "a b"],
        cwd=os.sep,
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == f"{project / '.venv'} ['a b'] False"


def test_windows_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    venv = Path("somewhere")
    monkeypatch.setattr(environment.os, "name", "nt")
    assert environment.python_of(venv).parts[-2:] == ("Scripts", "python.exe")
