"""Find a session worth looking at, and see what another first half would have changed."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import pandas as pd

from relrec_core.errors import ProfileError
from relrec_core.sessions.data.schema import CONTEXT, CONTEXT_TYPES, EVERYWHERE
from relrec_core.sessions.data.sessions import (
    CAUSES,
    Sessions,
    concatenate,
    known_ahead,
    listener_of,
)
from relrec_core.sessions.explanation.circumstances import (
    KINDS,
    changeable,
    circumstances,
    with_moved,
)
from relrec_core.sessions.explanation.counterfactual import smallest, trials, with_turned
from relrec_core.sessions.explanation.elsewhere import Elsewhere, Option
from relrec_core.sessions.explanation.explain import Explorer
from relrec_core.sessions.explanation.inputs import (
    OWN_CHOICE,
    RECOMMENDED,
    called,
    session_title,
    value_text,
)
from relrec_core.sessions.explanation.result import LANES, Change, Flip, SessionAnswer, lane
from relrec_core.sessions.model import baselines
from relrec_core.sessions.model.metrics import THRESHOLD, score


def listing(explorer: Explorer) -> pd.DataFrame:
    """One row a session of the data, in its order.

    Columns: `session` (its id), `length`, `skipped` (share of all tracks), `right` (share of the
    second half), `surprise` (mean distance of the predicted probability from what happened),
    `reasons` (how many different experts decide tracks that are predicted right), `title` (as
    people read it), `turns` (whether the listener changes their mind, as predicted: the first half
    ends with two skips or two plays, and the next track is rightly predicted to go the other way).
    """
    sessions, columns = explorer.data.sessions, explorer.data.columns
    before, after = sessions.mask_a, sessions.mask_b
    probability = explorer.everything.probability
    skipped = (sessions.skipped_before(columns) & before).sum(1) + (sessions.skipped & after).sum(1)
    right = ((probability >= THRESHOLD) == sessions.skipped) & after
    distance = np.where(after, np.abs(probability - sessions.skipped), 0.0)
    predicted = after.sum(1)
    top = explorer.everything.top
    reasons = [len(set(row[there])) for row, there in zip(top, right, strict=True)]
    given = sessions.skipped_before(columns)
    every, half = np.arange(len(sessions)), sessions.lengths // 2
    last, before_it = given[every, half - 1], given[every, np.maximum(half, 2) - 2]
    alike = (half > 1) & (last == before_it)
    return pd.DataFrame(
        {
            "session": [str(i) for i in sessions.ids],
            "length": sessions.lengths.astype(int),
            "skipped": skipped / sessions.lengths,
            "right": right.sum(1) / predicted,
            "surprise": distance.sum(1) / predicted,
            "reasons": reasons,
            "title": [
                session_title(explorer.data, explorer.session(row), row)
                for row in range(len(sessions))
            ],
            "turns": alike & right[:, 0] & (sessions.skipped[:, 0] != last),
        }
    )


def chosen(
    frame: pd.DataFrame,
    length: tuple[int, int],
    skipped: tuple[float, float],
    first: str | None = None,
) -> pd.DataFrame:
    """The sessions of a listing within both ranges, ends included.

    In the data's order, or those with the most of column `first` first; of equal ones those that
    are predicted best.
    """
    # Shares such as 7/10 carry rounding; a slider's ends should hold them all the same.
    near = frame["skipped"].between(skipped[0] - 1e-9, skipped[1] + 1e-9)
    found = frame[frame["length"].between(*length) & near]
    if first is None:
        return found
    return found.sort_values([first, "right"], ascending=False, kind="stable")


def turned(
    explorer: Explorer,
    session: Sessions,
    places: Collection[int],
    moved: Mapping[str, int] | None = None,
) -> tuple[Change, ...]:
    """What changes if the tracks at `places` of the first half (from 0) had been the other way.

    Skipped ones are played to their end, played ones skipped.

    Args:
        explorer: model and sessions.
        session: one of these.
        places: of the tracks that go the other way.
        moved: where and when it is played instead, column -> value as of `circumstances.Moved`.

    Raises:
        ProfileError: there is no such track or value.
    """
    half, rest = int(session.mask_a[0].sum()), int(session.mask_b[0].sum())
    if wrong := [place for place in places if not 0 <= place < half]:
        raise ProfileError(f"The first half has no track {wrong[0] + 1} that could be changed.")
    sets = np.array([[False] * half, [place in places for place in range(half)]])
    columns = explorer.data.columns
    there = session
    if moved:
        there = with_moved(session, columns, {n: np.array([v]) for n, v in moved.items()})
    both = concatenate(
        with_turned(one, columns, sets[i : i + 1]) for i, one in enumerate((session, there))
    )
    said = explorer.predict(both).probability  # (2, 10)
    return tuple(
        Change(
            position=half + slot + 1,
            label=explorer.data.tracks.label(int(session.tracks_b[0, slot])),
            before=float(said[0, slot]),
            after=float(said[1, slot]),
        )
        for slot in range(rest)
    )


def smallest_flip(explorer: Explorer, session: Sessions, answer: SessionAnswer) -> Flip:
    """The fewest tracks of the first half that turn the prediction in focus, proven by trying."""
    found = smallest(trials(explorer.predict, session, explorer.data.columns), answer.focus)
    told = vars(found) | {"turned": tuple(answer.given[place] for place in found.places)}
    del told["places"]
    return Flip(track=answer.focused.label, half=len(answer.given), **told)


def circumstances_of(explorer: Explorer) -> tuple[str, ...]:
    """Context, hour and day, as far as the data tells them and an expert reads them."""
    if CONTEXT not in explorer.family.groups:
        return ()
    return changeable(explorer.data.columns, explorer.predictor.encoding.log_columns)


def elsewhere(explorer: Explorer, session: Sessions, answer: SessionAnswer) -> Elsewhere | None:
    """What every other context, hour and day does to the prediction in focus; None where the data
    or the model knows of none of them."""
    names, columns = circumstances_of(explorer), explorer.data.columns
    if not names:
        return None
    found = circumstances(explorer.predict, session, columns, names)
    words = [(called(name), [value_text(name, v) for v in range(KINDS[name])]) for name in names]
    named = [
        {
            name: texts[value]
            for (name, texts), value, new in zip(words, row, changed, strict=True)
            if new
        }
        for row, changed in zip(found.values, found.changed, strict=True)
    ]
    least = found.least(answer.focus)
    probability = found.probability[:, answer.focus].tolist()
    return Elsewhere(
        track=answer.focused.label,
        was={name: texts[v] for (name, texts), v in zip(words, found.values[0], strict=True)},
        before=probability[0],
        options=tuple(
            Option(values=values, probability=p)
            for values, p in zip(named[1:], probability[1:], strict=True)
        ),
        least=None if least is None else least - 1,
    )


def right(explorer: Explorer) -> dict[str, float]:
    """Share of all tracks of all second halves that is predicted right: model, last and mean."""
    sessions, columns = explorer.data.sessions, explorer.data.columns
    said = {
        "model": explorer.everything.probability,
        "last": baselines.last(sessions, columns),
        "mean": baselines.mean(sessions, columns),
    }
    return {
        name: score(probability, sessions.skipped, sessions.mask_b).accuracy
        for name, probability in said.items()
    }


def tracks(explorer: Explorer) -> pd.DataFrame:
    """One row a track of a second half, in the data's order.

    Columns: `row` of its session, `place` in the second half (from 0), `expert` that decided,
    `share` it has, `cause` of simulated data, `probability` of a skip, `skipped`, the `listener`,
    "" where none is named, and `context`, where the session or track was played from, if known.
    """
    sessions, said = explorer.data.sessions, explorer.everything
    row, place = np.nonzero(sessions.mask_b)
    top = said.top[row, place]
    frame = pd.DataFrame(
        {
            "row": row,
            "place": place,
            "expert": np.array(explorer.family.names)[top],
            "share": said.attribution[row, place, top],
            "cause": np.array(CAUSES)[sessions.causes[row, place]],
            "probability": said.probability[row, place],
            "skipped": sessions.skipped[row, place],
            "listener": np.array([listener_of(str(i)) for i in sessions.ids], dtype=object)[row],
        }
    )
    at = {column.name: i for i, column in enumerate(explorer.data.columns)}
    if "context_type" in at:
        kinds = np.array([name.replace("_", " ") for name in CONTEXT_TYPES])
        frame["context"] = kinds[sessions.logs[row, 0, at["context_type"]]]
    elif "is_organic" in at:
        ahead = [column.name for column in known_ahead(explorer.data.columns)]
        kinds = np.array([RECOMMENDED, OWN_CHOICE])
        frame["context"] = kinds[sessions.ahead[row, place, ahead.index("is_organic")]]
    return frame


def shares(explorer: Explorer, chosen: pd.DataFrame | None = None) -> pd.DataFrame:
    """Over all tracks of all second halves, or those `chosen` of `tracks`, one row an expert.

    Columns: `expert`, `lane` it is summed up in, `mean` share, `top` (share of the tracks that it
    decided).
    """
    said, family = explorer.everything, explorer.family
    at = (
        np.nonzero(explorer.data.sessions.mask_b)
        if chosen is None
        else (chosen["row"].to_numpy(), chosen["place"].to_numpy())
    )
    attribution, top = said.attribution[at], said.top[at]
    reads = [[g for g in family.experts[name] if g != EVERYWHERE] for name in family.names]
    frame = pd.DataFrame(
        {
            "expert": family.names,
            "lane": [lane(groups) for groups in reads],
            "mean": attribution.mean(axis=0),
            "top": [(top == k).mean() for k in range(len(family.names))],
        }
    )
    order = frame["lane"].map(LANES.index)
    return frame.iloc[order.argsort(kind="stable")].reset_index(drop=True)
