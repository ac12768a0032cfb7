"""Explanations of the planted films: what they say, their proof, and what cannot be explained."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.special import softmax

from relrec_core.errors import ProfileError
from relrec_core.movies.data.features import FILM, Indices, feature_space
from relrec_core.movies.data.interactions import load
from relrec_core.movies.explanation.explain import explain, first_user, what_if
from relrec_core.movies.explanation.result import MovieExplanation
from relrec_core.movies.model import scorer
from relrec_core.movies.model.ranking import Recommender
from relrec_core.movies.model.relevance import Relevance, relevance
from relrec_core.movies.model.weights import Weights
from tests.movies import planted

pytestmark = pytest.mark.numerics


@pytest.fixture(scope="module", params=[0, 5], ids=["plain", "layer"])
def recommender(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    data = planted.data(tmp_path_factory.mktemp("planted"))
    weights = planted.weights(feature_space(data), data.content_hash, hidden=request.param)
    return Recommender.of(data, weights, with_attributes=True, split_seed=0, run="made")


def test_an_explanation_says_what_the_model_says(recommender: Recommender) -> None:
    profile = recommender.profile("5")
    ranking = recommender.rank(profile, 8)
    logits = recommender.weights.logits(profile.features)
    assert not set(ranking.items) & set(profile.seen)
    assert all(np.diff(ranking.scores) <= 0)
    for place, item in enumerate(ranking.items, start=1):
        told = explain(recommender, profile, item)
        assert (told.item, told.rank, told.viewer) == (item, place, "User 5")
        assert told.title == recommender.titles[item]
        assert told.score == pytest.approx(logits[item], abs=1e-4)
        assert told.probability == pytest.approx(softmax(logits)[item], rel=1e-4)
        assert told.audit.ledger.closes(1e-5)
        assert told.audit.ledger.score == told.audit.deletion.score == told.score
        average = recommender.average_user
        parts = relevance(recommender.weights, profile.features, [item], average=average)
        shares = parts.features[:, 0]
        assert told.base == parts.base[0] == told.audit.ledger.base
        by_feature = dict(zip(profile.features.tolist(), shares, strict=True))
        assert {f.feature: f.relevance for f in told.features} == by_feature
        values = [f.relevance for f in told.features]
        assert values == sorted(values, reverse=True)
        assert list(told.supports) == [f for f in told.features if f.relevance > 0]
        assert list(told.opposition) == [f for f in reversed(told.features) if f.relevance < 0]
        for f in told.features:
            assert (f.kind, f.value) == (
                recommender.space.kinds[f.feature],
                recommender.space.values[f.feature],
            )
            heading = {FILM: "Liked movies", "gender": "Gender"}.get(f.kind, f"{f.kind}s")
            assert f.group.lower() == heading.lower()
        where = told.provenance
        assert (where.run, where.dataset_hash) == ("made", recommender.data.content_hash)
        assert where.method.startswith(
            "closed form" if recommender.weights.layer is None else "epsilon-LRP"
        )
        assert sum(theme.total for theme in told.themes) == pytest.approx(sum(values), abs=1e-9)
        for f in told.features:
            assert sum(f.parts.values()) == pytest.approx(f.relevance, abs=1e-12)
            if f.kind == FILM:
                assert f.themes == (f"genre {f.feature % 4}", "any")


def test_the_deletion_test_of_an_explanation_runs_the_model(recommender: Recommender) -> None:
    profile = recommender.profile("7")
    item = int(recommender.rank(profile, 1).items[0])
    told = explain(recommender, profile, item, removed=3, seed=4)
    without = profile.without_alone(*[f.feature for f in told.features[:3]])
    expected = recommender.weights.logits(without.features)[item]
    assert told.audit.deletion.after_top == pytest.approx(expected, abs=1e-4)
    assert explain(recommender, profile, item, removed=3, seed=4) == told
    other = explain(recommender, profile, item, removed=3, seed=5)
    assert other.audit.deletion.after_random != told.audit.deletion.after_random
    assert other.features == told.features


def test_replacing_the_named_reasons_costs_what_they_contribute(recommender: Recommender) -> None:
    profile = recommender.profile("7")
    first, second = map(int, recommender.rank(profile, 2).items)
    for against in (None, second):
        told = explain(recommender, profile, first, against=against, removed=4)
        test = told.audit.replacement
        assert test is not None and test.score == pytest.approx(told.score, abs=1e-12)
        if recommender.weights.layer is None:
            named = sum(f.relevance for f in told.features[:4])
            assert test.score - test.after_top == pytest.approx(named, rel=1e-9, abs=1e-9)
    paper = explain(recommender, profile, first, reference="none")
    assert paper.audit.replacement is None and paper.base == 0.0
    shares = relevance(recommender.weights, profile.features, [first]).features[:, 0]
    assert sorted(f.relevance for f in paper.features) == sorted(shares.tolist())
    assert paper.audit.ledger.closes(1e-5)


def test_the_first_user_has_a_taste_of_their_own(recommender: Recommender) -> None:
    users = list(map(str, recommender.data.users["user_id"]))
    own = []
    for user in users:
        profile = recommender.profile(user)
        told = explain(recommender, profile, int(recommender.rank(profile, 1).items[0]))
        if told.base < told.score / 3 and told.audit.deletion.confirmed:
            own.append(user)
    assert first_user(recommender) == (own or users)[0]


def test_more_for_you_than_for_anyone_is_what_lies_beyond_the_base_value(
    recommender: Recommender,
) -> None:
    profile = recommender.profile("3")
    told = {i: explain(recommender, profile, i) for i in recommender.rank(profile, 99).items}
    own = sorted(told, key=lambda i: told[i].score - told[i].base, reverse=True)
    ranking = recommender.rank(profile, 5, beyond=True)
    assert ranking.items.tolist() == own[:5]
    np.testing.assert_allclose(ranking.scores, [told[i].score for i in own[:5]], rtol=1e-5)
    for item, one in told.items():
        assert recommender.base[item] == pytest.approx(one.base)


def test_a_contrast_is_the_difference_of_two_explanations(recommender: Recommender) -> None:
    profile = recommender.profile("9")
    first, second = map(int, recommender.rank(profile, 2).items)
    a, b = explain(recommender, profile, first), explain(recommender, profile, second)
    told = explain(recommender, profile, first, against=second)
    assert (told.title, told.against) == (a.title, b.title)
    assert told.score == pytest.approx(a.score - b.score, abs=1e-9)
    shares = [{f.feature: f.relevance for f in x.features} for x in (a, b, told)]
    for k in profile.features.tolist():
        assert shares[2][k] == pytest.approx(shares[0][k] - shares[1][k], abs=1e-9)
    assert told.audit.ledger.closes(1e-5)
    assert told.audit.ledger.bias == pytest.approx(
        a.audit.ledger.bias - b.audit.ledger.bias, abs=1e-9
    )
    assert told.base == pytest.approx(a.base - b.base, abs=1e-9)
    assert f"{a.title} rather than {b.title}" in told.sentence()
    back = explain(recommender, profile, second, against=first)
    assert back.score == pytest.approx(-told.score, abs=1e-9)
    nothing = explain(recommender, profile, first, against=first)
    assert not nothing.supports
    assert "scores as high as" in nothing.sentence()
    assert "scores higher than" in back.sentence()


def test_json_and_frame_survive_a_round_trip_exactly(recommender: Recommender) -> None:
    profile = recommender.profile("3")
    first, second = map(int, recommender.rank(profile, 2).items)
    for against in (None, second):
        told = explain(recommender, profile, first, against=against)
        again = MovieExplanation.from_json(told.to_json())
        assert again == told
        assert again.to_json() == told.to_json()
        pd.testing.assert_frame_equal(again.to_frame(), told.to_frame(), check_exact=True)
        frame = told.to_frame()
        assert frame["relevance"].tolist() == [told.base, *(f.relevance for f in told.features)]
        assert frame["label"].tolist()[1:] == [f.label for f in told.features]


def test_a_notebook_shows_sentence_contributions_and_proof_as_text(
    recommender: Recommender,
) -> None:
    profile = recommender.profile("3")
    told = explain(recommender, profile, int(recommender.rank(profile, 1).items[0]))
    hostile = "<img src=x> & more"
    features = (told.features[0].model_copy(update={"label": hostile}), *told.features[1:])
    shown = told.model_copy(update={"title": hostile, "features": features})._repr_html_()
    assert hostile not in shown and shown.count("&lt;img src=x&gt; &amp; more") == 2
    assert f"{told.features[0].relevance:.4g}" in shown
    assert "Sum matches the score" in shown
    assert f"{round(told.audit.deletion.beaten * 200)} of 200" in shown
    ledger = told.audit.ledger.model_copy(update={"features": told.score + 1})
    audit = told.audit.model_copy(update={"ledger": ledger})
    assert "does not match" in told.model_copy(update={"audit": audit})._repr_html_()


def test_an_explanation_without_base_value_and_themes_still_opens(recommender: Recommender) -> None:
    profile = recommender.profile("3")
    item = int(recommender.rank(profile, 1).items[0])
    told = explain(recommender, profile, item, reference="none")
    old = json.loads(told.to_json())
    del old["reference"], old["audit"]["replacement"], old["audit"]["ledger"]["base"]
    for feature in old["features"]:
        del feature["themes"]
    again = MovieExplanation.from_json(json.dumps(old))
    assert again.score == told.score and again.audit.ledger.closes(1e-5)
    assert again.reference == "none" and again.base == 0.0
    assert again.to_frame()["relevance"].tolist() == [f.relevance for f in told.features]
    assert again.sentence().startswith("Counted as in the paper, ")


def test_a_new_viewer_is_a_set_of_films_in_any_order(recommender: Recommender) -> None:
    man = recommender.space.index[("gender", "M")]
    one, other = (
        recommender.new_profile([4, 9, 2], [man]),
        recommender.new_profile([9, 2, 4], [man]),
    )
    assert {recommender.labels[k] for k in one.features} >= {"Gender: man", "Film 4 (1954)"}
    assert explain(recommender, one, 20) == explain(recommender, other, 20)
    assert not set(recommender.rank(one, 40).items) & {2, 4, 9}
    assert len(recommender.rank(one, 1000).items) == recommender.space.n_items - 3


def test_what_if_tells_where_each_film_stood(recommender: Recommender) -> None:
    before = recommender.profile("11")
    removed = int(before.features[0])
    added = recommender.space.index[("genre", "genre 3")]
    after = before.without_alone(removed).plus(added, added)
    assert set(after.features) == (set(before.features) - {removed}) | {added}
    np.testing.assert_array_equal(before.seen, after.seen)
    ranking, moves = what_if(recommender, before, after, 10)
    unseen = [i for i in range(recommender.space.n_items) if i not in before.seen]
    places = []
    for profile in (before, after):
        scores = recommender.weights.logits(profile.features)
        order = sorted(unseen, key=lambda i: -scores[i])
        places.append({item: place for place, item in enumerate(order, start=1)})
    assert [m.after for m in moves] == list(range(1, 11))
    for item, move in zip(ranking.items, moves, strict=True):
        assert move.item == item
        assert (move.before, move.after) == (places[0][item], places[1][item])
        assert move.title == recommender.titles[item]
    _, same = what_if(recommender, before, before, 5)
    assert all(m.before == m.after for m in same)


def test_profiles_that_cannot_be_explained_say_why(recommender: Recommender) -> None:
    profile = recommender.profile("1")
    empty = profile.without(*profile.features.tolist())
    with pytest.raises(ProfileError, match="profile is empty, so there is nothing to base"):
        recommender.rank(empty)
    with pytest.raises(ProfileError, match="An empty profile has no reasons to show"):
        explain(recommender, empty, 0)
    with pytest.raises(ProfileError, match="already seen every movie"):
        recommender.rank(recommender.new_profile(np.arange(recommender.space.n_items)))
    with pytest.raises(ProfileError, match="There is no user '0000' in planted"):
        recommender.profile("0000")
    put_back = empty.plus(*profile.features.tolist())
    np.testing.assert_array_equal(put_back.features, profile.features)


def test_one_feature_alone_has_everything(recommender: Recommender) -> None:
    whole = recommender.profile("1")
    alone = whole.without_alone(*whole.features[1:].tolist())
    told = explain(recommender, alone, 3)
    assert len(told.features) == told.audit.deletion.removed == 1
    assert told.audit.deletion.after_top == pytest.approx(told.audit.deletion.after_random)


def test_a_viewer_who_liked_nothing_is_known_by_attributes(tmp_path: Path) -> None:
    folder = planted.folder(tmp_path / "planted")
    with (folder / "interactions.csv").open("a") as file:
        file.write("999,1,1\n")
    with (folder / "users.csv").open("a") as file:
        file.write("999,F\n")
    data = load(folder)
    weights = planted.weights(feature_space(data), data.content_hash)
    recommender = Recommender.of(data, weights, with_attributes=True, split_seed=0, run="made")
    profile = recommender.profile("999")
    assert [recommender.labels[k] for k in profile.features] == ["Gender: woman"]
    ranking = recommender.rank(profile, 40)
    assert 0 not in ranking.items  # disliked is seen
    told = explain(recommender, profile, int(ranking.items[0]))
    assert told.audit.ledger.closes(1e-5)
    assert "gender" in told.sentence() and "liked" not in told.sentence()
    plain = planted.weights(feature_space(data, False), data.content_hash)
    films_only = Recommender.of(data, plain, with_attributes=False, split_seed=0, run="made")
    with pytest.raises(ProfileError, match="profile is empty"):
        films_only.rank(films_only.profile("999"))


def test_no_share_is_lost_between_explaining_and_telling(
    recommender: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The ledger is honest: if the shares were wrong, it would not close."""

    def wrong(
        weights: Weights, bag: Indices, items: npt.ArrayLike, *, average: npt.NDArray[np.float64]
    ) -> Relevance:
        right = relevance(weights, bag, items, average=average)
        return replace(right, features=right.features * 1.1)

    profile = recommender.profile("1")
    item = int(recommender.rank(profile, 1).items[0])
    assert explain(recommender, profile, item).audit.ledger.closes()
    monkeypatch.setattr(scorer, "relevance", wrong)
    assert not explain(recommender, profile, item).audit.ledger.closes()
