"""A shortlist finds what scoring every movie finds, or says how much of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from relrec_core import explain, neighbours
from relrec_core.batch.dataset import Dataset
from relrec_core.errors import ConfigError, DataError
from relrec_core.movies.explanation import batch
from relrec_core.movies.model import shortlist as module
from relrec_core.movies.model.best import rank_all
from relrec_core.movies.model.shortlist import OnSphere, kept, shortlist
from tests.movies.test_batch import made

pytestmark = pytest.mark.numerics


@dataclass(frozen=True, eq=False)
class Products:
    """Scores that are products of these vectors; a user's bag is the user's number."""

    item_vectors: Any
    users: Any

    def user_vectors(self, bags: sparse.csr_matrix) -> Any:
        return bags @ self.users

    def logits(self, bag: Any) -> Any:
        return self.item_vectors @ self.users[bag].sum(axis=0)

    def logits_of_all(self, bags: sparse.csr_matrix) -> Any:
        return self.user_vectors(bags) @ self.item_vectors.T


def products(seed: int, items: int, users: int, whole: bool) -> tuple[Products, sparse.csr_matrix]:
    """Vectors of five numbers, whole ones whose products are exact or any, and what was seen."""
    chance = np.random.default_rng(seed)
    vectors, own = (chance.normal(size=(n, 5)) * 4 for n in (items, users))
    if whole:
        vectors, own = np.round(vectors), np.round(own)
    seen = sparse.csr_matrix((chance.random((users, items)) < 0.2).astype(np.float32))
    return Products(vectors, own), seen


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32), items=st.integers(1, 120), users=st.integers(1, 9))
def test_as_many_candidates_as_movies_give_what_all_movies_give(
    seed: int, items: int, users: int
) -> None:
    scorer, seen = products(seed, items, users, whole=True)
    everyone, n = sparse.eye(users, format="csr"), min(items, 4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "AT_ONCE", 17 * users)
        _, by_chunks = module._all_scored(scorer, everyone, seen, n)
    found, scores = shortlist(scorer, everyone, seen, items, n).best(everyone, seen, n)
    _, expected = rank_all(scorer, everyone, seen, n)
    np.testing.assert_array_equal(scores, expected)
    np.testing.assert_array_equal(by_chunks, expected)
    for user in range(users):
        left = np.isfinite(scores[user])
        own = found[user][left]
        assert len(set(own.tolist())) == len(own) and not seen[user].toarray()[0, own].any()
        np.testing.assert_array_equal(
            scorer.item_vectors[own] @ scorer.users[user], scores[user][left]
        )


@pytest.mark.parametrize("wanted", [0.1, 0.98])
def test_the_recall_that_is_told_is_that_of_users_it_was_not_tuned_with(
    wanted: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neighbours, "WANTED_RECALL", wanted)
    scorer, seen = products(0, 4000, 60, whole=False)
    everyone = sparse.eye(60, format="csr")
    of = shortlist(scorer, everyone, seen, 50, 5)
    hits = []
    for user in range(1, 60, 2):
        scores = scorer.item_vectors @ scorer.users[user]
        scores[seen[user].indices] = -np.inf
        found, _ = of.best(everyone[[user]], seen[[user]], 5)
        hits.append(np.isin(np.argsort(-scores)[:5], found[0]).mean())
    assert of.users == 30 and of.recall == pytest.approx(np.mean(hits))
    assert of.recall > 0.9 if wanted > 0.9 else of.recall < 0.9


def test_vectors_of_one_length_are_near_where_their_products_are_large() -> None:
    scorer, _ = products(1, 50, 3, whole=False)
    sphere = OnSphere(scorer.item_vectors)
    rows, asked = sphere[np.arange(50)], sphere.questions(scorer.users)
    assert rows.shape == sphere.shape == (50, 8)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), sphere.length, rtol=1e-5)
    far = np.linalg.norm(rows[None] - asked[:, None], axis=2)
    products_of = scorer.users @ scorer.item_vectors.T
    for user in range(3):
        assert (np.argsort(far[user]) == np.argsort(-products_of[user])).all()


def test_what_was_kept_is_opened_and_what_is_damaged_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELREC_HOME", str(tmp_path))
    scorer, seen = products(2, 300, 20, whole=False)
    everyone = sparse.eye(20, format="csr")
    first = kept(scorer, everyone, seen, 40, 3)
    built: list[int] = []
    monkeypatch.setattr(module, "shortlist", lambda *a: built.append(1) or shortlist(*a))
    again = kept(scorer, everyone, seen, 40, 3)
    assert not built and (again.recall, again.users) == (first.recall, first.users)
    for one, other in zip(
        first.best(everyone, seen, 3), again.best(everyone, seen, 3), strict=True
    ):
        np.testing.assert_array_equal(one, other)
    (lists,) = tmp_path.rglob(module.LISTS)
    damaged = lists.with_name("damaged")
    damaged.write_bytes(lists.read_bytes()[:-9])
    damaged.replace(lists)  # what is still mapped keeps its bytes: faiss reads ahead of a search
    assert kept(scorer, everyone, seen, 40, 3).recall == first.recall and len(built) == 1
    (about,) = tmp_path.rglob(module.ABOUT)
    about.write_text("{")
    with pytest.raises(DataError, match="delete its folder"):
        kept(scorer, everyone, seen, 40, 3)


@pytest.mark.parametrize("kind", ["plain", "layer", "ALS"])
def test_rows_from_a_shortlist_of_all_are_those_of_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("RELREC_HOME", str(tmp_path / "home"))
    whole = made(tmp_path / "data", kind).table(0)
    short = made(tmp_path / "data", kind, candidates=40)
    assert short.table(0).drop(["probability"]).equals(whole.drop(["probability"]))
    assert short.table(0)["probability"].null_count == len(whole)
    assert short.about["shortlist"] == {"candidates": 40, "recall": 1.0, "users": 30}


def test_the_command_says_what_the_shortlist_finds(
    ml_100k: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["movies", "--top", "5", "--processes", "1", "--out", str(tmp_path / "out")]
    assert explain.main([*asked, "--shortlist", "100"]) == 0
    said, about = capsys.readouterr().out, Dataset.open(tmp_path / "out").about.of
    recall = about["shortlist"]["recall"]
    assert f"100 candidates of each user, which hold {recall:.1%} of the true 5 best" in said
    assert 0.9 < recall <= 1
    rows = pl.read_parquet(tmp_path / "out" / "*.parquet")
    assert len(rows) == 943 * 5 and rows["probability"].null_count() == len(rows)
    assert explain.main([*asked, "--shortlist", "4"]) == 1
    assert "--shortlist is at least --top, 5" in capsys.readouterr().err


def test_who_scores_by_no_product_of_vectors_says_so(tmp_path: Path) -> None:
    of = made(tmp_path, "EASE").recommender
    with pytest.raises(ConfigError, match="EASE scores by entries of the item-item matrix"):
        batch.candidates_of(of, 50, 10)
    assert batch.candidates_of(of, None, 10) == 0


def test_many_movies_get_a_shortlist_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = made(tmp_path).recommender
    assert batch.candidates_of(of, None, 10) == 0
    monkeypatch.setattr(batch, "MOST_SCORED", 39)
    assert batch.candidates_of(of, None, 10) == module.CANDIDATES
