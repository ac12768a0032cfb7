"""Which groups of inputs the experts of the sessions wing read (Afchar and Hennequin 2020, fig. 7).

Every expert also knows the place in the session, which is a group of its own in all subsets, so
that it changes nothing about which subset lies inside which.
"""

from __future__ import annotations

from collections.abc import Iterable

from relrec_core.experts.subsets import Family
from relrec_core.sessions.encoding import Dense, Encoding
from relrec_core.sessions.schema import CONTEXT, EVERYWHERE, GENERAL, INTERACTION, MUSICAL

SPOTIFY: dict[str, tuple[str, ...]] = {
    "context": (CONTEXT,),
    "interaction": (INTERACTION,),
    "track general": (GENERAL,),
    "track musical": (MUSICAL,),
    "context and interaction": (CONTEXT, INTERACTION),
    "track": (GENERAL, MUSICAL),
    "all but musical": (CONTEXT, INTERACTION, GENERAL),
    "all": (CONTEXT, INTERACTION, GENERAL, MUSICAL),
}
"""Experts S_1..S_8 of the paper's Spotify data."""

FAMILIES = {"spotify-8": SPOTIFY}

LANES = ("persistence", "context", "track", "musical")
"""What experts are summed up to, from what is least to what is most about the music."""


def family(name: str, encoding: Encoding) -> Family:
    """The named family over the columns that the data has; experts of absent groups are dropped.

    Raises:
        FamilyError: no expert is left.
    """
    columns: dict[str, list[str]] = {}
    for dense in encoding.columns_a:
        columns.setdefault(dense.group, []).append(dense.name)
    experts = {
        expert: (EVERYWHERE, *groups)
        for expert, groups in FAMILIES[name].items()
        if set(groups) <= columns.keys()
    }
    return Family(groups={g: tuple(c) for g, c in columns.items()}, experts=experts)


def widths(columns: Iterable[Dense]) -> dict[str, int]:
    """Group -> number of its columns, in the order in which a table holds them."""
    found: dict[str, int] = {}
    for dense in columns:
        found[dense.group] = found.get(dense.group, 0) + 1
    return found


def lane(groups: Iterable[str]) -> str:
    """Where an expert is summed up: by the most musical group that it reads."""
    read = set(groups)
    if MUSICAL in read:
        return "musical"
    if GENERAL in read:
        return "track"
    return "context" if CONTEXT in read else "persistence"
