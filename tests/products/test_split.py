"""Pairs go to one part each, negatives are never related, and nothing of the test is seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from relrec_core.products.data.catalogue import Catalogue
from relrec_core.products.data.split import TEST, TRAIN, VALIDATION, Pairs, Split


def related(catalogue: Catalogue) -> set[tuple[int, int, str]]:
    rows = catalogue.relations.itertuples(index=False)
    return {(int(r.source), int(r.target), str(r.relation)) for r in rows}


def named(split: Split, pairs: Pairs) -> list[tuple[int, int, str]]:
    ends = np.sort(np.stack([pairs.left, pairs.right]), axis=0).T
    return [
        (int(a), int(b), split.relations[r]) for (a, b), r in zip(ends, pairs.relation, strict=True)
    ]


@pytest.mark.parametrize("by", ["pairs", "items"])
def test_the_parts_are_disjoint_and_complete(catalogue: Catalogue, by: str) -> None:
    split = Split(catalogue, by, 3)  # type: ignore[arg-type]
    parts = [named(split, split.positives(part)) for part in (TRAIN, VALIDATION, TEST)]
    everything = [pair for part in parts for pair in part]
    assert sorted(everything) == sorted(related(catalogue))


def test_two_products_keep_all_their_relations_in_one_part(catalogue: Catalogue) -> None:
    split = Split(catalogue, "pairs", 0)
    ends = [
        {(a, b) for a, b, _ in named(split, split.positives(part))}
        for part in (TRAIN, VALIDATION, TEST)
    ]
    assert not ends[0] & ends[1] and not ends[0] & ends[2] and not ends[1] & ends[2]


@pytest.mark.parametrize("hard", [0.0, 1.0])
def test_no_product_of_the_test_is_seen_in_training(catalogue: Catalogue, hard: float) -> None:
    split = Split(catalogue, "items", 1)
    assert split.item_part is not None
    for pairs in (split.positives(TRAIN), split.negatives(TRAIN, (0, 0), hard)):
        for side in (pairs.left, pairs.right):
            assert (split.item_part[side] == TRAIN).all()
    for pairs in (split.positives(TEST), split.negatives(TEST, (0, 0), hard)):
        parts = split.item_part[np.stack([pairs.left, pairs.right])]
        assert (parts == TEST).any(axis=0).all()


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    hard=st.sampled_from([0.0, 0.5, 1.0]),
    by=st.sampled_from(["pairs", "items"]),
    part=st.sampled_from([TRAIN, VALIDATION, TEST]),
)
def test_negatives_are_never_related(
    catalogue: Catalogue, seed: int, hard: float, by: str, part: int
) -> None:
    split = Split(catalogue, by, seed)  # type: ignore[arg-type]
    drawn = split.negatives(part, (seed, 7), hard)
    assert not set(named(split, drawn)) & related(catalogue)
    assert (drawn.left != drawn.right).all() and not drawn.holds.any()
    wanted = np.bincount(split.positives(part).relation, minlength=4)
    assert np.array_equal(np.bincount(drawn.relation, minlength=4), wanted)
    again = split.negatives(part, (seed, 7), hard)
    assert np.array_equal(again.left, drawn.left) and np.array_equal(again.right, drawn.right)


def test_hard_negatives_are_of_the_categories_of_a_related_pair(catalogue: Catalogue) -> None:
    split = Split(catalogue, "pairs", 0)
    names = catalogue.items["category"].to_numpy(str)
    positives, drawn = split.positives(TRAIN), split.negatives(TRAIN, (0,), hard=1.0)
    of = [np.sort(np.stack([names[p.left], names[p.right]]), axis=0) for p in (positives, drawn)]
    assert (of[0] == of[1]).all(axis=0).mean() > 0.99
