"""Changed profiles against bags made from scratch: movies not liked, facts not known, additions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relrec_core.movies.data.features import FeatureSpace, feature_space
from relrec_core.movies.data.interactions import load
from relrec_core.movies.model.ranking import Profile, Recommender, rank
from tests.movies import planted


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> FeatureSpace:
    return feature_space(planted.data(tmp_path_factory.mktemp("planted")))


CHANGES = st.lists(
    st.tuples(st.sampled_from(["without", "without_alone", "plus"]), st.integers(0, 10**6)),
    max_size=8,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(films=st.sets(st.integers(0, 39), max_size=6), changes=CHANGES, man=st.booleans())
def test_a_changed_profile_is_made_from_scratch(
    vocabulary: FeatureSpace, films: set[int], changes: list[tuple[str, int]], man: bool
) -> None:
    space = vocabulary
    own = {space.index["gender", "M"]} if man else set()
    profile = Profile("x", space, frozenset(films), frozenset(own), frozenset(films))
    attributes = space.item_attributes.toarray()
    liked, facts, gone = set(films), set(own), set()
    for how, number in changes:
        k = number % space.n_features
        profile = getattr(profile, how)(k)
        film = k < space.n_items
        if how == "plus":
            (liked if film else facts).add(k)
            gone.discard(k)
        elif how == "without" and film:
            liked.discard(k)
        else:
            gone.add(k)
    brought = {int(k) for i in liked for k in np.flatnonzero(attributes[i])}
    assert profile.features.tolist() == sorted((liked | brought | facts) - gone)
    assert profile.seen.tolist() == sorted(films | liked)


def test_a_movie_not_liked_takes_along_what_only_it_brought(ml_100k: Path) -> None:
    """Over removals and additions the first ten are those of a bag made from the liked films."""
    data = load(ml_100k)
    space = feature_space(data)
    weights = planted.weights(space, data.content_hash)
    recommender = Recommender.of(data, weights, with_attributes=True, split_seed=0, run="made")
    draw, differs = np.random.default_rng(0), 0
    for row in draw.choice(len(data.users), 25, replace=False):
        profile = recommender.profile(str(data.users["user_id"].iloc[row]))
        liked, own = recommender.history[row].indices, space.user_attributes[row].indices
        np.testing.assert_array_equal(profile.features, space.bag(liked, own))
        unseen = np.setdiff1d(np.arange(space.n_items), profile.seen)
        removals = [(profile.without(int(i)), np.setdiff1d(liked, [i])) for i in liked[:20]]
        added = draw.choice(unseen, 12, replace=False)
        for changed, films in removals + [(profile.plus(int(i)), [*liked, i]) for i in added]:
            bag = space.bag(films, own)
            np.testing.assert_array_equal(changed.features, bag)
            best = rank(weights, bag, np.union1d(profile.seen, films).astype(np.int64), 10)
            np.testing.assert_array_equal(recommender.rank(changed).items, best.items)
        for i in liked[:20]:
            alone = profile.without_alone(int(i))
            assert set(profile.features) - set(alone.features) == {i}
            differs += len(profile.without(int(i)).features) < len(alone.features)
    assert differs > 0
