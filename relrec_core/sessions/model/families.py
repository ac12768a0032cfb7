"""Which groups of inputs the experts of the sessions wing read (Afchar and Hennequin 2020, 4.3).

Every expert also knows the place in the session, which is a group of its own in all subsets, so
that it changes nothing about which subset lies inside which.
"""

from __future__ import annotations

from collections.abc import Iterable

from relrec_core.experts.subsets import Family
from relrec_core.sessions.data.encoding import Dense, Encoding
from relrec_core.sessions.data.schema import (
    CONTEXT,
    DEEZER_GROUPS,
    EVERYWHERE,
    FAVOURITES,
    GENERAL,
    GROUPS,
    INTERACTION,
    MUSIC,
    MUSICAL,
    POPULARITY,
    SKIP_RATE,
    TASTE,
    USER,
    YAMBDA_GROUPS,
    groups_of,
)

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
"""Experts S_1..S_8 of the paper's Spotify data (figure 7)."""

DEEZER: dict[str, tuple[str, ...]] = {
    "persistence": (INTERACTION,),
    "favourites": (FAVOURITES,),
    "popularity": (POPULARITY,),
    "skip rate": (SKIP_RATE,),
    "user": (USER,),
    "music": (MUSIC,),
    "music and popularity": (POPULARITY, MUSIC),
    "all but music": (INTERACTION, FAVOURITES, POPULARITY, SKIP_RATE, USER),
    "listener and music": (FAVOURITES, SKIP_RATE, USER, MUSIC),
    "all": (INTERACTION, FAVOURITES, POPULARITY, SKIP_RATE, USER, MUSIC),
}
"""Ten experts for the paper's Deezer data (figure 9). The text says what S_1 to S_4 read, that
S_1 is persistence, S_2 to S_5 and S_8 are about the listener and S_6, S_7 and S_9 about the music,
and that S_10 reads everything; what S_5 and S_7 to S_9 read precisely is our choice."""

YAMBDA: dict[str, tuple[str, ...]] = {
    "context": (CONTEXT,),
    "persistence": (INTERACTION,),
    "track general": (GENERAL,),
    "music": (MUSIC,),
    "taste": (TASTE,),
    "context and interaction": (CONTEXT, INTERACTION),
    "track": (GENERAL, MUSIC),
    "taste and music": (MUSIC, TASTE),
    "all but music": (CONTEXT, INTERACTION, GENERAL, TASTE),
    "all": (CONTEXT, INTERACTION, GENERAL, MUSIC, TASTE),
}
"""Ten experts for Yambda, after the two families of the paper: each group alone, then the pairs
that one would ask about, all but the sound, and everything."""

AUTO = "auto"
FAMILIES = {"spotify-8": SPOTIFY, "deezer-10": DEEZER, "yambda-10": YAMBDA}
_OF_GROUPS = {GROUPS: "spotify-8", DEEZER_GROUPS: "deezer-10", YAMBDA_GROUPS: "yambda-10"}


def fitting(columns: Iterable[str]) -> str:
    """Name of the family for data with columns of these names."""
    return _OF_GROUPS[groups_of(columns)]


def chosen(name: str, encoding: Encoding) -> str:
    """A family's name, or that of the `fitting` one where it is `AUTO`."""
    return fitting((*encoding.log_columns, *encoding.track_columns)) if name == AUTO else name


def family(name: str, encoding: Encoding) -> Family:
    """The `chosen` family over the columns that the data has; experts of absent groups are dropped.

    Raises:
        FamilyError: no expert is left.
    """
    columns: dict[str, list[str]] = {}
    for dense in encoding.columns_a:
        columns.setdefault(dense.group, []).append(dense.name)
    experts = {
        expert: (EVERYWHERE, *groups)
        for expert, groups in FAMILIES[chosen(name, encoding)].items()
        if set(groups) <= columns.keys()
    }
    return Family(groups={g: tuple(c) for g, c in columns.items()}, experts=experts)


def widths(columns: Iterable[Dense]) -> dict[str, int]:
    """Group -> number of its columns, in the order in which a table holds them."""
    found: dict[str, int] = {}
    for dense in columns:
        found[dense.group] = found.get(dense.group, 0) + 1
    return found
