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
    EVERYWHERE,
    FAVOURITES,
    GENERAL,
    INTERACTION,
    MUSIC,
    MUSICAL,
    POPULARITY,
    SKIP_RATE,
    USER,
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

TITLES = {
    "interaction": "earlier actions",
    "persistence": "earlier actions",
    "track general": "track facts",
    "track musical": "sound",
    "context and interaction": "context and earlier actions",
    "track": "track facts and sound",
    "all but musical": "all except sound",
    "all": "all inputs",
    "skip rate": "earlier skips of the track",
    "music": "sound",
    "music and popularity": "sound and popularity",
    "all but music": "all except sound",
    "listener and music": "listener and sound",
}
"""What an expert is called on screen, where that is not its name."""


def expert_title(expert: str) -> str:
    """What an expert is called on screen."""
    return TITLES.get(expert, expert)


FAMILIES = {"spotify-8": SPOTIFY, "deezer-10": DEEZER}

LANES = ("persistence", "context", "listener", "track", "musical")
"""What experts are summed up to, from what is least to what is most about the music; "listener" is
what the paper's figure 11 calls interaction."""

LANE_TITLES = {
    "persistence": "Earlier actions",
    "context": "Context",
    "listener": "Habits",
    "track": "Track facts",
    "musical": "Sound",
}
"""What lanes are called on screen."""

_LANE_OF = {
    MUSICAL: "musical",
    MUSIC: "musical",
    GENERAL: "track",
    POPULARITY: "listener",
    FAVOURITES: "listener",
    SKIP_RATE: "listener",
    USER: "listener",
    CONTEXT: "context",
    INTERACTION: "persistence",
}


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
    return max((_LANE_OF[group] for group in groups), key=LANES.index)


def lanes(family: Family) -> tuple[str, ...]:
    """Those of `LANES` that an expert of the family is summed up in, in their order."""
    found = {lane(g for g in groups if g != EVERYWHERE) for groups in family.experts.values()}
    return tuple(name for name in LANES if name in found)
