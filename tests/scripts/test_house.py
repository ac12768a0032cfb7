"""Nothing is larger than what one reads at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
LINES_OF_A_FILE, LINES_OF_A_FUNCTION, PARAMETERS = 350, 60, 7
RECEIVERS = {"self", "cls", "ctx"}


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    a = function.args
    named = [*a.posonlyargs, *a.args, *a.kwonlyargs, *filter(None, (a.vararg, a.kwarg))]
    return [each.arg for each in named if each.arg not in RECEIVERS]


def too_large(text: str) -> Iterator[str]:
    if (lines := text.count("\n")) > LINES_OF_A_FILE:
        yield f"{lines} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            if lines > LINES_OF_A_FUNCTION:
                yield f"{node.name} has {lines} lines"
            if (count := len(parameters(node))) > PARAMETERS:
                yield f"{node.name} has {count} parameters"


@pytest.mark.parametrize("package", ["relrec_core", "dashboard", "scripts"])
def test_what_is_read_at_once(package: str) -> None:
    files = [*(REPOSITORY / package).rglob("*.py")]
    assert files
    found = {
        str(file.relative_to(REPOSITORY)): large
        for file in files
        if (large := [*too_large(file.read_text(encoding="utf-8"))])
    }
    assert not found


def test_larger_is_found() -> None:
    many = ", ".join(f"p{i}" for i in range(PARAMETERS))
    assert [*too_large(f"def f(self, {many}): ...\n")] == []
    assert [*too_large(f"def f({many}, *, more): ...\n")] == ["f has 8 parameters"]
    assert [*too_large("def f():\n" + "    x\n" * 60)] == ["f has 61 lines"]
    assert [*too_large("\n" * 351)] == ["351 lines"]
