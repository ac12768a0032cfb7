"""The smallest change: against all subsets, and against profiles that are made again."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest

from dashboard.figures.ranking_change import change_report, ranking_change
from relrec_core.errors import ProfileError
from relrec_core.movies import store
from relrec_core.movies.data.features import feature_space
from relrec_core.movies.explanation import counterfactual, forms
from relrec_core.movies.explanation.counterfactual import aims, smallest_change
from relrec_core.movies.explanation.result import Aim, Counterfactual
from relrec_core.movies.explanation.smallest import Form, fewest
from relrec_core.movies.model.ranking import Profile, Recommender
from relrec_core.runs.directory import Run
from tests.movies import planted

AIMS: tuple[Aim, ...] = ("first", "top", "named", "into")


def subsets(moves: int) -> list[np.ndarray]:
    """Every set of moves as a mask, small ones first."""
    masks = [np.array(bits, dtype=bool) for bits in itertools.product([0, 1], repeat=moves)]
    return sorted(masks, key=lambda mask: int(mask.sum()))


@pytest.mark.parametrize("jointly", [True, False])
def test_the_fewest_moves_are_those_of_all_subsets(jointly: bool) -> None:
    draw, several = np.random.default_rng(3), 0
    masks = subsets(8)
    for _ in range(40):
        moves, rivals = 8, 6
        groups = [draw.choice(moves, size=draw.integers(1, 4), replace=False) for _ in range(3)]
        form = Form(
            gains=draw.normal(0.3, 1.0, (moves, rivals)),
            gaps=draw.normal(2.0, 1.5, rivals),
            groups=tuple(groups),
            extra=draw.normal(0.2, 1.0, (3, rivals)),
            jointly=jointly,
            same=np.full(moves, -1) if jointly else np.r_[np.arange(rivals), -1, -1],
        )
        need = int(draw.integers(1, rivals))
        sizes = [int(mask.sum()) for mask in masks if form.passed(mask) >= need]
        found = fewest(form, need, moves, seconds=60.0)
        if not sizes:
            assert found.taken is None and found.at_least == moves + 1
            continue
        assert found.taken is not None and form.passed(found.taken) >= need
        assert found.taken.sum() == found.at_least == sizes[0]
        several += sizes[0] > 1
    assert several > 10


@pytest.fixture(scope="module", params=[0, 5], ids=["plain", "layer"])
def recommender(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    data = planted.data(tmp_path_factory.mktemp("planted"))
    space = feature_space(data)
    weights = planted.weights(space, data.content_hash, hidden=request.param)
    return Recommender.of(data, weights, with_attributes=True, split_seed=0, run="made")


def reached(recommender: Recommender, after: Profile, told: Counterfactual) -> bool:
    """By the ranking of a profile made from nothing but its movies and facts."""
    bag = recommender.space.bag(sorted(after.liked), sorted(after.own))
    scores = recommender.weights.logits(bag)
    if told.aim == "named":
        return bool(scores[recommender.titles.index(str(told.other))] > scores[told.item])
    scores[after.seen] = -np.inf
    place = int((scores > scores[told.item]).sum()) + 1
    return place <= told.n if told.aim == "into" else place > (1 if told.aim == "first" else told.n)


def asked(recommender: Recommender, profile: Profile, aim: Aim) -> Counterfactual:
    ranked = recommender.rank(profile, 20).items.tolist()
    item = ranked[5] if aim == "into" else ranked[0]
    other = ranked[2] if aim == "named" else None
    return smallest_change(recommender, profile, item, aim, other=other, n=3, seconds=60.0)


@pytest.mark.parametrize("aim", AIMS)
def test_no_smaller_set_of_movies_does_it(recommender: Recommender, aim: Aim) -> None:
    """Every smaller set is tried on a profile that is made again; the set that is named does it."""
    sizes = []
    for user in ("1", "2") if aim == "into" else ("1", "2", "3", "7"):
        profile = recommender.profile(user)
        told = asked(recommender, profile, aim)
        add = aim == "into"
        change = profile.plus if add else profile.without
        moves = np.setdiff1d(np.arange(40), [*profile.seen, told.item]) if add else profile.liked
        if told.found:
            assert reached(recommender, change(*told.items), told)
            sizes.append(len(told.items))
        if recommender.weights.layer is not None:
            assert told.at_least is None and not told.proven
            continue
        assert told.proven
        smaller = len(told.items) - 1 if told.found else min(told.limit, 2 if add else 99)
        for size in range(smaller + 1):
            for chosen in itertools.combinations(sorted(moves), min(size, len(moves))):
                assert not reached(recommender, change(*map(int, chosen)), told)
    assert sizes


@pytest.mark.parametrize("aim", AIMS)
def test_rivals_out_of_reach_change_nothing(
    recommender: Recommender, aim: Aim, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there are many movies few are looked at; of additions the bounds hold all the same."""
    for user in ("1", "2", "3", "7"):
        monkeypatch.undo()
        whole = asked(recommender, recommender.profile(user), aim)
        monkeypatch.setattr(counterfactual, "MANY", 5)
        monkeypatch.setattr(forms, "NEAR", 8)
        narrow = asked(recommender, recommender.profile(user), aim)
        if aim == "into":
            after = recommender.profile(user).plus(*narrow.items)
            assert not narrow.found or reached(recommender, after, narrow)
            assert (narrow.at_least is None) == (recommender.weights.layer is not None)
            fewest_of_all = len(whole.items) if whole.found else whole.limit + 1
            assert narrow.at_least is None or 1 <= narrow.at_least <= fewest_of_all
            assert not narrow.proven or len(narrow.items) == len(whole.items)
            continue
        assert (narrow.found, narrow.at_least) == (whole.found, whole.at_least)
        if recommender.weights.layer is None:
            assert len(narrow.items) == len(whole.items)


