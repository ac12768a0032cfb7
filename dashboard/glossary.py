"""The glossary of `README.md`: what tooltips say."""

from __future__ import annotations

from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("README.md")


@cache
def glossary() -> dict[str, str]:
    """Word -> meaning."""
    rows = [line.strip("| ").split(" | ") for line in FILE.read_text("utf-8").splitlines()]
    return {row[0]: row[1] for row in rows[1:] if len(row) == 2 and row[0] != "Word"}


def meaning(word: str) -> str:
    """What the word means; `KeyError` for one that the glossary lacks."""
    return glossary()[word]
