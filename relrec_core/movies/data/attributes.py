"""Columns of films and users as attributes: what their cells say, which count, their names."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd

from relrec_core.errors import DataError

SEPARATOR = "|"
GENRES, GENRE = "genres", "genre"
NOTHING = frozenset({"", "n/a", "na", "nan", "null", "<na>", "\\n"})
_NONE_LISTED = re.compile(r"\(no \w[\w ]* (?:listed|given|known)\)")
_LIST = re.compile(r"\[.*\]", re.DOTALL)
_QUOTED = re.compile(r"\[\s*[\"'{\[]")
_IDENTIFIES = re.compile(r"(?i:unnamed: \d+|index|(?:.*[\W_])?(?:id|uuid))|.*[a-z]I[dD]")
FEW, OWN = 10, 0.95
"""From so many values on, a column in which this share of values stands once is no attribute."""


def read(path: Path, column: pd.Series[str]) -> pd.Series[str]:
    """What the cells of one column say: their values, joined by `SEPARATOR`.

    JSON lists of words are read as lists; "(no genres listed)", "N/A" and the like are no value.

    Args:
        path: the file, for errors.
        column: text, indexed by line of the file.

    Raises:
        DataError: names the line of the first list that is not one of words.
    """
    said = {cell: _values(cell) for cell in column.unique()}
    unread = {cell for cell, values in said.items() if values is None}
    if unread:
        bad = column[column.isin(unread)]
        raise DataError(
            path,
            f"'{bad.iloc[0][:80]}'",
            f"values separated by {SEPARATOR}, or a JSON list of words",
            row=int(bad.index[0]),
            column=str(column.name),
        )
    return column.map({cell: SEPARATOR.join(values or ()) for cell, values in said.items()})


def _values(cell: str) -> list[str] | None:
    """The values in a cell; None for a list that cannot be read."""
    parts: list[object] = list(cell.split(SEPARATOR))
    if _LIST.fullmatch(cell.strip()):
        try:
            parts = json.loads(cell)
            json.dumps(parts, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            if _QUOTED.match(cell.strip()):
                return None
        if any(isinstance(part, list | dict) for part in parts):
            return None
    words = ["" if part is None else str(part).strip() for part in parts]
    return [word for word in words if not _is_nothing(word.casefold())]


def _is_nothing(word: str) -> bool:
    return word in NOTHING or _NONE_LISTED.fullmatch(word) is not None


def left_out(frame: pd.DataFrame, columns: list[str]) -> dict[str, str]:
    """Columns that say nothing two rows could share, and why, as the end of a sentence."""
    reasons = {}
    for name in columns:
        values = frame[name].str.split(SEPARATOR).explode()
        values = values[values != ""]
        if _IDENTIFIES.fullmatch(name):
            reasons[name] = "it numbers or names the rows"
        elif len(values) >= FEW and (~values.duplicated(keep=False)).mean() >= OWN:
            reasons[name] = "nearly every row has a value of its own"
    return reasons


def kinds(films: tuple[str, ...], users: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Kinds of features for the columns of both tables, no kind twice.

    A column keeps its name, but one of `GENRES` holds each `GENRE`, and a user's column that is
    called like a film's becomes "user country".
    """
    of_films = [GENRE if c == GENRES and GENRE not in films else c for c in films]
    taken = {kind.casefold() for kind in of_films}
    of_users = []
    for kind in users:
        while kind.casefold() in taken:
            kind = f"user {kind}"
        taken.add(kind.casefold())
        of_users.append(kind)
    return of_films, of_users


def capital(kind: str) -> str:
    """A kind of attribute with a capital letter."""
    return kind[:1].upper() + kind[1:]


def heading(kind: str) -> str:
    """What attributes of films of one kind stand under."""
    return {GENRE: "Genres", "decade": "Decades"}.get(kind, capital(kind))


def spoken(kind: str, value: str) -> str:
    """A value in words: M and F are man and woman where the kind is sex or gender."""
    if kind.casefold().removeprefix("user ") in ("sex", "gender"):
        return {"M": "man", "F": "woman"}.get(value, value)
    return value
