"""What a result depends on besides data and settings: the code that is reached by import."""

from __future__ import annotations

import ast
import hashlib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@cache
def digest(module: str, root: Path = ROOT) -> str:
    """A short name for the code of a module and of all that it reaches by import in its package.

    It changes with every statement that is reached, and with which function a name is imported
    from. Formatting, comments, docstrings, imports that only type checkers follow, and where the
    files lie do not count. The code is read, not executed, and as it was when first asked for.

    Args:
        module: dotted name, such as "relrec_core.movies.training.train".
        root: the folder in which its package lies.
    """
    reached = {name: _read(name, root) for name in closure(module, root)}
    alone = {name: _sha256(found.text) for name, found in reached.items()}
    whole = set()
    for found in reached.values():
        names = sorted(
            (alone[inner], "", bound)
            if (inner := f"{source}.{name}") in alone
            else (alone[source], name, bound)
            for source, name, bound in found.imports
        )
        if found.text or names:
            whole.add(_sha256(found.text, *map(repr, names)))
    return _sha256(*sorted(whole))[:16]


@cache
def closure(module: str, root: Path = ROOT) -> tuple[str, ...]:
    """Names of all modules of its package that importing `module` may execute, sorted.

    Imports inside functions count, and the packages around each module.

    Raises:
        ModuleNotFoundError: there is no such module.
    """
    reached: set[str] = set()
    ahead = {module}
    while ahead:
        name = ahead.pop()
        reached.add(name)
        wanted = {name.rpartition(".")[0]} - {""}
        for source, imported, _ in _read(name, root).imports:
            wanted.add(source)
            if imported and _file(f"{source}.{imported}", root):
                wanted.add(f"{source}.{imported}")
        ahead |= wanted - reached
    return tuple(sorted(reached))


@dataclass(frozen=True)
class _Module:
    """Its code without its package's imports, and these: (module, name or "", bound as)."""

    text: str
    imports: tuple[tuple[str, str, str], ...]


def _read(name: str, root: Path) -> _Module:
    file = _file(name, root)
    if file is None and root.joinpath(*name.split(".")).is_dir():
        return _Module("", ())
    if file is None:
        raise ModuleNotFoundError(f"There is no module {name} in {root}.", name=name)
    package = name if file.name == "__init__.py" else name.rpartition(".")[0]
    return _parsed(file.read_bytes(), package)


@cache
def _parsed(source: bytes, package: str) -> _Module:
    reader = _Reader(package)
    tree = reader.visit(ast.parse(source))
    return _Module(ast.unparse(tree), tuple(sorted(reader.imports)))


@dataclass
class _Reader(ast.NodeTransformer):
    """Takes out of a module what does not count, and the imports of its own package."""

    package: str
    imports: set[tuple[str, str, str]] = field(default_factory=set)

    def visit_Expr(self, node: ast.Expr) -> Any:
        text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if text else self.generic_visit(node)

    def visit_If(self, node: ast.If) -> Any:
        if ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            node.body = []
            self.generic_visit(node)
            return node.orelse
        return self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> Any:
        own = [alias for alias in node.names if self._own(alias.name)]
        self.imports |= {(alias.name, "", alias.asname or alias.name) for alias in own}
        node.names = [alias for alias in node.names if alias not in own]
        return node if node.names else None

    def visit_ImportFrom(self, node: ast.ImportFrom) -> Any:
        source = node.module or ""
        if node.level:
            around = self.package.split(".")
            above = around[: len(around) - node.level + 1]
            source = ".".join([*above, *([node.module] if node.module else [])])
        if not self._own(source):
            return node
        self.imports |= {(source, alias.name, alias.asname or alias.name) for alias in node.names}
        return None

    def _own(self, name: str) -> bool:
        return name.partition(".")[0] == self.package.partition(".")[0]


def _file(name: str, root: Path) -> Path | None:
    place = root.joinpath(*name.split("."))
    candidates = (place / "__init__.py", place.with_name(f"{place.name}.py"))
    return next((file for file in candidates if file.is_file()), None)


def _sha256(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()
