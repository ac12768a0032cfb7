"""Rows of everything at once say what the maps of each single recommendation say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from relrec_core.products.data.catalogue import ITEM
from relrec_core.products.explanation.batch import PART, SCHEMA, ProductBatch
from relrec_core.products.explanation.explain import Explainer, Question
from relrec_core.products.explanation.result import GRID, pooled, recommended
from relrec_core.products.model.ranking import Recommender
from relrec_core.runs.directory import Run

pytestmark = pytest.mark.numerics


def test_each_row_is_the_map_of_its_recommendation(
    recommender: Recommender, small_run: Run
) -> None:
    batch = ProductBatch(small_run, recommender, 2)
    part = len(batch.sizes) - 1
    assert sum(batch.sizes) == len(recommender.catalogue.items)
    table = batch.table(part)
    assert table.schema.equals(SCHEMA)
    assert table.num_rows == batch.sizes[part] * len(recommender.relations) * 2
    ids = recommender.catalogue.items[ITEM].tolist()
    asked = ids[part * PART], recommender.relations[1]
    rows = [r for r in table.to_pylist() if (r["item"], r["relation"]) == asked]
    query = recommender.query(asked[0])
    best = recommender.recommend(query, asked[1], n=2)
    assert [row["recommended"] for row in rows] == [ids[candidate.row] for candidate in best]
    question = Question(query, asked[1], method=recommended(True))
    maps = Explainer(recommender).relevance(question, [candidate.row for candidate in best])
    for row, one in zip(rows, maps, strict=True):
        assert one.right is not None
        assert row["logit"] == one.logit and row["pixels"] == one.ledger.features
        for name, pixels in (("item_cells", one.left), ("recommended_cells", one.right)):
            cells = pooled(pixels, GRID).ravel().astype(np.float32)
            np.testing.assert_array_equal(np.array(row[name], np.float32), cells)
        assert row["pixels"] + row["bias"] + row["epsilon"] == pytest.approx(row["score"], rel=1e-3)


def test_a_run_opens_as_the_page_shows_it(small_run: Run) -> None:
    from relrec_core.products.explanation import batch

    found = batch.opened(Path(small_run.path), {})
    assert found.top == 3 and found.about["method"] == recommended(True).model_dump(mode="json")
