"""The glossary is what tooltips say, and every word that they ask for is in it."""

from __future__ import annotations

import re
from pathlib import Path

import dashboard
from dashboard.glossary import FILE, glossary, meaning

SOURCES = sorted(Path(dashboard.__path__[0]).rglob("*.py"))


def test_every_tooltip_has_its_word_and_every_row_is_read() -> None:
    asked = {
        word
        for file in SOURCES
        for word in re.findall(r"meaning\([\"']([^\"']+)[\"']\)", file.read_text("utf-8"))
    }
    assert asked and asked <= set(glossary())
    rows = [line for line in FILE.read_text("utf-8").splitlines() if line.startswith("| ")]
    assert len(glossary()) == len(rows) - 1  # the heading
    assert all(meaning(word).endswith(".") for word in glossary())
