"""Plain data from a pickle of which nothing is executed."""

from __future__ import annotations

import io
import pickle
import pickletools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from relrec_core.errors import SourceError, border

MAXIMUM_BYTES = 50_000_000


def read(path: Path) -> dict[Any, Any]:
    """The dictionary of texts, numbers and lists in a pickle.

    Raises:
        SourceError: too big, damaged, of another kind, or in need of code to be read.
    """
    name = path.name
    if path.stat().st_size > MAXIMUM_BYTES:
        raise SourceError(f"{name} has more than {MAXIMUM_BYTES / 1e6:.0f} MB")
    content = path.read_bytes()
    with border(lambda why: SourceError(f"{name} cannot be read as plain data ({why})")):
        _check_memo(content)
        found = _Reader(io.BytesIO(content), encoding="utf-8", errors="replace").load()
    if not isinstance(found, dict):
        raise SourceError(f"{name} holds no dictionary")
    return found


def _check_memo(content: bytes) -> None:
    """Refuse places in the memo beyond what the file can fill: each would take memory."""
    for code, value, _ in pickletools.genops(content):
        if code.name in ("PUT", "BINPUT", "LONG_BINPUT") and int(str(value)) > len(content):
            raise pickle.UnpicklingError("a memo larger than the file")


def _plain_dictionary(*_: object) -> dict[Any, Any]:
    return {}


_ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("collections", "OrderedDict"): _plain_dictionary,
    ("collections", "defaultdict"): _plain_dictionary,
    **{
        (module, kind.__name__): kind
        for module in ("builtins", "__builtin__")
        for kind in (list, set, dict)
    },
}
"""What a pickle of plain data may name; an ordered dictionary becomes a plain one."""


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Callable[..., Any]:
        try:
            return _ALLOWED[module, name]
        except KeyError:
            raise pickle.UnpicklingError(f"it names {module[:40]}.{name[:40]}") from None
