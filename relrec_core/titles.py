"""Titles as people read them: decoded, and each naming one thing only."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterable, Sequence

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|\w{2,31});")
_BREAK = re.compile(r"<br\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
ENCODED = 2
"""How often a title may have been encoded: shops' texts are found encoded twice."""


def decoded(title: str) -> str:
    """A title without HTML entities and tags, its words one space apart."""
    for _ in range(ENCODED):
        title = _ENTITY.sub(lambda entity: html.unescape(entity[0]), title)
        title = _TAG.sub("", _BREAK.sub(" ", title))
    return " ".join(title.split())


def unique_labels(labels: Iterable[str], ids: Sequence[object]) -> list[str]:
    """Labels of which no two are alike: those that were get their id appended, 'Sabrina #7'.

    A picker finds what was chosen by its label, so each must name one thing. `ids` are unique.
    """
    made = list(labels)
    while twins := {label for label, times in Counter(made).items() if times > 1}:
        made = [
            f"{label} #{one}" if label in twins else label
            for label, one in zip(made, ids, strict=True)
        ]
    return made
