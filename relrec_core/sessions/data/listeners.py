"""Whose plays they are: several listeners stay apart, one listener's two exports come together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

from relrec_core.errors import shortened
from relrec_core.sessions.data.plays import Mark, Origin, Play

LOOSE = "other files"
"""What a listener is called who is not named and whose files came in no archive."""
_LONGEST_NAME = 40


def by_listener(plays: Sequence[Play]) -> dict[str, list[Play]]:
    """Name of a listener -> their plays by time, each once.

    A listener is who an entry names. Entries that name nobody are those of one listener for each
    archive, and of one more for all files outside of archives. Such entries are those of another
    listener that is found where, in the time that both cover, half of the plays are the same to
    the millisecond, or who is the only one named in the same archive. Of a play that both exports
    hold the more exact entry counts.
    """
    owner = _owners(plays)
    found: dict[Origin, list[Play]] = {}
    for play in plays:
        found.setdefault(owner[play.origin], []).append(play)
    names = _names(list(found))
    return {names[origin]: _each_once(theirs) for origin, theirs in found.items()}


def _each_once(plays: list[Play]) -> list[Play]:
    exact = {play.mark for play in plays if play.exact}
    left = [play for play in plays if play.exact or play.mark not in exact]
    alike = {(play.end, play.start, play.title, play.artist, play.exact): play for play in left}
    return sorted(
        alike.values(), key=lambda p: (p.end, p.start, p.title) if p.exact else (p.end, p.end, "")
    )


def _owners(plays: Sequence[Play]) -> dict[Origin, Origin]:
    """Each origin's listener, as one of the origins."""
    keys = {play.origin: _key(play.origin) for play in plays}
    marks: dict[Origin, set[Mark]] = {key: set() for key in keys.values()}
    for play in plays:
        marks[keys[play.origin]].add(play.mark)
    owner = {key: key for key in marks}
    for key in [key for key in marks if not key[0]]:
        beside = {name for name, archive in keys if name and archive == key[1] != ""}
        if len(beside) == 1:
            owner[key] = (beside.pop(), "")
            continue
        same = (other for other in marks if other != key and _same(marks[key], marks[other]))
        found = next((other for other in same if owner[other] != key), None)
        owner[key] = key if found is None else owner[found]
    return {origin: owner[key] for origin, key in keys.items()}


def _same(one: set[Mark], other: set[Mark]) -> bool:
    """Whether half of what either has of the time that both cover is in the other, too."""
    start, end = max(min(one), min(other))[0], min(max(one), max(other))[0]
    within = [{mark for mark in marks if start <= mark[0] <= end} for marks in (one, other)]
    return 2 * len(within[0] & within[1]) >= max(1, min(map(len, within)))


def _key(origin: Origin) -> Origin:
    name, archive = origin
    return (name, "") if name else ("", archive)


def _names(listeners: list[Origin]) -> dict[Origin, str]:
    named: dict[Origin, str] = {}
    often: Counter[str] = Counter()
    for name, archive in listeners:
        called = shortened(name or PurePath(archive).stem or LOOSE, _LONGEST_NAME)
        often[called] += 1
        named[name, archive] = f"{called} #{often[called]}" if often[called] > 1 else called
    return named
