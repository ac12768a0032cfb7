"""The fetch command, the steps of the test command, and nothing skipped where all is required."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from relrec_core.errors import RelRecError
from relrec_core.products.data import photo_sources
from relrec_core.sessions.data import yambda
from relrec_core.sources.registry import SOURCES
from scripts import checks, chromium, environment, fetching
from tests.conftest import REPOSITORY


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stay in the environment that the tests run in."""
    monkeypatch.setattr(environment, "enter", lambda *requirements: None)


def test_list(
    ml_100k: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "1000")
    assert fetching.main(["--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert str(ml_100k) in next(line for line in lines if "ml-100k" in line)
    for said in ("no redistribution", "GroceryStoreDataset", "property of IKEA", "All_Beauty"):
        assert any(said in line for line in lines)


def test_fetch_that_succeeds(ml_100k: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fetching.main(["ml-100k"]) == 0
    assert capsys.readouterr().out.endswith(f"ml-100k is installed in {ml_100k}\n")


def test_fetch_that_fails_says_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fetching.main(["ml-2m"]) == 1
    photographed = (*photo_sources.ARCHIVES, *photo_sources.PATTERNS)
    known = ", ".join((*SOURCES, yambda.NAME, *photographed))
    assert capsys.readouterr().err == f"There is no source 'ml-2m'; the known ones are {known}.\n"
    assert fetching.main(["ml-1m", "--from", str(tmp_path / "absent.zip")]) == 1
    assert "there is no such file or folder" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["ml-1m", "--list"], ["--list", "--from", "x"]])
def test_fetch_needs_one_thing(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as left:
        fetching.main(arguments)
    assert left.value.code == 2


def test_checks_stop_at_the_first_that_fails(capfd: pytest.CaptureFixture[str]) -> None:
    def step(title: str, code: int) -> checks.Check:
        program = f"import os; print('{title} ran', os.environ['A']); raise SystemExit({code})"
        return title, [sys.executable, "-c", program], {"A": title.upper()}

    assert checks.run([step("a", 0), step("b", 3), step("c", 0)]) == 3
    out = capfd.readouterr().out
    assert "== a passed in" in out
    assert "== b failed with exit code 3 in" in out
    assert "c ran" not in out
    assert checks.run([step("a", 0), step("c", 5)]) == 5
    assert capfd.readouterr().out.splitlines()[-1] == "c ran C"


def test_checks_in_order() -> None:
    before = ["Lint", "Format", "Types", "Import rules"]
    *others, last = checks.steps([])
    assert [title for title, *_ in others][:4] == before and last[0] == "Tests" and not last[2]
    for _, command, settings in others[4:]:
        assert "numerics and not slow" in command and settings in checks.PROCESSORS
    assert len(others) == 4 + len(checks.PROCESSORS)
    chosen = checks.steps(["-k", "x"])
    assert [title for title, *_ in chosen] == [*before, "Tests"]
    assert chosen[-1][1][-2:] == ["-k", "x"]
    assert checks.main(["stray"]) == 2


@pytest.mark.parametrize(("required", "outcome"), [("1", "1 failed"), ("", "1 skipped")])
def test_skipping_is_failing_where_all_is_required(
    required: str, outcome: str, tmp_path: Path
) -> None:
    (tmp_path / "test_it.py").write_text("import pytest\ndef test_it(): pytest.skip('no part')\n")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.conftest", "--rootdir", tmp_path, tmp_path],
        cwd=REPOSITORY,
        env={**os.environ, "RELREC_REQUIRE_ALL": required},
        capture_output=True,
        text=True,
        check=False,
    )
    assert outcome in ran.stdout.splitlines()[-1]
    assert ran.returncode == (1 if required else 0)


def test_chromium_that_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(chromium.VARIABLE, str(tmp_path / "absent"))
    with pytest.raises(RelRecError, match="not a program that can run"):
        chromium.find_or_get()
    browser = tmp_path / "chromium"
    browser.write_text("#!/bin/sh\n")
    browser.chmod(0o755)
    monkeypatch.setenv(chromium.VARIABLE, str(browser))
    assert chromium.find_or_get() == browser
    monkeypatch.delenv(chromium.VARIABLE)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert chromium.find_or_get() == browser
