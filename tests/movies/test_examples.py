"""Training examples: what is hidden, how often, and that nothing leaks into a bag."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from relrec_core.movies.data.features import FeatureSpace, feature_space
from relrec_core.movies.training.examples import MOST_SHORT, Masking, Removal
from relrec_core.runs.distributed import Group
from tests.movies.made import movie_data

pytestmark = pytest.mark.numerics

FILMS, VIEWERS = 12, 9
NEVER = 50.0
"""A beta at which a second removal has a chance of 1e-15."""


@pytest.fixture(scope="module")
def space() -> FeatureSpace:
    """Film i has genre i // 2 (two films each), one of its own and one that all share."""
    genres = [f"pair {i // 2}|own {i}|any" for i in range(FILMS)]
    return feature_space(movie_data({"genres": genres}, {"gender": ["M", "F", ""] * 3}))


@pytest.fixture(scope="module")
def liked() -> sparse.csr_matrix:
    """Viewer u likes films 0 to u, the last likes all."""
    dense = np.tril(np.ones((VIEWERS, FILMS), dtype=np.float32))
    dense[-1] = 1
    return sparse.csr_matrix(dense)


def drawn(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def everything(examples: Masking | Removal) -> np.ndarray:
    return np.arange(len(examples))


@pytest.mark.parametrize("beta", [0.5, 1.0, 2.0])
def test_further_removals_follow_the_law_of_the_paper(
    space: FeatureSpace, liked: sparse.csr_matrix, beta: float
) -> None:
    """P(m or more beyond the label) = prod over r = 1..m of 1 / (r + 1)^beta."""
    examples = Removal(liked, space, beta=beta)
    rows = np.full(40_000, len(examples) - 1)  # the viewer who likes all films
    whole = Removal(liked, space, beta=NEVER).draw(rows[:1], drawn(0))
    bags = examples.draw(rows, drawn(7)).bags > 0
    assert (bags <= (whole.bags > 0)).all()
    removed = (whole.bags > 0).sum() - bags.sum(dim=1)
    for m in range(1, 6):
        law = math.prod(1 / (r + 1) ** beta for r in range(1, m + 1))
        deviation = math.sqrt(law * (1 - law) / len(rows))
        assert float((removed >= m).float().mean()) == pytest.approx(law, abs=4.5 * deviation)
    once = bags[removed == 1]
    gone = (whole.bags > 0).sum(dim=0)[None] - once.float()  # (n, F): one feature each
    rates = (gone.sum(dim=0) / len(once))[(whole.bags > 0)[0]]
    fair = 1 / len(rates)  # films and attributes alike
    deviation = math.sqrt(fair / len(once))
    np.testing.assert_allclose(rates, fair, atol=4.5 * deviation)


def test_a_label_leaves_with_what_only_it_contributed(
    space: FeatureSpace, liked: sparse.csr_matrix
) -> None:
    examples = Removal(liked, space, beta=NEVER)
    assert len(examples) == liked.nnz
    batch = examples.draw(everything(examples), drawn(0))
    pairs = list(zip(*liked.nonzero(), strict=True))
    np.testing.assert_array_equal(batch.targets.sum(dim=1), 1)
    for row, (u, label) in enumerate(pairs):
        assert batch.targets[row].argmax() == label
        others = [i for i in liked[u].indices if i != label]
        expected = space.bag(others, space.user_attributes[u].indices)
        np.testing.assert_array_equal(torch.nonzero(batch.bags[row])[:, 0], expected)
        assert space.index[("genre", f"own {label}")] not in expected
        shared = space.index[("genre", f"pair {label // 2}")] in expected
        assert shared == (label ^ 1 in others)
    assert (batch.weight == 1).all()


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**31), beta=st.floats(0.1, 3))
def test_removal_never_shows_the_label(seed: int, beta: float) -> None:
    genres = [f"{i % 3}" for i in range(5)]
    space = feature_space(movie_data({"genres": genres}, {"gender": ["M", ""]}))
    liked = sparse.csr_matrix(np.array([[1, 1, 0, 1, 1], [0, 0, 1, 0, 0]], dtype=np.float32))
    batch = Removal(liked, space, beta=beta).draw(np.arange(5), drawn(seed))
    assert (batch.bags[:, : space.n_items] * batch.targets == 0).all()
    sums = batch.bags.sum(dim=1)
    some = (batch.bags > 0).any(dim=1)
    np.testing.assert_allclose(sums[some], 1, rtol=1e-6)
    assert (sums[~some] == 0).all()
    for bag in batch.bags:  # averaging: all weights of a row alike
        assert len(set(bag[bag > 0].tolist())) <= 1


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    seed=st.integers(0, 2**31),
    seen=st.sampled_from([0.0, 0.25, 1.0]),
    rates=st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted),
)
def test_masking_parts_the_films_into_visible_and_hidden(
    space: FeatureSpace, liked: sparse.csr_matrix, seed: int, seen: float, rates: list[float]
) -> None:
    examples = Masking(liked, space, rates=rates, seen=seen)
    assert len(examples) == VIEWERS - 1  # viewer 0 likes one film: nothing to learn from
    batch = examples.draw(everything(examples), drawn(seed))
    for row, u in enumerate(range(1, VIEWERS)):
        own = set(liked[u].indices)
        bag = torch.nonzero(batch.bags[row])[:, 0].numpy()
        visible = {k for k in bag if k < space.n_items}
        assert visible <= own
        hidden = own - visible
        np.testing.assert_array_equal(
            bag, space.bag(sorted(visible), space.user_attributes[u].indices)
        )
        labels = dict.fromkeys(hidden, 1.0) | dict.fromkeys(visible, seen)
        total = sum(labels.values())
        expected = np.zeros(FILMS)
        for i, weight in labels.items():
            expected[i] = weight / total if total else 0.0
        np.testing.assert_allclose(batch.targets[row], expected, rtol=1e-5)
        assert batch.weight[row] == (len(own) if total else 0)


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.0), (1.0, 1.0), (0.3, 0.3), (0.2, 0.9)])
def test_masking_hides_at_rates_within_its_bounds(
    space: FeatureSpace, liked: sparse.csr_matrix, low: float, high: float
) -> None:
    examples = Masking(liked, space, rates=(low, high), seen=0.5)
    rows = np.full(20_000, len(examples) - 1)
    batch = examples.draw(rows, drawn(3))
    share = 1 - (batch.bags[:, :FILMS] > 0).float().mean(dim=1)  # (n,) of 12 films
    mean = (low + high) / 2
    within = mean * (1 - mean) / FILMS  # at most: binomial at a fixed rate
    between = (high - low) ** 2 / 12
    deviation = math.sqrt((within + between) / len(rows))
    assert float(share.mean()) == pytest.approx(mean, abs=4.5 * deviation + 1e-6)
    # Law of total variance: E[r (1 - r)] / n + Var[r], with Var[r] that of a uniform rate.
    variance = (mean - mean**2 - between) / FILMS + between
    assert float(share.var()) == pytest.approx(variance, rel=0.05, abs=1e-9)


