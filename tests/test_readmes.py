"""What the READMEs say of paths, commands and examples is so."""

from __future__ import annotations

import doctest
import importlib.util
import re
import shutil
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

CORE = REPOSITORY / "relrec_core"
TEXTS = [
    REPOSITORY / "README.md",
    CORE / "README.md",
    REPOSITORY / "tests" / "README.md",
    REPOSITORY / ".devcontainer" / "README.md",
]


def test_the_first_readme_is_short() -> None:
    assert len(TEXTS[0].read_text("utf-8").splitlines()) <= 150


@pytest.mark.parametrize("text", TEXTS, ids=["first", "core", "tests", "operating"])
def test_what_is_named_exists(text: Path) -> None:
    said = text.read_text("utf-8")
    paths = re.findall(r"`([\w./-]+(?:\.py|\.toml|\.txt|/))`|\]\(([\w./-]+)\)", said)
    named = {path for pair in paths for path in pair if path}
    scripts = set(re.findall(r"scripts/\w+\.py", said))
    modules = re.findall(r"-m (relrec_core[\w.]+)", said)
    assert named | scripts
    for path in named | scripts:
        assert any((folder / path).exists() for folder in (REPOSITORY, CORE, text.parent)), path
    for module in modules:
        assert importlib.util.find_spec(module) is not None, module


def test_examples_are_as_the_readme_shows_them(
    ml_100k: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In a data directory where no other model than the ones that ship was made active."""
    shutil.copytree(ml_100k, tmp_path / "data" / ml_100k.name)
    monkeypatch.setenv("RELREC_HOME", str(tmp_path))
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    found = doctest.testfile(str(CORE / "README.md"), module_relative=False, optionflags=options)
    assert found.attempted >= 20 and found.failed == 0
