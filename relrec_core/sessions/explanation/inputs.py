"""What the model was told of one track: the inputs of each group, with their values, in words."""

from __future__ import annotations

import re

import numpy as np
import numpy.typing as npt

from relrec_core.sessions.data.dataset import SessionData
from relrec_core.sessions.data.schema import (
    BY_NAME,
    CONTEXT,
    EVERYWHERE,
    INTERACTION,
    MUSIC,
    MUSICAL,
    TASTE,
    Column,
)
from relrec_core.sessions.data.sessions import Sessions, known_ahead, uncut
from relrec_core.sessions.data.values import SHARE_STEPS, magnitude
from relrec_core.sessions.explanation.result import GroupInputs, Input

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
STRIKING = 3
"""Features of the sound that are named: those in which the track differs most from the first
half, in standard deviations over all tracks, or least where it is said to be like it."""
ALIKE = 1.0
"""Standard deviations, root mean square over the features: a sound nearer than this to that of the
first half is said to be like it."""

_NUMBERED = re.compile(r" \(\d+\)$")
_CALLED = {
    "hour_of_day": "time",
    "date": "day",
    "context_type": "played from",
    "hist_user_behavior_is_shuffle": "shuffle",
    "premium": "premium account",
    "release_year": "year",
    "duration": "length",
    "us_popularity_estimate": "popularity",
    "dyn_range_mean": "dynamic range",
    "is_favourite": "favourite",
    "is_banned": "banned",
    "discounted_skip_rate": "skipped of late",
    "user_skip_rate": "the listener skips",
    "is_organic": "came from",
    "seconds_since_last": "since the listen before",
    "listens_before": "all listeners heard it",
    "days_in_data": "in the data for",
    "liked_before": "liked before",
    "disliked_before": "disliked before",
    "heard_before": "this listener heard it",
    "own_track_skip_rate": "and skipped it",
    "own_skip_rate": "this listener skips",
    "likes_before": "tracks this listener liked",
}
_UNITS = {"listens_before": "time", "heard_before": "time", "days_in_data": "day"}
"""In which a magnitude is told, one of it."""
_ORDER = (
    *("context_type", "date", "hour_of_day", "release_year", "duration"),
    *("heard_before", "listens_before"),
)
_SAID = {
    CONTEXT: ("played from", "day", "time", "came from"),
    TASTE: ("this listener heard it", "this listener skips"),
}
"""What of a group is said in a few words; of the others all."""
FIRST_HALF = "the first half"
OWN_CHOICE, RECOMMENDED = "the listener's own choice", "a recommendation"


def inputs(data: SessionData, session: Sessions, slot: int) -> tuple[GroupInputs, ...]:
    """Of one track of the second half, group by group, as far as they have names.

    Args:
        data: whose columns and tracks these are.
        session: one session of it.
        slot: of the track in the second half, from 0.
    """
    found: dict[str, list[Input]] = {}
    said: dict[str, str] = {}
    half = int(session.mask_a[0].sum())
    for column, value in _plays(data.columns, session, half, slot):
        found.setdefault(column.group, []).append(Input(name=called(column.name), value=value))
    if any(column.group == INTERACTION for column in data.columns):
        skipped = session.skipped_before(data.columns)[0, :half]
        found[INTERACTION], said[INTERACTION] = _actions(skipped)
    here, before = int(session.tracks_b[0, slot]), session.tracks_a[0, :half]
    for group in dict.fromkeys(column.group for column in data.tracks.columns):
        named, words = _track(data, group, here, before)
        if named and group not in found:
            said[group] = words
        if named:
            found[group] = [*found.get(group, []), *named]
    return tuple(
        GroupInputs(group=group, words=said.get(group) or _words(group, named), named=tuple(named))
        for group, named in found.items()
    )


def session_title(data: SessionData, session: Sessions, number: int) -> str:
    """What a session is called: its own name if people can read it, else its number, day and hour.

    Args:
        data: of which it is the one numbered `number`, from 0.
        session: one session.
        number: from 0.
    """
    name, part = uncut(str(session.ids[0]))
    if " " in name:  # of a listener's own history: its start, and a number that tells it apart
        name = _NUMBERED.sub("", name)
        return f"{name}, part {part}" if part > 1 else name
    at = {column.name: i for i, column in enumerate(data.columns)}
    told = [
        _text(BY_NAME[name], int(session.logs[0, 0, at[name]]))
        for name in ("date", "hour_of_day")
        if name in at
    ]
    return ", ".join([f"Session {number + 1}", *([" ".join(told)] if told else [])])


def called(name: str) -> str:
    """What a column is called on screen."""
    return _CALLED.get(name, name.replace("_", " "))


def value_text(name: str, code: int) -> str:
    """A byte of a column of plays as people read it."""
    return _text(BY_NAME[name], code)


def _plays(
    columns: tuple[Column, ...], session: Sessions, half: int, slot: int
) -> list[tuple[Column, str]]:
    """What is known of plays: of this one if it is known before it, else of the last of A."""
    ahead = {column.name: i for i, column in enumerate(known_ahead(columns))}
    chosen = []
    for i, column in enumerate(columns):
        if column.group in (INTERACTION, EVERYWHERE) or _nameless(column):
            continue
        if "pause" in column.name:
            continue
        code = (
            session.ahead[0, slot, ahead[column.name]]
            if column.name in ahead
            else session.logs[0, half - 1, i]
        )
        chosen.append((column, _text(column, int(code))))
    return sorted(chosen, key=lambda pair: _place(pair[0].name))


