"""Leave-one-out, negatives and ranking against slow twins, on data of any shape."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from relrec_core.errors import DataError
from relrec_core.movies.data.interactions import MovieData, load
from relrec_core.movies.evaluation.baselines.peers import Als
from relrec_core.movies.experts.data.holdout import NOBODY, Cases, holdout
from relrec_core.movies.experts.data.inputs import EXPERTS, TASTE_SPREAD, Attributes, family
from relrec_core.movies.experts.model.ranking import places, ranking
from relrec_core.movies.experts.model.warm_start import ALPHA, REGULARISATION, factors
from relrec_core.movies.experts.training.examples import Examples
from tests.movies import planted

pytestmark = pytest.mark.numerics

few = settings(deadline=None, max_examples=40)


@st.composite
def ratings(draw: st.DrawFn) -> MovieData:
    """Up to 8 viewers who rate some of up to 12 films, many in the same second."""
    films = draw(st.integers(2, 12))
    rated = st.sets(st.integers(0, films - 1), min_size=1)
    rows = [
        (viewer, film, 3.0, draw(st.integers(0, 4)))
        for viewer, seen in enumerate(draw(st.lists(rated, min_size=1, max_size=8)))
        for film in sorted(seen)
    ]
    frame = pd.DataFrame(rows, columns=["user", "item", "rating", "timestamp"])
    viewers = pd.DataFrame({"user_id": [str(u) for u in range(frame["user"].max() + 1)]})
    items = pd.DataFrame({"item_id": [str(i) for i in range(films)]})
    return MovieData("made", "Made up", "CC0", "0", viewers, items, frame, unrated=0)


@few
@given(ratings(), st.integers(0, 3))
def test_the_latest_is_tested_and_the_second_latest_validates(data: MovieData, seed: int) -> None:
    parts = holdout(data, seed)
    whole = (parts.train + parts.validation + parts.test).toarray()
    assert whole.max() == 1  # disjoint
    assert whole.sum() == len(data.ratings)
    for viewer, own in data.ratings.groupby("user"):
        when = own.set_index("item")["timestamp"]
        sizes = [part[viewer].nnz for part in (parts.train, parts.validation, parts.test)]
        n = len(own)
        assert sizes == [n - (n > 1) - (n > 2), int(n > 2), int(n > 1)]
        times = [when[part[viewer].indices] for part in (parts.train, parts.validation, parts.test)]
        later = [t for t in times if len(t)]
        for before, after in pairwise(later):
            assert before.max() <= after.min()


@few
@given(ratings(), st.integers(0, 3), st.integers(1, 6))
def test_a_held_out_film_stands_among_films_never_rated(data: MovieData, seed: int, n: int) -> None:
    parts = holdout(data, seed)
    rated = (parts.known + parts.test).toarray() > 0
    for part, held in (("validation", parts.validation), ("test", parts.test)):
        cases, again = parts.cases(part, n), holdout(data, seed).cases(part, n)
        np.testing.assert_array_equal(cases.candidates, again.candidates)
        asked = {int(u) for u in np.flatnonzero(np.diff(held.indptr)) if not rated[u].all()}
        assert set(cases.viewers.tolist()) == asked
        for viewer, row in zip(cases.viewers, cases.candidates, strict=True):
            assert held[viewer].indices.tolist() == [row[0]]
            others = row[1:][row[1:] != NOBODY]
            assert len(set(others.tolist())) == len(others) == min(n, (~rated[viewer]).sum())
            assert not rated[viewer][others].any()


@few
@given(ratings(), st.integers(1, 5), st.integers(0, 3))
def test_negatives_are_never_rated_in_training_but_may_be_held_out(
    data: MovieData, negatives: int, seed: int
) -> None:
    known = holdout(data, seed).train
    examples = Examples(known, negatives)
    full = np.diff(known.indptr) == known.shape[1]
    assert len(examples) == known.nnz - full.sum() * known.shape[1]
    rows = np.arange(len(examples))
    drawn = examples.draw(rows, [seed, 1])
    assert drawn.shape == (len(examples), 1 + negatives)
    np.testing.assert_array_equal(drawn, examples.draw(rows, [seed, 1]))
    for viewer, films in zip(examples.viewers, drawn, strict=True):
        mine = set(known[viewer].indices.tolist())
        assert films[0] in mine and not mine & set(films[1:].tolist())


def test_every_film_not_rated_is_drawn_alike() -> None:
    known = sparse.csr_matrix(np.array([[1, 0, 0, 1, 0]], dtype=np.float32))
    drawn = Examples(known, 3000).draw(np.array([0]), [0])[0, 1:]
    counts = np.bincount(drawn, minlength=5)
    assert counts[[0, 3]].tolist() == [0, 0]
    assert np.abs(counts[[1, 2, 4]] - 1000).max() < 150  # 5.8 standard deviations


@few
@given(st.integers(1, 12), st.integers(0, 2**32 - 1))
def test_places_are_what_sorting_finds(n: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    candidates = np.arange(2 * (n + 1)).reshape(2, -1)
    candidates[1, 1 + n // 2 :] = NOBODY
    scores = draw.integers(0, 4, candidates.shape).astype(float)
    found = places(scores, Cases(np.array([0, 1]), candidates))
    for row in range(2):
        real = [s for s, c in zip(scores[row, 1:], candidates[row, 1:], strict=True) if c != NOBODY]
        best = 1 + sum(s > scores[row, 0] for s in real)
        worst = best + sum(s == scores[row, 0] for s in real)
        assert found[row] == (best + worst) / 2


def test_hit_rate_and_ndcg_by_hand() -> None:
    candidates = np.tile(np.arange(13), (3, 1))
    scores = np.zeros((3, 13))
    scores[0, 0] = 1  # first
    scores[1] = np.r_[5.5, np.arange(12)]  # six are better: seventh
    scores[2] = np.r_[-1, np.arange(12)]  # last
    found = ranking(scores, Cases(np.arange(3), candidates))
    assert found.cases == 3
    assert found.hit_rate == pytest.approx(2 / 3)
    assert found.ndcg == pytest.approx((1 + 1 / 3) / 3)


def test_taste_starts_from_the_factors_of_als(tmp_path: Path) -> None:
    known = holdout(planted.data(tmp_path / "made"), 0).known
    viewers, films = factors(known, 4, seed=0)
    assert (viewers.shape, films.shape) == ((60, 4), (40, 4))
    scores = Als(4, REGULARISATION, ALPHA).fit(known)()
    scale = (viewers @ films.T) / scores
    np.testing.assert_allclose(scale, scale.mean(), rtol=1e-3)
    for side in (viewers, films):
        assert side.std() == pytest.approx(TASTE_SPREAD, rel=1e-5)


def test_groups_without_attributes_are_left_out(tmp_path: Path) -> None:
    whole = planted.folder(tmp_path / "whole")
    assert family(Attributes.of(load(whole))).experts == EXPERTS
    (whole / "users.csv").unlink()
    films_only = family(Attributes.of(load(whole)))
    assert list(films_only.experts) == list(EXPERTS)
    assert films_only.experts["content"] == ("film content",)
    (whole / "items.csv").unlink()
    with pytest.raises(DataError, match="without any attribute, expected genres"):
        Attributes.of(load(whole))