def test_what_only_the_movies_brought_goes_along(recommender: Recommender) -> None:
    """The one liked movie of its genre and decade."""
    space = recommender.space
    profile = recommender.new_profile([0, 1, 5, 9], [space.index["gender", "M"]])
    item = int(recommender.rank(profile).items[0])
    told = smallest_change(recommender, profile, item, "first")
    before, after = (set(p.features.tolist()) for p in (profile, profile.without(*told.items)))
    assert told.found and set(told.items) <= profile.liked
    gone = {recommender.labels[k] for k in before - after if k >= space.n_items}
    assert set(told.along) == gone


def test_places_before_and_after_are_those_of_both_lists(recommender: Recommender) -> None:
    profile = recommender.profile("1")
    told = asked(recommender, profile, "into")
    after = profile.plus(*told.items)
    for p, places in (
        (profile, {s.before: s.item for s in told.shifts}),
        (after, {s.after: s.item for s in told.shifts}),
    ):
        listed = recommender.rank(p, 3).items.tolist()
        assert [places[k] for k in (1, 2, 3)] == listed
    assert Counterfactual.from_json(told.to_json()) == told
    assert told.to_frame()["change"].eq("liked, too").sum() == len(told.movies) > 0
    assert told.title in told.sentence() and told.movies[0] in told.sentence()


def test_the_picture_shows_every_place_as_text(recommender: Recommender) -> None:
    told = asked(recommender, recommender.profile("2"), "top")
    name = "<b>Film</b> {x} " + "long " * 20
    titles = {s.item: f"{name}{s.item}" for s in told.shifts}
    shifts = tuple(s.model_copy(update={"title": titles[s.item]}) for s in told.shifts)
    figure = ranking_change(told.model_copy(update={"shifts": shifts, "movies": ("A",) * 7}))
    drawn = go.Figure(figure.to_dict())  # validated
    both = [s for s in told.shifts if s.before and s.after]
    assert len(drawn.data) == len(both)
    for trace, shift in zip(drawn.data, both, strict=True):
        assert f"place {shift.before} before, {shift.after} after" in trace.hovertemplate
    texts = [note.text for note in drawn.layout.annotations]
    assert not any("<b>Film" in text or len(text) > 80 for text in texts)
    bold = [text for text in texts if text.startswith("<b>")]
    assert len(bold) == 1 and f"{told.place.after}  " in bold[0]
    page = change_report(told.model_copy(update={"movies": ("<b>A</b>",) * 7}), figure, "x")
    assert "&lt;b&gt;A&lt;/b&gt;" in page and "<b>A</b>" not in page
    assert "and 4 more, " in told.model_copy(update={"movies": ("A",) * 7}).sentence()


def test_a_question_without_sense_gets_a_sentence(recommender: Recommender) -> None:
    profile = recommender.profile("1")
    ranked = recommender.rank(profile, 20).items.tolist()
    assert aims(recommender, profile, ranked[0], 3) == ("first", "top", "named")
    assert aims(recommender, profile, ranked[7], 3) == ("into", "named")
    assert aims(recommender, profile, int(profile.seen[0]), 3) == ()
    with pytest.raises(ProfileError, match="place 8"):
        smallest_change(recommender, profile, ranked[7], "first", n=3)
    with pytest.raises(ProfileError, match="not among"):
        smallest_change(recommender, profile, int(profile.seen[0]), "into", n=3)
    with pytest.raises(ProfileError, match="stands above"):
        smallest_change(recommender, profile, ranked[3], "named", other=ranked[1], n=3)


def test_without_time_the_bounds_are_said(recommender: Recommender) -> None:
    """HiGHS gets no time: what is found is verified all the same, and nothing more is claimed."""
    if recommender.weights.layer is not None:
        return
    for user in range(1, 60):
        profile = recommender.profile(str(user))
        item = int(recommender.rank(profile).items[0])
        quick = smallest_change(recommender, profile, item, "top", n=5, seconds=0.0)
        if not quick.proven and quick.found:
            slow = smallest_change(recommender, profile, item, "top", n=5, seconds=60.0)
            assert quick.at_least is not None and slow.at_least is not None
            assert quick.at_least <= slow.at_least <= len(slow.movies) <= len(quick.movies)
            assert quick.standing() == f"At most {len(quick.movies)}, at least {quick.at_least}"
            return
    pytest.fail("no case was left open")


def test_found_sets_hold_on_real_data(ml_100k: Path) -> None:
    assert ml_100k.is_dir()
    recommender = store.recommender(Run.open(store.SHIPPED))
    profile = recommender.profile("38")
    ranked = recommender.rank(profile, 60).items.tolist()
    for aim, item in (("first", ranked[0]), ("top", ranked[0]), ("into", ranked[14])):
        told = smallest_change(recommender, profile, item, aim, seconds=0.3)
        change = profile.plus if aim == "into" else profile.without
        assert told.found and reached(recommender, change(*told.items), told)
        assert told.at_least is not None and 1 <= told.at_least <= len(told.movies)