def _place(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)


def _actions(skipped: npt.NDArray[np.bool_]) -> tuple[list[Input], str]:
    """How the first half ended and how often was skipped, and the same in words."""
    last = bool(skipped[-1])
    run = next((i for i, one in enumerate(skipped[::-1]) if bool(one) != last), len(skipped))
    often = f"{int(skipped.sum())} of {len(skipped)}"
    did = f"{run} {'skips' if last else 'plays'} in a row" if run > 1 else ""
    named = [
        Input(name="end of the first half", value=did or ("a skip" if last else "a play")),
        Input(name="skipped", value=often),
    ]
    single = f"the last track was {'skipped' if last else 'played'}, {often} were skipped"
    return named, did or single


def _track(
    data: SessionData, group: str, here: int, before: npt.NDArray[np.int32]
) -> tuple[list[Input], str]:
    """Inputs of a track beside the mean of the first half, and words for them: of the sound those
    in which it is most like the first half if it is like it, else those most unlike."""
    if group == MUSIC:
        alike = _distance(data, group, here, before) < ALIKE
        told = "alike" if alike else "different"
        return [Input(name=f"beside {FIRST_HALF}", value=told)], (
            f"{'' if alike else 'un'}like {FIRST_HALF}"
        )
    found = []
    for column in data.tracks.columns:
        if column.group != group or column.kind != "number" or _nameless(column):
            continue
        values = data.tracks.frame[column.name]
        value, usual = float(values[here]), float(values.gather(before).to_numpy().mean())
        off = (value - usual) / data.tracks.spread[column.name]
        name, told = called(column.name), _number(column, value)
        found.append((off, column, Input(name=name, value=told, before=_number(column, usual))))
    if not found:
        return [], ""
    if group != MUSICAL:
        named = [told for _, column, told in sorted(found, key=lambda one: _place(one[1].name))]
        return named, f"{named[0].name} {named[0].value}, {FIRST_HALF} around {named[0].before}"
    alike = np.sqrt(np.mean([off**2 for off, _, _ in found])) < ALIKE
    by_distance = sorted(found, key=lambda one: abs(one[0]), reverse=not alike)
    named = [told for _, _, told in by_distance[:STRIKING]]
    if alike:
        return named, f"like {FIRST_HALF}"
    return named, f"unlike {FIRST_HALF}, {named[0].name} {named[0].value} against {named[0].before}"


def _distance(data: SessionData, group: str, here: int, before: npt.NDArray[np.int32]) -> float:
    """From a track to the mean of others in standard deviations, root mean square over features."""
    names = [column.name for column in data.tracks.columns if column.group == group]
    rows = data.tracks.frame[[here, *before.tolist()]].select(names).to_numpy()
    spread = np.array([data.tracks.spread[name] for name in names])
    return float(np.sqrt(np.mean(((rows[0] - rows[1:].mean(axis=0)) / spread) ** 2)))


def _words(group: str, named: list[Input]) -> str:
    """The first inputs of a group in a few words."""
    said = [one for one in named if one.name in _SAID.get(group, (one.name,))]
    if group == CONTEXT:
        return ", ".join(one.value for one in said)
    return ", ".join(f"{one.name} {one.value}" for one in said)


def _nameless(column: Column) -> bool:
    """A number that means nothing to a reader by itself."""
    return column.name.startswith(("acoustic_vector", "music_embedding", "user_embedding"))


def _text(column: Column, code: int) -> str:
    """A byte of the logs as text."""
    if column.kind == "category":
        return column.categories[code].replace("_", " ")
    if column.kind == "date":
        return DAYS[code]
    if column.name == "hour_of_day":
        return f"{code}:00"
    if column.name == "is_organic":
        return OWN_CHOICE if code else RECOMMENDED
    if column.kind == "magnitude":
        return _amount(column, magnitude(code, column))
    if column.kind == "share":
        return f"{column.minimum + (column.maximum - column.minimum) * code / SHARE_STEPS:.0%}"
    return ("yes" if code else "no") if column.kind == "flag" else str(code)


def _amount(column: Column, value: float) -> str:
    """A magnitude with as many digits as its steps allow."""
    if column.name == "seconds_since_last":
        return f"{value / 60:,.0f} min" if value >= 60 else f"{value:.0f} s"
    rounded = round(value, 1 - len(str(int(value)))) if value >= 100 else round(value)
    unit = _UNITS.get(column.name, "")
    told = f"{'about ' if value >= 100 else ''}{rounded:,.0f} {unit}".rstrip()
    return told + ("s" if unit and rounded != 1 else "")


def _number(column: Column, value: float) -> str:
    if column.name == "duration":
        return f"{int(value) // 60}:{int(value) % 60:02d}"
    if column.name == "release_year":
        return f"{value:.0f}"
    digits = 0 if abs(value) >= 1000 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}".replace("-", "−")