def test_short_histories_keep_one_to_ten_films(
    space: FeatureSpace, liked: sparse.csr_matrix
) -> None:
    """Kept are on average as many as drawn log-uniformly from 1 to MOST_SHORT."""
    rows = np.full(20_000, VIEWERS - 2)  # the viewer who likes all films
    for share in (1.0, 0.25):
        examples = Masking(liked, space, rates=(0, 0), seen=0.5, short=share)
        kept = (examples.draw(rows, drawn(2)).bags[:, :FILMS] > 0).sum(dim=1).float()
        mean = share * (MOST_SHORT - 1) / math.log(MOST_SHORT) + (1 - share) * FILMS
        assert float(kept.mean()) == pytest.approx(mean, abs=4.5 * FILMS / 2 / 20_000**0.5)
    examples = Masking(liked, space, rates=(0, 0), seen=0.5, short=1)
    few = examples.draw(np.zeros(500, dtype=int), drawn(2))  # likes two films
    assert set((few.bags[:, :FILMS] > 0).sum(dim=1).tolist()) == {0, 1, 2}


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_a_viewer_counts_as_a_power_of_the_films(
    space: FeatureSpace, liked: sparse.csr_matrix, power: float
) -> None:
    examples = Masking(liked, space, rates=(1, 1), seen=0, weight_power=power)
    weight = examples.draw(everything(examples), drawn(0)).weight
    np.testing.assert_allclose(weight, np.diff(liked.indptr)[1:] ** power, rtol=1e-6)


