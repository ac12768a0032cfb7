"""Another context, hour or day: each tried one by hand, and told as it was found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from relrec_core.errors import ProfileError
from relrec_core.sessions.data.history import read_history
from relrec_core.sessions.data.schema import CONTEXT_TYPES
from relrec_core.sessions.data.sessions import Sessions, concatenate
from relrec_core.sessions.explanation import browse
from relrec_core.sessions.explanation.circumstances import (
    DAY,
    HOUR,
    KINDS,
    PLACE,
    circumstances,
    with_moved,
)
from relrec_core.sessions.explanation.elsewhere import PLAYED_FROM, TIME, WEEKDAY, Elsewhere
from relrec_core.sessions.explanation.explain import Explorer
from relrec_core.sessions.explanation.inputs import DAYS
from relrec_core.sessions.explanation.restricted import fitted
from tests.sessions.histories import entry, upload
from tests.sessions.test_browse import explorer

pytestmark = pytest.mark.numerics


def by_hand(session: Sessions, values: dict[str, str]) -> Sessions:
    """The session with these values at all its tracks, which had one each."""
    names = [column.name for column in explorer().data.columns]
    logs, half = session.logs.copy(), int(session.mask_a[0].sum())
    for slot in range(half):
        for name, text in values.items():
            if name == PLAYED_FROM:
                logs[0, slot, names.index(PLACE)] = CONTEXT_TYPES.index(text.replace(" ", "_"))
            elif name == TIME:
                logs[0, slot, names.index(HOUR)] = int(text.removesuffix(":00"))
            else:
                logs[0, slot, names.index(DAY)] = DAYS.index(text)
    return replace(session, logs=logs)


def test_every_other_context_hour_and_day_is_what_it_is_by_hand() -> None:
    found: list[Elsewhere] = []
    for row in range(8):
        session, place = explorer().session(row), row % 3
        answer = explorer().answer(session, place)
        told = browse.elsewhere(explorer(), session, answer)
        assert told is not None and len(told.options) == 6 * 24 - 1 + 6
        assert told.before == pytest.approx(answer.focused.probability, abs=1e-4)
        named = {i.name: i.value for group in answer.inputs for i in group.named}
        assert told.was == {name: named[name] for name in (PLAYED_FROM, TIME, WEEKDAY)}
        assert len({str(option.values) for option in told.options}) == len(told.options)
        whole = concatenate(by_hand(session, option.values) for option in told.options)
        after = explorer().predict(whole).probability[:, place]
        assert [o.probability for o in told.options] == pytest.approx(after.tolist(), abs=1e-4)
        turning = [o for o in told.options if (o.probability >= 0.5) != (told.before >= 0.5)]
        assert [o for o in told.options if told.turns(o)] == turning
        if turning:
            least = min(len(option.values) for option in turning)
            equal = [option for option in turning if len(option.values) == least]
            best = max(equal, key=lambda option: abs(option.probability - told.before))
            assert told.best == best
            assert all(value in told.sentence() for value in best.values.values())
            assert f"to {best.probability:.0%}" in told.sentence()
        else:
            assert told.best is None and "would still be" in told.sentence()
        found.append(told)
    assert {told.least is None for told in found} == {True, False}


def test_a_session_over_midnight_stays_one_and_nothing_else_changes() -> None:
    columns, session = explorer().data.columns, explorer().session(2)
    at, half = {c.name: i for i, c in enumerate(columns)}, int(session.mask_a[0].sum())
    logs = session.logs.copy()
    logs[0, :half, at[HOUR]], logs[0, :half, at[DAY]] = 23, 6
    logs[0, half - 1, at[HOUR]], logs[0, half - 1, at[DAY]] = 0, 0
    late = replace(session, logs=logs)
    moved = with_moved(late, columns, {HOUR: np.array([0, 5]), DAY: np.array([3, 0])})
    assert len(moved) == 2
    for row, hours, days in ((0, (23, 0), (2, 3)), (1, (4, 5), (6, 0))):
        hour, day = (moved.logs[row, :half, at[name]].tolist() for name in (HOUR, DAY))
        assert hour == [hours[0]] * (half - 1) + [hours[1]]
        assert day == [days[0]] * (half - 1) + [days[1]]
    others = [i for name, i in at.items() if name not in (HOUR, DAY)]
    assert (moved.logs[:, :, others] == late.logs[:, :, others]).all()
    assert (moved.logs[:, half:] == late.logs[:, half:]).all()
    assert (with_moved(late, columns, {PLACE: np.array([1])}).logs[0, :half, at[PLACE]] == 1).all()
    for name, count in KINDS.items():
        for wrong in (-1, count):
            with pytest.raises(ProfileError, match="no such value"):
                with_moved(late, columns, {name: np.array([wrong])})


def test_another_place_goes_with_turned_skips() -> None:
    session, columns = explorer().session(5), explorer().data.columns
    moved = {PLACE: 4, HOUR: 8}
    both = browse.turned(explorer(), session, [0], moved)
    there = with_moved(session, columns, {n: np.array([v]) for n, v in moved.items()})
    after = browse.turned(explorer(), there, [0])
    assert [c.after for c in both] == pytest.approx([c.after for c in after], abs=1e-4)
    before = browse.turned(explorer(), session, [])
    assert [c.before for c in both] == pytest.approx([c.before for c in before], abs=1e-4)
    assert [c.before for c in before] == pytest.approx([c.after for c in before], abs=1e-4)


def test_what_the_data_or_the_model_does_not_know_is_not_tried() -> None:
    start = datetime(2024, 2, 7, 14, 30, tzinfo=UTC)
    history = read_history([upload([entry(start + i * timedelta(minutes=3)) for i in range(9)])])
    own = Explorer(fitted(explorer().predictor, history.data.names), history.data, "x")
    told = browse.elsewhere(own, own.session(0), own.answer(own.session(0)))
    assert told is not None and set(told.was) == {TIME, WEEKDAY} and len(told.options) == 23 + 6
    names = [c.name for c in explorer().data.columns if c.group != "context"]
    deaf = Explorer(fitted(explorer().predictor, names), explorer().data, "x")
    assert browse.elsewhere(deaf, deaf.session(0), deaf.answer(deaf.session(0))) is None


def test_the_day_alone_is_tried_where_only_it_is_known() -> None:
    session, columns = explorer().session(0), explorer().data.columns
    found = circumstances(explorer().predict, session, columns, (DAY,))
    assert sorted(found.values[:, 0].tolist()) == list(range(7)) and not found.changed[0].any()
