"""Listing, filtering and turning sessions: sums that agree with the data itself."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import combinations

import numpy as np
import pytest

from relrec_core.errors import ProfileError
from relrec_core.experts.attribution import Judgement
from relrec_core.sessions import store
from relrec_core.sessions.data.schema import Column
from relrec_core.sessions.data.sessions import Sessions, concatenate
from relrec_core.sessions.explanation import browse, counterfactual
from relrec_core.sessions.explanation.counterfactual import smallest, trials, with_skip
from relrec_core.sessions.explanation.explain import Explorer
from relrec_core.sessions.explanation.result import Flip, Given, Predicted
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
        tracks: list[Given | Predicted] = [*said.given, *said.predicted]
        assert frame["session"][row] == said.session and frame["length"][row] == len(tracks)
        assert frame["skipped"][row] == pytest.approx(np.mean([t.skipped for t in tracks]))
        right = [t.predicted == t.skipped for t in said.predicted]
        assert frame["right"][row] == pytest.approx(np.mean(right))
        off = [abs(t.probability - t.skipped) for t in said.predicted]
        assert frame["surprise"][row] == pytest.approx(np.mean(off), abs=1e-4)
        assert frame["reasons"][row] == len(
            {t.top for t in said.predicted if t.predicted == t.skipped}
        )


def test_a_listener_who_changes_their_mind_as_predicted_is_found() -> None:
    frame = browse.listing(explorer())
    turns = []
    for row in range(60):
        said = explorer().answer(explorer().session(row))
        *_, before, last = [track.skipped for track in said.given]
        first = said.predicted[0]
        turns.append(before == last != first.skipped == first.predicted)
        assert frame["title"][row] == said.title and said.title.startswith(f"Session {row + 1}, ")
    assert frame["turns"].tolist() == turns and 0 < sum(turns) < 60


def test_the_inputs_that_are_named_have_the_values_of_the_data() -> None:
    logs, features = made.frames(60, seed=9)
    for row in (0, 5, 12):
        session = explorer().session(row)
        said = explorer().answer(session, 1)
        plays = logs.filter(logs["session_id"] == said.session)
        half, last = len(said.given), plays.row(len(said.given) - 1, named=True)
        told = {i.name: i for group in said.inputs for i in group.named}
        assert told["played from"].value == last["context_type"].replace("_", " ")
        assert told["time"].value == f"{last['hour_of_day']}:00"
        assert told["day"].value == f"{last['date']:%A}" and told["day"].value in said.title
        assert told["skipped"].value == f"{plays['skip_2'][:half].sum()} of {half}"
        years = dict(zip(features["track_id"], features["release_year"], strict=True))
        heard = [years[track] for track in plays["track_id_clean"]]
        assert told["year"].value == f"{heard[half + 1]:.0f}"
        assert told["year"].before == f"{np.mean(heard[:half]):.0f}"
        groups = said.groups(said.deciding()[1])
        assert {one.group for one in said.named()} == set(groups) & {g.group for g in said.inputs}
        assert said.named()[0].words in said.sentence()


def test_filters_hold_their_ends_and_sort() -> None:
    frame = browse.listing(explorer())
    found = browse.chosen(frame, (12, 20), (0.2, 0.7), "surprise")
    assert found["length"].between(12, 20).all() and found["skipped"].between(0.2, 0.7).all()
    assert found["surprise"].is_monotonic_decreasing
    one = frame["skipped"][0]
    assert 0 in browse.chosen(frame, (2, 20), (one, one)).index
    assert browse.chosen(frame, (2, 20), (0, 1)).equals(frame)


def test_turning_skips_agrees_with_the_prediction() -> None:
    session, columns = explorer().session(5), explorer().data.columns
    half = int(session.mask_a[0].sum())
    changes = browse.turned(explorer(), session, (0, half - 1))
    said = explorer().answer(session)
    assert [c.position for c in changes] == [t.position for t in said.predicted]
    before = [t.probability for t in said.predicted]
    assert [c.before for c in changes] == pytest.approx(before, abs=1e-4)
    after = explorer().answer(by_hand(session, columns, (0, half - 1)))
    assert [c.after for c in changes] == pytest.approx(
        [t.probability for t in after.predicted], abs=1e-4
    )
    for place in (-1, half):
        with pytest.raises(ProfileError, match="no track"):
            browse.turned(explorer(), session, [place])


def by_hand(session: Sessions, columns: tuple[Column, ...], places: Iterable[int]) -> Sessions:
    """The tracks at `places` turned one after the other."""
    for place in places:
        skipped = bool(session.skipped_before(columns)[0, place])
        session = with_skip(session, columns, place, not skipped)
    return session


def test_the_smallest_flip_is_the_smallest_of_all_and_holds_on_the_session_itself() -> None:
    """A twin: every set of turned tracks, its sessions made one track after the other."""
    columns, sizes = explorer().data.columns, set()
    short = np.flatnonzero(explorer().data.sessions.lengths <= 12)[:6].tolist()
    for row in short:
        session = explorer().session(row)
        answer = explorer().answer(session, 2)
        found = browse.smallest_flip(explorer(), session, answer)
        half, before = len(answer.given), answer.focused.probability
        sets = [s for size in range(half + 1) for s in combinations(range(half), size)]
        whole = concatenate(by_hand(session, columns, places) for places in sets)
        said = explorer().predict(whole).probability[:, 2]
        after = dict(zip(sets, said.tolist(), strict=True))
        turning = [s for s, p in after.items() if (p >= 0.5) != (before >= 0.5)]
        places = tuple(track.position - 1 for track in found.turned)
        assert found.before == pytest.approx(before, abs=1e-4)
        sizes.add(len(places))
        if not turning:
            assert places == () and found.tried == 2**half - 1 and found.largest == half
            continue
        least = [s for s in turning if len(s) == len(turning[0])]
        strongest = max(least, key=lambda s: abs(after[s] - before))
        assert after[places] == pytest.approx(after[strongest], abs=1e-4)
        assert places in least and found.equals == len(least)
        assert found.after == pytest.approx(after[places], abs=1e-4)
        assert found.tried == sum(0 < len(s) <= len(places) for s in after)
        told, names = found.sentence(), [track.label for track in found.turned]
        assert all(name in told for name in (*names, answer.focused.label))
        assert f"to {found.after:.0%}" in told
    assert len(sizes) > 1


def test_a_long_first_half_is_searched_up_to_three_tracks_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    session = explorer().session(int(explorer().data.sessions.lengths.argmax()))
    columns = explorer().data.columns

    def deaf(sessions: Sessions) -> Judgement:
        nothing = np.zeros((len(sessions), 10))
        return Judgement(nothing, nothing, nothing)

    whole = smallest(trials(deaf, session, columns), 0)
    assert (whole.places, whole.tried, whole.largest) == ((), 1023, 10)
    monkeypatch.setattr(counterfactual, "MOST", 1000)
    few = smallest(trials(deaf, session, columns), 0)
    assert (few.places, few.tried, few.largest) == ((), 175, 3)
    flip = Flip(track="x", turned=(), before=0, after=0, equals=0, tried=175, largest=3, half=10)
    assert "larger changes were not tried" in flip.sentence()
    assert "up to 3 tracks" in flip.proof()


def test_shares_over_all_sessions_sum_to_one() -> None:
    frame = browse.shares(explorer())
    assert set(frame["expert"]) == set(explorer().family.names)
    assert frame["mean"].sum() == pytest.approx(1) and frame["top"].sum() == pytest.approx(1)
    tracks = browse.tracks(explorer())
    assert len(tracks) == explorer().data.sessions.mask_b.sum()
    own = tracks[tracks["expert"] == "interaction"]
    assert browse.shares(explorer(), own).set_index("expert")["top"]["interaction"] == 1
    one = own.iloc[3]
    said = explorer().answer(explorer().session(one["row"]), one["place"]).focused
    assert (said.top, said.skipped, said.cause) == ("interaction", one["skipped"], one["cause"])
    assert said.attribution["interaction"] == pytest.approx(one["share"], abs=1e-4)
