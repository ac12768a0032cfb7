"""The environment is made once, kept up to date, and survives being killed."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path

import pytest

from scripts import environment, packages
from scripts.environment import CONSTRAINTS, MARK, RUNTIME, TESTS, SetupError, ensure, python_of
from tests.conftest import REPOSITORY


def constrain(folder: Path, text: str = "") -> None:
    (folder / CONSTRAINTS).parent.mkdir(exist_ok=True)
    (folder / CONSTRAINTS).write_text(text)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project folder with one requirement and its environment."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "requirements.txt").write_text("six==1.16.0\n")
    constrain(folder)
    ensure([folder / "requirements.txt"], folder / ".venv")
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    """A copy of it, to be damaged."""
    return Path(shutil.copytree(made, tmp_path / "project", symlinks=True))


def prepare(project: Path) -> Path:
    return ensure([project / "requirements.txt"], project / ".venv")


def six_version(project: Path) -> str:
    command = [python_of(project / ".venv"), "-I", "-c", "import six; print(six.__version__)"]
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


def test_constraints_hold_and_are_installed_anew(project: Path) -> None:
    (project / "requirements.txt").write_text("python-dateutil==2.9.0.post0\n")
    for version in ("1.17.0", "1.16.0"):
        constrain(project, f"six=={version}\n")
        prepare(project)
        assert six_version(project) == version


@pytest.mark.parametrize("damage", ["interrupted", "no python", "other version", "not one"])
def test_damaged_environment_is_made_anew(damage: str, project: Path) -> None:
    venv = project / ".venv"
    (venv / "old").touch()
    python = python_of(venv)
    if damage == "interrupted":
        (venv / MARK).touch()
    elif damage == "not one":
        (venv / "pyvenv.cfg").unlink()
    else:
        python.unlink()
        python.write_text("#!/bin/sh\necho True 3 9\n" if damage == "other version" else "junk")
        python.chmod(0o755)
    prepare(project)
    assert six_version(project) == "1.16.0"
    assert not (venv / "old").exists()
    assert not (venv / MARK).exists()


def test_environment_of_ones_own_without_pip_is_mended(project: Path) -> None:
    venv = project / ".venv"
    command = [sys.executable, "-m", "venv", "--clear", "--without-pip", venv]
    subprocess.run(command, check=True)
    (venv / "kept").touch()
    prepare(project)
    assert six_version(project) == "1.16.0"
    assert (venv / "kept").exists()


def test_what_pip_refuses_is_said_and_can_be_mended(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (project / "requirements.txt").write_text("six==0.0.0\n")
    with pytest.raises(SetupError, match=r"pip could not install the packages; the lines above"):
        prepare(project)
    assert "No matching distribution found for six==0.0.0" in "".join(capfd.readouterr())
    (project / "requirements.txt").write_text("six==1.16.0\n")
    (project / ".venv" / "kept").touch()
    prepare(project)
    assert (project / ".venv" / "kept").exists()


def test_what_cannot_be_imported_is_not_ready(
    project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (project / ".venv" / "relrec-requirements.txt").write_text("an older one")
    python = python_of(project / ".venv")
    find = "import six; print(six.__file__)"
    six = subprocess.run([python, "-I", "-c", find], capture_output=True, text=True, check=True)
    Path(six.stdout.strip()).write_text("raise OSError('libgomp.so.1 is missing')")
    for _ in range(2):
        with pytest.raises(SetupError, match="Not all packages that pip installed can be imported"):
            prepare(project)
        assert "OSError: libgomp.so.1 is missing" in capfd.readouterr().err


def test_settings_of_pip_and_python_that_lead_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the environment and in pip's own file alike; how to reach packages is kept."""
    elsewhere = tmp_path / "elsewhere"
    settings = {
        **dict.fromkeys(("target", "prefix", "root", "src", "log", "report"), str(elsewhere)),
        **dict.fromkeys(("dry-run", "user", "require-hashes", "no-deps", "quiet"), "1"),
        "python": sys.executable,
        "constraint": str(tmp_path / "absent.txt"),
        "requirement": str(tmp_path / "absent.txt"),
        "no-binary": ":all:",
    }
    elsewhere.mkdir()
    (elsewhere / "six.py").write_text("raise OSError('another one')")
    for name, value in settings.items():
        monkeypatch.setenv("PIP_" + name.upper().replace("-", "_"), value)
    for name in ("PYTHONPATH", "PYTHONHOME"):
        monkeypatch.setenv(name, str(elsewhere))
    lines = [f"{name} = {value}" for name, value in settings.items() if name != "python"]
    (tmp_path / "pip.conf").write_text("\n".join(["[install]", *lines, "[global]", "retries = 7"]))
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    monkeypatch.setenv("PIP_TIMEOUT", "77")
    told = packages._settings([sys.executable, "-I"])
    assert told["PIP_RETRIES"] == "7"
    assert told["PIP_TIMEOUT"] == "77"
    (tmp_path / "requirements.txt").write_text("six==1.16.0\n")
    constrain(tmp_path)
    prepare(tmp_path)
    assert six_version(tmp_path) == "1.16.0"
    assert [path.name for path in elsewhere.iterdir()] == ["six.py"]


