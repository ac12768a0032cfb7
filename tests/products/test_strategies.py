"""Strategies: maps that mark one place are one group, and a planted watermark is found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from relrec_core.errors import ConfigError
from relrec_core.explanation import DeletionTest, Provenance
from relrec_core.products.data import catalogue as data
from relrec_core.products.explanation.explain import Explainer
from relrec_core.products.explanation.result import GRID, Method
from relrec_core.products.explanation.spectral import (
    eigengap,
    laplacian_eigenvalues,
    neighbours,
    spectral_clusters,
)
from relrec_core.products.explanation.strategies import Asked, strategies, support, vectors
from relrec_core.products.explanation.strategies_result import Member, Strategies, Strategy
from relrec_core.products.model.ranking import Recommender
from relrec_core.products.studio import watermarked
from relrec_core.products.training.train import Config
from tests.products.conftest import executed, settings

pytestmark = pytest.mark.numerics


def blobs(sizes: list[int], seed: int) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    """Maps that mark one of the corners with some noise, shuffled, and which corner."""
    chance = np.random.default_rng(seed)
    corners = np.repeat(np.arange(len(sizes)), sizes)
    maps = chance.random((len(corners), GRID, GRID)) / 20
    for one, corner in zip(maps, corners, strict=True):
        down, across = divmod(int(corner), 2)
        one[down * 11 : down * 11 + 5, across * 11 : across * 11 + 5] += 1
    order = chance.permutation(len(corners))
    return np.stack([support(one) for one in maps[order]]), corners[order]


@pytest.mark.parametrize("sizes", [[30, 14], [25, 20, 15], [22, 20, 16, 12]])
def test_maps_that_mark_one_place_are_one_group(sizes: list[int]) -> None:
    maps, corners = blobs(sizes, len(sizes))
    found = spectral_clusters(vectors(maps))
    assert found.count == len(sizes)
    for corner, size in enumerate(sorted(sizes, reverse=True)):
        assert (found.labels == corner).sum() == size  # the largest group is the first
    assert len({*zip(found.labels.tolist(), corners.tolist(), strict=True)}) == len(sizes)


def test_the_graph_and_its_eigenvalues_by_hand() -> None:
    points = np.array([[0.0], [1.0], [2.5], [10.0], [11.0], [12.5]])
    graph = neighbours(points, 1)
    expected = np.zeros((6, 6))
    for one, other, weight in ((0, 1, 1), (1, 2, 0.5), (3, 4, 1), (4, 5, 0.5)):
        expected[one, other] = expected[other, one] = weight
    np.testing.assert_array_equal(graph, expected)
    degrees = expected.sum(axis=1)
    # L_rw = I - D^-1 A has the eigenvalues of the symmetric normalised Laplacian.
    walk = np.eye(6) - expected / degrees[:, None]
    by_hand = np.sort(np.linalg.eigvals(walk).real)
    np.testing.assert_allclose(laplacian_eigenvalues(graph), by_hand, atol=1e-9)
    assert eigengap(laplacian_eigenvalues(graph), 4) == 2  # two parts that do not touch


def marking(row: int, column: int) -> Strategy:
    """Two recommendations whose maps mark the cells around this one."""
    grid = np.zeros((GRID, GRID))
    grid[row - 1 : row + 2, column - 1 : column + 2] = 1 / 9
    member = {"query": "a", "query_title": "A", "item": "b", "item_title": "B"}
    test = {"removed": 9, "score": 2.0, "after_top": 1.0, "after_random": 1.5, "low": 1.2}
    return Strategy(
        mean=tuple(map(tuple, grid.tolist())),
        members=(Member(**member, probability=0.5, likeness=0.9),) * 2,
        typical=(),
        share=0.5,
        audit=DeletionTest(**test, high=1.8, beaten=1.0, repetitions=9),
        displaced=0.5,
        displaced_at_random=0.1,
    )


def test_groups_that_mark_the_same_in_words_are_told_apart_by_numbers() -> None:
    def said(*marked: Strategy) -> str:
        origin = dict.fromkeys(("dataset", "dataset_hash", "licence", "run", "method"), "x")
        made = Provenance(**origin, parameters={}, seed=0, code_version="0")
        about = {"relation": "also_viewed", "category": None, "n": 3, "left_out": 0}
        return Strategies(
            **about, strategies=marked, eigenvalues=(0.0,), provenance=made
        ).sentence()

    told = said(marking(7, 8), marking(8, 6), marking(2, 2))
    assert "strategy 1, 2 (50%) mark the middle (53% from the left, 47% from the top)" in told
    assert "strategy 2, 2 (50%) mark the middle (41% from the left, 53% from the top)" in told
    assert told.endswith("strategy 3, 2 (50%) mark the upper left.")
    assert "from the left" not in said(marking(7, 8), marking(2, 2))


def test_a_planted_watermark_is_a_strategy_of_its_own(tmp_path: Path) -> None:
    folder = watermarked.ensure(tmp_path / "watermarked", side=32)
    chosen = settings(folder, warm_epochs=6, epochs=8, batch_size=32)
    run = executed(tmp_path / "runs" / "products" / "marked", chosen)
    of = Recommender.of(run, run.settings(Config), data.load(folder))
    marked = watermarked.marked(folder)
    kind, relation = watermarked.MARKED_KIND, watermarked.RELATION
    assert len(marked) == watermarked.EACH // 3
    told = strategies(Explainer(of), Asked(relation, Method(), kind))
    assert told.recommendations + told.left_out == watermarked.EACH and len(told.strategies) > 1
    # Members with the watermark are together, without most others, and their maps mark it.
    counts = [sum(m.query in marked for m in s.members) for s in told.strategies]
    sizes = [len(s.members) for s in told.strategies]
    mostly = [2 * n > size for n, size in zip(counts, sizes, strict=True)]
    assert 2 * sum(np.compress(mostly, counts)) > len(marked)
    best = told.strategies[int(np.argmax(counts))]
    assert best.where == "the upper left" and f"mark {best.where}" in told.sentence()
    # Without it the score falls further than without random cells, and another list is shown.
    assert best.audit.after_top < best.audit.after_random < best.audit.score
    assert best.displaced > best.displaced_at_random
    assert Strategies.from_json(told.to_json()) == told
    frame = told.to_frame()
    assert len(frame) == told.recommendations and frame["query"].is_unique
    assert frame.groupby("strategy")["share"].first().sum() == pytest.approx(1)
    with pytest.raises(ConfigError, match="0 recommendations of this kind"):
        strategies(Explainer(of), Asked(relation, Method(), "teapot"))
