"""What a trained model is named by: the code that is reached by import, and nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from itertools import count
from pathlib import Path

import pytest

from relrec_core.runs.code import closure, digest
from relrec_core.wings import MODELS
from tests.conftest import REPOSITORY

SMALL = {
    "pkg/__init__.py": "",
    "pkg/train.py": (
        "import json\n\nfrom pkg.deep.rules import rule\nfrom pkg import tools\n\n\n"
        "def train(x):\n    from .late import last\n\n    return last(tools.add(rule(x)))\n"
    ),
    "pkg/deep/__init__.py": '"""A room."""\n',
    "pkg/deep/rules.py": "def rule(x):\n    return 2 * x\n\n\ndef other(x):\n    return x\n",
    "pkg/tools.py": 'def add(x):\n    """Adds."""\n    return x + 1\n',
    "pkg/late.py": "def last(x):\n    return x\n",
    "pkg/apart.py": "from pkg.train import train\n",
}
TRAINERS = {name: model.trainer for name, model in MODELS.items()}
numbers = count()


def digest_of(tmp_path: Path, changes: Mapping[str, str | None], module: str = "pkg.train") -> str:
    """Of the small package with some files changed, added or (None) taken away."""
    root = tmp_path / str(next(numbers))
    for name, text in {**SMALL, **changes}.items():
        if text is not None:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text, encoding="utf-8")
    return digest(module, root)


def edited(name: str, old: str, new: str) -> dict[str, str | None]:
    assert old in SMALL[name]
    return {name: SMALL[name].replace(old, new)}


def test_the_closure_follows_every_kind_of_import(tmp_path: Path) -> None:
    digest_of(tmp_path, {})
    root = next(tmp_path.iterdir())
    reached = closure("pkg.train", root)
    expected = {"pkg", "pkg.train", "pkg.tools", "pkg.late", "pkg.deep", "pkg.deep.rules"}
    assert set(reached) == expected
    with pytest.raises(ModuleNotFoundError, match=r"pkg\.none"):
        closure("pkg.none", root)


TRAIN, RULES = "pkg/train.py", "pkg/deep/rules.py"


@pytest.mark.parametrize(
    "changes",
    [
        {"pkg/new.py": ""},
        edited("pkg/apart.py", "train\n", "train\n\nprint(train)\n"),
        edited("pkg/tools.py", "Adds", "Adds one"),
        edited("pkg/tools.py", '    """Adds."""\n', ""),
        edited("pkg/tools.py", "x + 1", "(x  +\n        1)  # plus one"),
        edited("pkg/deep/__init__.py", "A room", "Another room"),
        edited(
            TRAIN,
            "\n\nfrom",
            "\nfrom typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    import pkg.apart\nfrom",
        )
        | edited("pkg/late.py", "def", '"""Late."""\n\n\ndef'),
    ],
    ids=["new", "apart", "docstring", "none", "format", "package", "types"],
)
def test_what_nothing_depends_on_does_not_count(
    tmp_path: Path, changes: dict[str, str | None], request: pytest.FixtureRequest
) -> None:
    before: dict[str, str | None] = {}
    if request.node.callspec.id == "types":
        before = edited(TRAIN, "\n\nfrom", "\nfrom typing import TYPE_CHECKING\n\nfrom")
    assert digest_of(tmp_path, changes) == digest_of(tmp_path, before)


@pytest.mark.parametrize(
    "changes",
    [
        edited(RULES, "2 *", "3 *"),
        edited("pkg/late.py", "return x", "return -x"),
        edited("pkg/__init__.py", "", "import os\nos.environ['X'] = '1'\n"),
        edited(TRAIN, "import json\n", ""),
        edited(TRAIN, "import rule", "import other as rule"),
        edited(TRAIN, "from pkg import tools", "from pkg.deep import rules as tools"),
    ],
    ids=["rule", "late", "package", "library", "other-function", "other-module"],
)
def test_what_is_reached_counts(tmp_path: Path, changes: dict[str, str | None]) -> None:
    assert digest_of(tmp_path, changes) != digest_of(tmp_path, {})


def test_a_file_may_move(tmp_path: Path) -> None:
    """Into another package, a module into the root, the trainer itself; names of files too."""
    moved = {
        RULES: None,
        "pkg/deep/__init__.py": None,
        "pkg/far/away/__init__.py": '"""Elsewhere."""\n',
        "pkg/far/away/laws.py": SMALL[RULES],
        **edited(TRAIN, "pkg.deep.rules", "pkg.far.away.laws"),
    }
    before = digest_of(tmp_path, {})
    assert digest_of(tmp_path, moved) == before
    renamed = {"pkg/tools.py": None, "pkg/deep/kit.py": SMALL["pkg/tools.py"]}
    renamed |= edited(TRAIN, "from pkg import tools", "from pkg.deep import kit as tools")
    assert digest_of(tmp_path, renamed) == before
    trainer = SMALL[TRAIN].replace("from .late", "from ..late")
    assert digest_of(tmp_path, {TRAIN: None, "pkg/deep/t.py": trainer}, "pkg.deep.t") == before


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the core that may be changed."""
    root = tmp_path_factory.mktemp("real")
    shutil.copytree(REPOSITORY / "relrec_core", root / "relrec_core")
    return root


def all_digests(root: Path) -> dict[str, str]:
    digest.cache_clear()
    closure.cache_clear()
    return {name: digest(module, root) for name, module in TRAINERS.items()}


@pytest.mark.parametrize(
    ("file", "text", "named"),
    [
        ("lrp/rules.py", "X = 1", {"products"}),
        ("lrp/rules.py", '"""More."""', set()),
        ("runs/distributed.py", "X = 1", set(TRAINERS)),
        ("errors.py", "X = 1", set(TRAINERS)),
        ("experts/mixture.py", "X = 1", {"movies-experts", "sessions"}),
        ("movies/training/examples.py", "X = 1", {"movies"}),
        ("movies/evaluation/claims.py", "X = 1", set()),
        ("evaluation/claims.py", "X = 1", set()),
        ("products/new.py", "", set()),
        ("movies/experts/new.py", "X = 1", set()),
    ],
)
def test_of_the_real_trainers(real: Path, file: str, text: str, named: set[str]) -> None:
    before = all_digests(real)
    place = real / "relrec_core" / file
    kept = place.read_text(encoding="utf-8") if place.exists() else None
    place.write_text(f"{kept or ''}\n{text}\n", encoding="utf-8")
    after = all_digests(real)
    assert {name for name in TRAINERS if before[name] != after[name]} == named
    place.unlink() if kept is None else place.write_text(kept, encoding="utf-8")


@pytest.mark.parametrize("trainer", TRAINERS.values())
def test_training_reaches_no_evaluation(trainer: str) -> None:
    last = {name.rpartition(".")[2] for name in closure(trainer)}
    shown = {"claims", "evaluate", "study", "cells", "benchmark", "explain"}
    assert not last & shown
    assert {"train", "config", "errors", "paths", "distributed"} <= last