def test_macs_with_intel_processors_are_told_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    (tmp_path / "requirements.txt").write_text("six==1.16.0\n")
    constrain(tmp_path)
    with pytest.raises(SetupError, match=r"no torch [\d.]+ for Macs with an Intel processor"):
        prepare(tmp_path)
    assert not (tmp_path / ".venv").exists()


def test_every_package_is_pinned() -> None:
    """Whatever is installed for this Python on account of a requirement, at any remove."""
    pinned = {
        _key(name): version for name, version in packages.pins([RUNTIME.parent / CONSTRAINTS])
    }
    waiting = {_key(name) for name, _ in packages.pins([RUNTIME, TESTS])}
    assert dict(map(_keyed, packages.pins([RUNTIME, TESTS]))).items() <= pinned.items()
    seen: set[str] = set()
    while waiting:
        seen.add(name := waiting.pop())
        for line in metadata.requires(name) or ():
            needed = _key(re.split(r"[^\w.-]", line)[0])
            if "extra ==" not in line and _installed(needed) and needed not in seen:
                waiting.add(needed)
    assert seen <= pinned.keys()
    assert len(seen) > 80


def _key(name: str) -> str:
    return re.sub("[-_.]+", "-", name).lower()


def _keyed(pin: tuple[str, str]) -> tuple[str, str]:
    return _key(pin[0]), pin[1]


def _installed(name: str) -> bool:
    try:
        return bool(metadata.version(name))
    except metadata.PackageNotFoundError:
        return False


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
    constrain(tmp_path)
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
    assert said.count("Another start is preparing .venv; waiting.") == 1
    assert six_version(tmp_path) == "1.16.0"


def test_missing_requirement_file(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"requirements\.txt: No such file .* project is complete"):
        prepare(tmp_path)
    assert not (tmp_path / ".venv").exists()


def test_folder_that_may_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("six==1.16.0\n")
    constrain(tmp_path)
    (tmp_path / ".venv").write_text("a file")
    with pytest.raises(SetupError, match="Python could not make an environment; the lines above"):
        prepare(tmp_path)
    (tmp_path / ".venv.lock").unlink()
    (tmp_path / ".venv.lock").mkdir()
    with pytest.raises(SetupError, match=r"\.venv\.lock: Is a directory\). Make sure that"):
        prepare(tmp_path)


SCRIPT = """
import sys
sys.path.insert(0, {repository!r})
from pathlib import Path
from scripts import environment
environment.VENV = Path({venv!r})
environment.enter(Path({requirements!r}))
import os, six
print(sys.prefix, sys.argv[1:], six.__version__)
"""


def run_script(project: Path, *python: Path | str, **settings: str) -> str:
    requirements, script = project / "requirements.txt", project / "script.py"
    venv = str(project / ".venv")
    script.write_text(
        SCRIPT.format(repository=str(REPOSITORY), venv=venv, requirements=str(requirements))
    )
    command, options = [*python, str(script), "a b"], {**os.environ, **settings}
    return subprocess.run(
        command, cwd=os.sep, env=options, capture_output=True, text=True, check=True
    ).stdout.strip()


@pytest.mark.parametrize("options", [(), ("-P",), ("-I",)])
def test_enter_starts_the_script_again_inside(project: Path, options: tuple[str, ...]) -> None:
    inside = f"{project / '.venv'} ['a b'] 1.16.0"
    assert run_script(project, sys.executable, *options) == inside
    assert run_script(project, python_of(project / ".venv"), *options) == inside


def test_enter_does_not_look_elsewhere(project: Path, tmp_path: Path) -> None:
    (tmp_path / "six.py").write_text("raise OSError('another one')")
    inside = f"{project / '.venv'} ['a b'] 1.16.0"
    for python in (sys.executable, python_of(project / ".venv")):
        assert run_script(project, python, PYTHONPATH=str(tmp_path)) == inside
    assert run_script(project, sys.executable, PYTHONHOME=sys.base_prefix) == inside


def test_enter_stays_where_all_is_installed(project: Path) -> None:
    """In an environment that somebody made with pip alone, none beside it is made."""
    own = shutil.copytree(project / ".venv", project / "own", symlinks=True)
    shutil.rmtree(project / ".venv")
    assert run_script(project, python_of(own)) == f"{own} ['a b'] 1.16.0"
    assert not (project / ".venv").exists()


def test_windows_layout(monkeypatch: pytest.MonkeyPatch) -> None:
    venv = Path("somewhere")
    monkeypatch.setattr(environment.os, "name", "nt")
    assert environment.python_of(venv).parts[-2:] == ("Scripts", "python.exe")
