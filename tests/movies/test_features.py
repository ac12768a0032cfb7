"""The vocabulary of profiles against sets written out by hand, titles, and the split."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from relrec_core.movies.data.features import (
    FILM,
    FeatureSpace,
    display_titles,
    feature_space,
    viewer_names,
)
from relrec_core.movies.data.interactions import MovieData, load
from relrec_core.movies.data.split import split
from tests.movies import planted
from tests.movies.made import movie_data

WORDS = st.sampled_from(["Drama", "War", "Sci-Fi", " ", ""])
CELLS = st.lists(WORDS, max_size=3).map("|".join)


@st.composite
def histories(draw: st.DrawFn) -> tuple[MovieData, np.ndarray]:
    """Random attributes of films and viewers, and who liked what."""
    n_items, n_users = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    column = st.lists(CELLS, min_size=n_items, max_size=n_items)
    person = st.lists(CELLS, min_size=n_users, max_size=n_users)
    items = {"genres": draw(column), "decade": draw(column)}
    users = {"gender": draw(person)}
    cells = st.lists(st.booleans(), min_size=n_items * n_users, max_size=n_items * n_users)
    return movie_data(items, users), np.array(draw(cells)).reshape(n_users, n_items)


def words(cell: str) -> set[str]:
    return {part.strip() for part in cell.split("|")} - {""}


def twin(data: MovieData, films: np.ndarray, user: int | None) -> set[tuple[str, str]]:
    """A profile as a set of (kind, value), straight from the tables."""
    bag = set()
    for i in films:
        row = data.items.iloc[i]
        bag.add((FILM, row["item_id"]))
        bag |= {("genre", w) for w in words(row["genres"])}
        bag |= {("decade", w) for w in words(row["decade"])}
    if user is not None:
        bag |= {("gender", w) for w in words(data.users.iloc[user]["gender"])}
    return bag


def named(space: FeatureSpace, features: np.ndarray) -> set[tuple[str, str]]:
    pairs = [(space.kinds[k], space.values[k]) for k in features]
    assert len(pairs) == len(set(pairs))
    return set(pairs)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(histories())
def test_bags_are_the_sets_of_the_tables(made: tuple[MovieData, np.ndarray]) -> None:
    data, liked = made
    space = feature_space(data)
    everything = set().union(*(twin(data, [i], None) for i in range(len(data.items))))
    everything |= set().union(*(twin(data, [], u) for u in range(len(data.users))))
    assert named(space, np.arange(space.n_features)) == everything
    assert all(space.index[pair] < space.n_features for pair in everything)
    assert set(space.attribute_kinds) == {kind for kind, _ in everything} - {FILM}
    bags = space.bags(sparse.csr_matrix(liked.astype(np.float32)))
    assert set(bags.data) <= {1.0}
    for u, row in enumerate(liked):
        films = np.flatnonzero(row)
        assert named(space, bags[u].indices) == twin(data, films, u)
        np.testing.assert_array_equal(bags[u].indices, np.sort(bags[u].indices))
        own = space.user_attributes[u].indices
        twice = np.concatenate([films, films])
        np.testing.assert_array_equal(space.bag(twice, own), bags[u].indices)
        assert named(space, space.bag(films)) == twin(data, films, None)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(histories())
def test_without_attributes_a_profile_is_its_films(made: tuple[MovieData, np.ndarray]) -> None:
    data, liked = made
    space = feature_space(data, with_attributes=False)
    assert space.kinds == (FILM,) * len(data.items)
    assert (space.item_kinds, space.attribute_kinds) == ((), ())
    bags = space.bags(sparse.csr_matrix(liked.astype(np.float32)))
    np.testing.assert_array_equal(bags.toarray(), liked)


def test_an_empty_profile_is_empty() -> None:
    space = feature_space(movie_data({"genres": ["War"], "decade": [""]}, {"gender": ["M"]}))
    assert space.bag([]).tolist() == []
    assert named(space, space.bag([], space.user_attributes[0].indices)) == {("gender", "M")}


def test_titles_as_people_write_them() -> None:
    items = pd.DataFrame(
        {
            "title": [
                "Matrix, The",
                "Avventura, L'",
                "Usual Suspects, The (Special Edition)",
                "Good, The Bad and The Ugly, The",
                "Paris, Texas",
                "Amelie",
            ],
            "year": pd.array([1999, 1960, None, 1966, 1984, None], dtype="Int64"),
        }
    )
    expected = [
        "The Matrix (1999)",
        "L'Avventura (1960)",
        "The Usual Suspects (Special Edition)",
        "The Good, The Bad and The Ugly (1966)",
        "Paris, Texas (1984)",
        "Amelie",
    ]
    assert display_titles(items) == expected
    assert display_titles(items[["title"]])[0] == "The Matrix"


def test_viewers_are_introduced_by_what_is_known() -> None:
    known = movie_data({"genres": ["War"]}, {"gender": ["F", ""], "job": ["writer", ""]})
    assert viewer_names(known) == ["User u0: woman, writer", "User u1"]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    counts=st.lists(st.integers(0, 23), min_size=1, max_size=6),
    disliked=st.integers(0, 3),
    seed=st.integers(0, 2**31 - 1),
)
def test_the_split_is_disjoint_complete_and_in_proportion(
    counts: list[int], disliked: int, seed: int
) -> None:
    rows = [(u, i, 3.0 + i % 3) for u, n in enumerate(counts) for i in range(n)]
    rows += [(u, 25 + i, 2.5) for u in range(len(counts)) for i in range(disliked)]
    ratings = pd.DataFrame(rows, columns=["user", "item", "rating"]).astype(
        {"user": np.int32, "item": np.int32}
    )
    data = movie_data({"genres": [""] * 30}, {"gender": [""] * len(counts)}, ratings)
    parts = split(data, seed)
    together = sum(p.toarray() for p in (parts.train, parts.dev, parts.test))
    expected = np.zeros_like(together)
    for u, n in enumerate(counts):
        expected[u, :n] = 1
    np.testing.assert_array_equal(together, expected)
    np.testing.assert_array_equal(parts.known.toarray(), (parts.train + parts.dev).toarray())
    for part, share in ((parts.train, 0.6), (parts.dev, 0.2), (parts.test, 0.2)):
        sizes = np.diff(part.indptr)
        assert (np.abs(sizes - share * np.array(counts)) <= 1).all()
    for u, n in enumerate(counts):
        if n:
            assert parts.train[u].nnz >= 1
    again = split(data, seed)
    for name in ("train", "dev", "test"):
        np.testing.assert_array_equal(
            getattr(parts, name).toarray(), getattr(again, name).toarray()
        )


@pytest.mark.parametrize(("films", "sizes"), [(1, (1, 0, 0)), (2, (1, 1, 0)), (5, (3, 1, 1))])
def test_the_split_of_short_histories(films: int, sizes: tuple[int, int, int]) -> None:
    ratings = pd.DataFrame({"user": 0, "item": np.arange(films), "rating": 5.0})
    parts = split(movie_data({"genres": [""] * films}, {"gender": [""]}, ratings), 3)
    assert (parts.train.nnz, parts.dev.nnz, parts.test.nnz) == sizes


def test_another_seed_is_another_split_and_every_film_may_fall_anywhere(tmp_path: Path) -> None:
    data = load(planted.folder(tmp_path))
    liked = data.ratings[data.ratings["rating"] >= 3]
    tested = sum(split(data, seed).test.toarray() for seed in range(40))
    often = tested[liked["user"], liked["item"]] / 40
    # 40 draws at about 0.2: 0 has a chance of 1e-4 and 0.65 of 1e-9 for each of 720 films.
    assert often.max() < 0.65
    assert (often > 0).mean() > 0.99
    assert often.mean() == pytest.approx(split(data, 0).test.nnz / len(liked))
