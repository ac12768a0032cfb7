"""EASE, cosine, ALS and vectors with their mean: explained, changed and compared like RecoNet."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from implicit.als import AlternatingLeastSquares
from scipy import sparse

from dashboard.figures.agreement import agreement
from dashboard.figures.comparison import compared_report, contributions_in_words
from dashboard.figures.movie_words import CLUSTERS, THEMES, themes_in_words
from relrec_core.errors import ProfileError
from relrec_core.movies.data.features import Indices, feature_space
from relrec_core.movies.data.interactions import load
from relrec_core.movies.explanation.all_users import EVERYONE, AllUsers
from relrec_core.movies.explanation.compare import compared
from relrec_core.movies.explanation.comparison import Comparison
from relrec_core.movies.explanation.counterfactual import reached, smallest_change
from relrec_core.movies.explanation.explain import explain
from relrec_core.movies.explanation.result import Aim
from relrec_core.movies.model import peers
from relrec_core.movies.model.item_item import ItemItem, cosine
from relrec_core.movies.model.item_vectors import AlsVectors, MeanVectors
from relrec_core.movies.model.peers import USUAL, peer
from relrec_core.movies.model.ranking import Profile, Recommender
from relrec_core.movies.model.scorer import Linear
from tests.movies import planted

pytestmark = pytest.mark.numerics

V, D = 12, 3
DRAW = np.random.default_rng(5)
VECTORS = DRAW.normal(size=(V, D)).astype(np.float32)
MATRIX = DRAW.normal(size=(V, V)).astype(np.float32)
BAG: Indices = np.array([1, 4, 5, 9])
SCORERS: dict[str, Linear] = {
    "matrix": ItemItem(MATRIX),
    "sparse": ItemItem(sparse.csr_matrix(MATRIX * (MATRIX > 0))),
    "mean": MeanVectors(VECTORS),
    "als": AlsVectors(VECTORS, 0.7, 4.0),
}


def dense(name: str, liked: list[int]) -> np.ndarray:
    """Scores of all movies, slowly: equation by equation."""
    y = VECTORS.astype(float)
    if name in ("matrix", "sparse"):
        matrix = MATRIX.astype(float) * ((MATRIX > 0) if name == "sparse" else 1)
        return sum((matrix[k] for k in liked), np.zeros(V))
    if name == "mean":
        return y @ (sum((y[k] for k in liked), np.zeros(D)) / max(len(liked), 1))
    confidence, wanted = np.eye(V), np.zeros(V)
    for k in liked:
        confidence[k, k], wanted[k] = 4.0, 1.0
    return y @ np.linalg.solve(y.T @ confidence @ y + 0.7 * np.eye(D), y.T @ confidence @ wanted)


@pytest.mark.parametrize("name", SCORERS)
def test_scores_shares_and_removals_are_those_of_the_equations(name: str) -> None:
    scorer, all_items = SCORERS[name], np.arange(V)
    scores = dense(name, BAG.tolist())
    np.testing.assert_allclose(scorer.logits(BAG), scores, rtol=1e-9)
    users = sparse.csr_matrix(DRAW.integers(0, 2, (6, V)).astype(np.float32))
    users = sparse.csr_matrix(users.multiply(np.arange(6)[:, None] != 2))
    users.eliminate_zeros()
    each = np.array([dense(name, users[u].indices.tolist()) for u in range(6)])
    np.testing.assert_allclose(scorer.logits_of_all(users), each, rtol=1e-4, atol=1e-5)
    items = np.array([DRAW.permutation(V)[:3] for _ in range(6)])
    histories = [users[u].indices.astype(np.int64) for u in range(6)]
    alone = [scorer.shares(h, of) for h, of in zip(histories, items, strict=True) if len(h)]
    np.testing.assert_allclose(scorer.shares_of_all(users, items), np.concatenate(alone), rtol=1e-9)
    average = scorer.average(users)
    np.testing.assert_allclose(average, np.delete(each, 2, axis=0).mean(axis=0), rtol=1e-9)
    parts = scorer.relevance(BAG, all_items, average)
    np.testing.assert_allclose(parts.base + parts.features.sum(axis=0), scores, rtol=1e-9)
    kept = np.array([[1, 1, 1, 1], [0, 1, 1, 0], [0, 0, 0, 0]], dtype=bool)
    removed = [dense(name, BAG[row].tolist())[7] for row in kept]
    np.testing.assert_allclose(scorer.score_of_kept(BAG, kept, 7), removed, rtol=1e-9, atol=1e-12)
    replaced = scorer.score_of_kept(BAG, kept, 7, average)
    lost = [parts.features[~row, 7].sum() for row in kept]
    np.testing.assert_allclose(replaced, scores[7] - lost, rtol=1e-9)


@pytest.mark.parametrize("name", SCORERS)
def test_an_advantage_is_what_leaving_or_coming_alone_changes(name: str) -> None:
    """Times the size of the history where the score is a mean over it."""
    scorer, rivals = SCORERS[name], np.array([0, 2, 11])

    def ahead(liked: list[int]) -> np.ndarray:
        scores = dense(name, liked) * (len(liked) if name == "mean" else 1)
        return scores[7] - scores[rivals]

    liked = BAG.tolist()
    np.testing.assert_allclose(scorer.ahead(BAG, 7, rivals), ahead(liked), rtol=1e-9)
    found = scorer.advantage(BAG, np.array([4, 3]), 7, rivals)
    without = [k for k in liked if k != 4]
    np.testing.assert_allclose(found[0], ahead(liked) - ahead(without), rtol=1e-7, atol=1e-10)
    np.testing.assert_allclose(found[1], ahead([*liked, 3]) - ahead(liked), rtol=1e-7, atol=1e-10)


def test_als_is_explained_as_implicit_explains_it() -> None:
    draw = np.random.default_rng(2)
    liked = sparse.csr_matrix((draw.random((30, V)) < 0.4).astype(np.float32))
    model = AlternatingLeastSquares(
        factors=D, regularization=0.5, alpha=7.0, iterations=5, random_state=0, num_threads=1
    )
    model.fit(liked, show_progress=False)
    scorer, bag = AlsVectors(model.item_factors, 0.5, 7.0), liked[3].indices.astype(np.int64)
    item = int(np.setdiff1d(np.arange(V), bag)[0])
    total, top, _ = model.explain(3, liked, item, N=V)
    shares = scorer.shares(bag, np.array([item]))[:, 0]
    size = np.abs(shares).sum()  # implicit computes in single precision
    assert shares.sum() == pytest.approx(total, abs=1e-4 * size)
    theirs = dict(top)
    for k, share in zip(bag.tolist(), shares, strict=True):
        assert share == pytest.approx(theirs[k], abs=1e-4 * size)


def test_the_nearest_neighbours_of_each_movie_are_kept() -> None:
    liked = sparse.csr_matrix((np.random.default_rng(0).random((40, 8)) < 0.5).astype(np.float32))
    all_, some = cosine(liked, 99), cosine(liked, 3)
    np.testing.assert_array_equal(all_, all_.T)
    for column in range(8):
        kept = np.flatnonzero(some[:, column])
        assert set(kept) == set(np.flatnonzero(all_[:, column] >= np.sort(all_[:, column])[-3]))
        np.testing.assert_array_equal(some[kept, column], all_[kept, column])


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    data = planted.data(tmp_path_factory.mktemp("planted"))
    weights = planted.weights(feature_space(data), data.content_hash)
    return Recommender.of(data, weights, with_attributes=True, split_seed=0, run="made")


@pytest.fixture(scope="module", params=USUAL)
def other(request: pytest.FixtureRequest, shown: Recommender) -> Recommender:
    made = peer(shown, request.param)
    if request.param == "ALS":  # so small a data set would leave one dimension, popularity
        vectors = np.random.default_rng(1).normal(size=(made.space.n_items, 4)).astype(np.float32)
        return replace(made, scorer=AlsVectors(vectors, 0.5, 5.0))
    return made


def asked(of: Recommender) -> tuple[Profile, int]:
    profile = of.profile("7")
    return profile, int(of.rank(profile, 3).items[0])


def test_pairs_of_very_many_movies_are_refused_before_memory_ends(
    shown: Recommender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "MOST_PAIRED", shown.space.n_items - 1)
    for name in peers.PAIRED:
        with pytest.raises(ProfileError, match=f"{name} .* too many for that"):
            peer(shown, name)
    assert peer(shown, "ALS").name == "ALS"


def test_a_peer_is_explained_with_its_proof(other: Recommender) -> None:
    profile, item = asked(other)
    told = explain(other, profile, item)
    assert told.audit.ledger.closes(1e-9) and told.score == pytest.approx(
        float(other.scorer.logits(profile.features)[item])
    )
    assert {f.label for f in told.features} == {other.titles[k] for k in profile.liked}
    assert told.probability is None and told.removal == other.scorer.removal
    assert "Liked by everyone" not in told.to_frame()["label"].tolist()
    test = told.audit.replacement
    strongest = sum(f.relevance for f in told.features[: test.removed]) if test else 0.0
    assert test is not None and test.after_top == pytest.approx(told.score - strongest)
    gone = profile.without(*(f.feature for f in told.features[: told.audit.deletion.removed]))
    again = float(other.scorer.logits(gone.features)[item])
    assert told.audit.deletion.after_top == pytest.approx(again)
    against = explain(other, profile, item, against=int(other.rank(profile, 3).items[2]))
    assert against.audit.ledger.closes(1e-9) and against.score >= 0


def test_a_peer_is_changed_and_no_smaller_change_holds(other: Recommender) -> None:
    """Every smaller set is tried, on a history that is made again."""
    cases: list[tuple[Aim, str, int]] = [("first", u, 0) for u in "1357"]
    cases += [("top", u, 0) for u in "1357"] + [("into", "7", 5), ("into", "1", 4)]
    sizes = []
    for aim, user, place in cases:
        profile = other.profile(user)
        item = int(other.rank(profile, place + 1).items[-1])
        told = smallest_change(other, profile, item, aim, n=3, seconds=60.0)
        adds = aim == "into"
        change = profile.plus if adds else profile.without
        unseen = np.setdiff1d(np.arange(other.space.n_items), [*profile.seen, item])
        moves = unseen.tolist() if adds else sorted(profile.liked)
        assert told.proven and (told.found or adds)
        assert not told.found or reached(other, change(*told.items), item, aim, None, 3)
        sizes.append(len(told.items))
        for size in range(1, min(len(told.items) if told.found else told.limit + 1, 3)):
            for chosen in itertools.combinations(moves, size):
                assert not reached(other, change(*chosen), item, aim, None, 3)
    assert max(sizes) > 1


def test_without_time_a_fold_in_says_what_it_has_tried(shown: Recommender) -> None:
    vectors = np.random.default_rng(1).normal(size=(shown.space.n_items, 4)).astype(np.float32)
    other = replace(peer(shown, "ALS"), scorer=AlsVectors(vectors, 0.5, 5.0))
    for user in "123456789":
        profile = other.profile(user)
        item = int(other.rank(profile, 1).items[0])
        told = smallest_change(other, profile, item, "top", n=6, seconds=0.0)
        if len(told.items) > 1:
            assert told.at_least == 1 and not told.proven
            assert "tried one by one" in told.means()
            assert told.standing() == f"At most {len(told.items)}, at least 1"
            return
    pytest.fail("nobody needs two")


def test_sets_that_leave_or_come_are_folded_in_as_one_by_one() -> None:
    scorer, rivals = AlsVectors(VECTORS, 0.7, 4.0), np.array([0, 2, 3, 7])
    outside = np.array([6, 8, 10, 11])
    for moves, kept in ((BAG, lambda s: np.setdiff1d(BAG, s)), (outside, lambda s: [*BAG, *s])):
        of = scorer.folded_again(BAG, moves, 5, rivals)
        for size in (1, 2, 3):
            sets = np.array(list(itertools.combinations(range(4), size)))
            for row, found in zip(moves[sets], of.ahead(sets), strict=True):
                scores = dense("als", list(kept(row)))
                np.testing.assert_allclose(found, scores[5] - scores[rivals], rtol=1e-8, atol=1e-9)


def test_no_small_set_brings_past_a_rival_that_may_not_pass() -> None:
    """Every set is tried, on vectors whose history decides much and on such where it does not."""
    left_out = 0
    for regularisation, alpha in ((0.7, 4.0), (60.0, 10.0), (5.0, 0.4)):
        scorer, bag = AlsVectors(VECTORS, regularisation, alpha), np.arange(1, 7)
        item, *rivals = np.setdiff1d(np.arange(len(VECTORS)), bag).tolist()
        for moves in (bag, np.array(rivals)):  # they leave, or come
            of = scorer.folded_again(bag, moves, item, np.array(rivals))
            passed = of.gaps < 0
            for size in (1, 2, 3):
                sets = np.array(list(itertools.combinations(range(len(moves)), size)))
                passed |= (of.ahead(sets) < 0).any(axis=0)
                may = of.may_pass(size)
                assert may[passed].all()
                left_out += int((~may).sum())
    assert left_out > 0


def test_sums_over_all_users_are_those_of_every_explanation(other: Recommender) -> None:
    every = AllUsers.of(other, 2)
    found = [
        explain(other, other.profile(str(user + 1)), int(item))
        for user, items in zip(every.users, every.items, strict=True)
        for item in items
    ]
    assert every.by_theme().sum() == pytest.approx(np.mean([told.score for told in found]))
    base = np.mean([told.base for told in found])
    assert every.by_group()[EVERYONE] == pytest.approx(base)
    movies, pushes = every.pushes
    item, feature = int(movies[0]), int(pushes[0].argmax())
    said = sum(
        f.relevance
        for told in found
        if told.item == item
        for f in told.features
        if f.feature == feature
    )
    assert pushes[0, feature] == pytest.approx(said)


def test_two_recommenders_differ_where_the_sentence_says(
    shown: Recommender, tmp_path: Path
) -> None:
    other = peer(shown, "EASE")
    profile = shown.profile("7").without_alone(shown.profile("7").features[-1])
    theirs = other.as_seen(profile)
    assert theirs.liked == profile.liked and theirs.space is other.space
    assert theirs.features.max() < other.space.n_items
    item = int(shown.rank(profile, 1).items[0])
    reasons = explain(shown, profile, item), explain(other, theirs, item)
    found = compared((shown, other), (profile, theirs), reasons, 5)
    lists = [set(of.rank(p, 5).items.tolist()) for of, p in ((shown, profile), (other, theirs))]
    assert {m.item for m in found.both} == lists[0] & lists[1]
    for number in (0, 1):
        alone = found.only(number)
        assert {m.item for m in alone} == lists[number] - lists[1 - number]
        assert not alone or alone[0].title in found.sentence()
    assert f"{len(found.both)} of 5 movies stand in both lists" in found.sentence()
    frame = found.contributions()
    for name, told in zip(found.names, reasons, strict=True):
        assert frame[name].sum() == pytest.approx(told.audit.ledger.features)
    attributes = frame[frame["kind"] != "film"]
    assert len(attributes) and attributes["EASE"].isna().all()
    assert Comparison.from_json(found.to_json()) == found
    figure = agreement(frame.rename(columns={"label": "Reason"})[["Reason", *found.names]])
    words = contributions_in_words(found, 99)
    page = compared_report(found, figure, words, "http://x")
    assert "does not read it" in words and page.count("<svg") == 1


def test_movies_without_genres_fall_into_clusters_named_by_their_best_liked(
    tmp_path: Path, shown: Recommender
) -> None:
    folder = planted.folder(tmp_path / "bare")
    (folder / "items.csv").unlink()
    data = load(folder)
    weights = planted.weights(feature_space(data, False), data.content_hash)
    bare = Recommender.of(data, weights, with_attributes=False, split_seed=0, run="bare")
    for of in (bare, *(peer(bare, name) for name in USUAL)):
        members: dict[str, list[int]] = {}
        for item in range(40):
            (name,) = of.themes(item)
            members.setdefault(name, []).append(item)
        counts = np.asarray(of.history.sum(axis=0)).ravel()
        assert 1 < len(members) <= 8
        for name, items in members.items():
            assert name == f"Like {of.titles[max(items, key=lambda i: counts[i])]}"
        told = explain(of, *asked(of))
        assert ("movies like " in told.sentence()) or of is not bare
        assert themes_in_words(told) == CLUSTERS
        assert sum(t.total for t in told.themes) == pytest.approx(told.audit.ledger.features)
    assert themes_in_words(explain(shown, *asked(shown))) == THEMES