def test_attribute_dropout_takes_attributes_only(
    space: FeatureSpace, liked: sparse.csr_matrix
) -> None:
    rows = np.full(4000, VIEWERS - 2)
    kinds = np.array(space.kinds)
    whole = Masking(liked, space, rates=(0, 0), seen=1).draw(rows[:1], drawn(0)).bags[0] > 0
    examples = Masking(liked, space, rates=(0, 0), seen=1, attribute_dropout=0.4)
    bags = examples.draw(rows, drawn(0)).bags
    kept = (bags > 0).float().mean(dim=0).numpy()
    assert (kept[~whole.numpy()] == 0).all()
    assert (kept[(kinds == "film") & whole.numpy()] == 1).all()
    np.testing.assert_allclose(kept[(kinds != "film") & whole.numpy()], 0.6, atol=0.035)
    np.testing.assert_allclose(bags.sum(dim=1), 1, rtol=1e-5)


def both(space: FeatureSpace, liked: sparse.csr_matrix) -> list[Masking | Removal]:
    return [
        Masking(liked, space, rates=(0, 1), seen=0.5, attribute_dropout=0.2),
        Removal(liked, space, beta=0.7),
    ]


def test_the_generator_decides(space: FeatureSpace, liked: sparse.csr_matrix) -> None:
    for examples in both(space, liked):
        rows = everything(examples)[::-1].copy()
        torch.manual_seed(1)
        first = examples.draw(rows, drawn(5))
        torch.manual_seed(2)
        again, other = examples.draw(rows, drawn(5)), examples.draw(rows, drawn(6))
        assert torch.equal(first.bags, again.bags)
        assert torch.equal(first.targets, again.targets)
        assert not torch.equal(first.bags, other.bags)


@pytest.mark.parametrize("ranks", [2, 3, 64])
def test_the_shares_of_all_ranks_are_the_batch(
    space: FeatureSpace, liked: sparse.csr_matrix, ranks: int
) -> None:
    """Every rank draws the whole batch by the same seed and keeps its slice of it."""
    for examples in both(space, liked):
        rows = everything(examples)
        whole = examples.draw(rows, drawn(5))
        slices = [Group(r, ranks, torch.device("cpu")).share(len(rows)) for r in range(ranks)]
        drawings = [examples.draw(rows, drawn(5)) for _ in range(ranks)]
        for name in ("bags", "targets", "weight"):
            parts = [getattr(d, name)[s] for d, s in zip(drawings, slices, strict=True)]
            assert torch.equal(torch.cat(parts), getattr(whole, name))


def test_films_without_any_attributes() -> None:
    data = movie_data({"genres": [""] * 4}, {"gender": [""]}, pd.DataFrame())
    space = feature_space(data, with_attributes=False)
    liked = sparse.csr_matrix(np.ones((1, 4), dtype=np.float32))
    batch = Removal(liked, space, beta=NEVER).draw(np.arange(4), drawn(0))
    np.testing.assert_allclose(batch.bags, (1 - np.eye(4)) / 3, rtol=1e-6)
    np.testing.assert_array_equal(batch.targets, np.eye(4))
