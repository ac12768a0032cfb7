"""Listing, filtering and turning sessions: sums that agree with the data itself."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from relrec_core.errors import ProfileError
from relrec_core.sessions import store
from relrec_core.sessions.explanation import browse
from relrec_core.sessions.explanation.explain import Explorer
from tests.sessions import made

pytestmark = pytest.mark.numerics


@cache
def explorer() -> Explorer:
    run = store.shown_run()
    return Explorer(store.predictor(run), made.data(60, seed=9), run.name)


def test_the_listing_agrees_with_the_explanations() -> None:
    frame = browse.listing(explorer())
    assert len(frame) == 60 and frame["skipped"].between(0, 1).all()
    for row in (0, 11):
        said = explorer().explain(explorer().session(row), donors=4)
        tracks = [*said.given, *said.predicted]
        assert frame["session"][row] == said.session and frame["length"][row] == len(tracks)
        assert frame["skipped"][row] == pytest.approx(np.mean([t.skipped for t in tracks]))
        right = [t.predicted == t.skipped for t in said.predicted]
        assert frame["right"][row] == pytest.approx(np.mean(right))
        off = [abs(t.probability - t.skipped) for t in said.predicted]
        assert frame["surprise"][row] == pytest.approx(np.mean(off), abs=1e-4)
        assert frame["reasons"][row] == len(
            {t.top for t in said.predicted if t.predicted == t.skipped}
        )


def test_filters_hold_their_ends_and_sort() -> None:
    frame = browse.listing(explorer())
    found = browse.chosen(frame, (12, 20), (0.2, 0.7), "surprise")
    assert found["length"].between(12, 20).all() and found["skipped"].between(0.2, 0.7).all()
    assert found["surprise"].is_monotonic_decreasing
    one = frame["skipped"][0]
    assert 0 in browse.chosen(frame, (2, 20), (one, one)).index
    assert browse.chosen(frame, (2, 20), (0, 1)).equals(frame)


def test_turning_one_skip_agrees_with_the_prediction() -> None:
    session = explorer().session(5)
    half = int(session.mask_a[0].sum())
    changes = browse.turned(explorer(), session, half - 1)
    said = explorer().explain(session, donors=4)
    assert [c.position for c in changes] == [t.position for t in said.predicted]
    before = [t.probability for t in said.predicted]
    assert [c.before for c in changes] == pytest.approx(before, abs=1e-4)
    assert any(abs(c.difference) > 1e-6 for c in changes)
    for place in (-1, half):
        with pytest.raises(ProfileError, match="no track"):
            browse.turned(explorer(), session, place)


def test_shares_over_all_sessions_sum_to_one() -> None:
    frame = browse.shares(explorer())
    assert set(frame["expert"]) == set(explorer().family.names)
    assert frame["mean"].sum() == pytest.approx(1) and frame["top"].sum() == pytest.approx(1)
