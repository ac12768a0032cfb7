"""Sums over all users are the sums of the explanations of each of them."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest

from relrec_core.errors import ProfileError
from relrec_core.movies.data.features import feature_space
from relrec_core.movies.explanation.all_users import EVERYONE, OTHER_THEME, AllUsers
from relrec_core.movies.explanation.explain import explain
from relrec_core.movies.explanation.result import MovieExplanation
from relrec_core.movies.model.ranking import Recommender
from tests.movies import planted

N = 3
Found = list[tuple[int, int, MovieExplanation]]


def recommender(folder: Path, hidden: int = 0) -> Recommender:
    data = planted.data(folder)
    data.items.loc[:9, "genres"] = ""  # some movies of no known genre
    weights = planted.weights(feature_space(data), data.content_hash, hidden=hidden)
    return Recommender.of(data, weights, with_attributes=True, split_seed=0, run="made")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[AllUsers, Found]:
    """The lists of some users, and the explanation of every movie on them."""
    model = recommender(tmp_path_factory.mktemp("all") / "data")
    every = AllUsers.of(model, N)
    some = every.only(np.isin(every.users, every.users[::3]))
    ids = model.data.users["user_id"].astype(str)
    found = [
        (int(user), int(item), explain(model, model.profile(ids.iloc[user]), int(item)))
        for user, items in zip(some.users, some.items, strict=True)
        for item in items
    ]
    return some, found


@pytest.mark.numerics
def test_parts_of_the_mean_score_are_those_of_every_explanation(
    told: tuple[AllUsers, Found],
) -> None:
    some, found = told
    groups, themes = defaultdict(float), defaultdict(float)
    for _, _, explanation in found:
        groups[EVERYONE] += explanation.base / len(found)
        themes[EVERYONE] += explanation.base / len(found)
        for feature in explanation.features:
            groups[feature.group] += feature.relevance / len(found)
            names = feature.themes or (OTHER_THEME if feature.kind == "film" else feature.group,)
            for name in names:
                themes[name] += feature.relevance / len(names) / len(found)
    for measured, wanted in ((some.by_group(), groups), (some.by_theme(), themes)):
        assert measured.sum() == pytest.approx(some.scores.mean(), abs=1e-5)
        for name, value in measured.items():
            assert value == pytest.approx(wanted[str(name)], abs=1e-6)


@pytest.mark.numerics
def test_what_pushes_a_movie_and_what_a_feature_pushes(told: tuple[AllUsers, Found]) -> None:
    some, found = told
    pushed: dict[tuple[int, int], float] = defaultdict(float)
    for _, item, explanation in found:
        for feature in explanation.features:
            pushed[item, feature.feature] += feature.relevance
    movies, pushes = some.pushes
    for row, item in enumerate(movies):
        for feature in np.flatnonzero(pushes[row]):
            assert pushes[row, feature] == pytest.approx(pushed[int(item), int(feature)], abs=1e-6)
    assert np.count_nonzero(pushes) <= len(pushed)
    table = some.movies().set_index("item")
    for item in movies:
        users = [user for user, of, _ in found if of == item]
        scores = [e.score for _, of, e in found if of == item]
        assert table["users"][item] == len(users)
        assert set(some.recommended(int(item))) == set(users)
        assert table["score"][item] == pytest.approx(np.mean(scores), abs=1e-5)
        assert table["base"][item] + table["own"][item] == pytest.approx(np.mean(scores), abs=1e-5)
        brings = some.brings(int(item)).set_index("feature")["adds"]
        assert brings.abs().is_monotonic_decreasing
        assert brings.sum() == pytest.approx(table["own"][item], abs=1e-5)
        for feature, adds in brings.items():
            wanted = pushed[int(item), int(str(feature))] / len(users)
            assert adds == pytest.approx(wanted, abs=1e-6)
    features = some.features().set_index("feature")
    for feature in features.index[:20]:
        adds = sum(v for (_, k), v in pushed.items() if k == feature) / len(some.users)
        assert features["adds"][feature] == pytest.approx(adds, abs=1e-6)
        assert some.pushed(feature)["adds"].sum() == pytest.approx(adds, abs=1e-6)
        assert len(some.having(feature)) == features["users"][feature]


def test_a_model_with_a_layer_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="hidden layer"):
        AllUsers.of(recommender(tmp_path / "data", hidden=4))
