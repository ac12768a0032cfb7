"""Why every product's best products: maps of both pictures by cells, as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import JsonValue

from relrec_core.batch.dataset import CONFIRMED, field, origin
from relrec_core.products import store
from relrec_core.products.data.catalogue import ITEM, TITLE
from relrec_core.products.explanation.explain import Explainer, Question
from relrec_core.products.explanation.result import GRID, Method, pooled, recommended
from relrec_core.products.model.ranking import Recommender
from relrec_core.runs.directory import Run

PART = 16
"""Products in a part."""
CELLS = pa.list_(pa.float32(), GRID * GRID)
SCHEMA = pa.schema(
    [
        field("item", pa.string(), "id of the product that was looked at"),
        field("relation", pa.string(), "the relation that was asked for"),
        field("rank", pa.int32(), "place among the products that may be recommended, from 1"),
        field("recommended", pa.string(), "id of the recommended product"),
        field("title", pa.string(), "its title"),
        field("logit", pa.float64(), "of the two being related"),
        field("probability", pa.float64(), "sigmoid of the logit"),
        field("score", pa.float64(), "what is explained: pixels + categories + bias + epsilon"),
        field("pixels", pa.float64(), "sum of the relevance of all pixels, before any focusing"),
        field("categories", pa.float64(), "what the categories of both add, where they count"),
        field("bias", pa.float64(), "what bias terms took"),
        field("epsilon", pa.float64(), "what the stabiliser took"),
        field(
            "item_cells",
            CELLS,
            f"relevance of the cells of the picture looked at, {GRID} x {GRID}, by rows",
        ),
        field("recommended_cells", CELLS, "the same of the recommended product's picture"),
        CONFIRMED,
    ]
)


def opened(run: Path, options: Mapping[str, JsonValue]) -> ProductBatch:
    """A run's network on its catalogue, explained as the page does at first.

    Args:
        run: its folder.
        options: `top` recommendations of each product and relation (3), `audit` (False).
    """
    found = Run.open(run)
    top, audit = int(str(options.get("top", 3))), bool(options.get("audit"))
    return ProductBatch(found, store.recommender(found), top, audit)


@dataclass(frozen=True, eq=False)
class ProductBatch:
    """All products of a catalogue with all relations, in parts."""

    run: Run
    recommender: Recommender
    top: int
    audit: bool = False

    schema = SCHEMA
    unit = "products"

    @property
    def about(self) -> dict[str, JsonValue]:
        """Hashes of model and data, and how the maps are made."""
        of = self.recommender.catalogue
        said = origin(self.run, of.title, of.content_hash, of.licence)
        return {**said, "method": self._method.model_dump(mode="json")}

    @property
    def _method(self) -> Method:
        return recommended(self.recommender.catalogue.rendered)

    @property
    def sizes(self) -> list[int]:
        """Products of each part."""
        n = len(self.recommender.catalogue.items)
        return [min(PART, n - start) for start in range(0, n, PART)]

    def table(self, part: int) -> pa.Table:
        """The rows of one part."""
        first = part * PART
        rows = [
            found
            for row in range(first, first + self.sizes[part])
            for relation in self.recommender.relations
            for found in self._recommended(row, relation)
        ]
        return pa.Table.from_pylist(rows, schema=SCHEMA)

    def _recommended(self, row: int, relation: str) -> list[dict[str, Any]]:
        of, items = self.recommender, self.recommender.catalogue.items
        query = of.query_at(row)
        best = of.recommend(query, relation, n=self.top)
        if not best:
            return []
        question = Question(query, relation, method=self._method)
        explainer = Explainer(of)
        found = explainer.relevance(question, [candidate.row for candidate in best])
        return [
            {
                "item": str(items[ITEM].iloc[row]),
                "relation": relation,
                "rank": rank,
                "recommended": str(items[ITEM].iloc[maps.row]),
                "title": str(items[TITLE].iloc[maps.row]),
                "logit": maps.logit,
                "probability": float(1 / (1 + np.exp(-maps.logit))),
                "score": maps.ledger.score,
                "pixels": maps.ledger.features,
                "categories": maps.ledger.base,
                "bias": maps.ledger.bias,
                "epsilon": maps.ledger.epsilon,
                "item_cells": pooled(maps.left, GRID).ravel(),
                "recommended_cells": None
                if maps.right is None
                else pooled(maps.right, GRID).ravel(),
                "confirmed": explainer.explain(question, maps).audit.deletion.confirmed
                if self.audit
                else None,
            }
            for rank, maps in enumerate(found, start=1)
        ]
