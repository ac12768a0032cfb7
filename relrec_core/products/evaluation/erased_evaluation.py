"""With its planted emblem erased, does the network see another one in a product?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from relrec_core.products.data.catalogue import ITEM
from relrec_core.products.evaluation.study import Study
from relrec_core.products.explanation.erasure import seen_of
from relrec_core.products.explanation.result import GRID
from relrec_core.products.explanation.sentences import HALF
from relrec_core.products.model.ranking import Recommender
from relrec_core.products.studio import ground_truth
from relrec_core.products.studio.ground_truth import CAUSES, EMBLEM, Truth

FIRST = 10
"""Length of the list."""

Doubles = npt.NDArray[np.float64]


def erased_rows(study: Study) -> pd.DataFrame:
    """Which emblems the first ten carry once a product's own is erased, by relation and emblem.

    Every product of the shown studio, in the relations that emblems cause; the emblem's grid cells
    are blurred as the deletion test blurs them, and the catalogue is ranked again.
    """
    seed = study.seeds[0]
    network = study.mapped(seed)
    of = network.recommender
    planted = ground_truth.load(of.catalogue.folder)
    cells, rows = study.cells("erased", __name__), []
    relations = [name for name in of.relations if CAUSES[name] == EMBLEM]
    study.begin(len(relations))
    for relation in relations:
        key = study.map_key(network, seed, relation=relation)
        rows += cells.get(key, partial(_measured, of, planted, relation))["rows"]
        study.step(relation)
    return pd.DataFrame(rows)


def emblem_cells(planted: Truth, item: str) -> npt.NDArray[np.bool_]:
    """(GRID, GRID) True where any pixel of the grid cell shows the item's emblem."""
    (caused, *_) = (name for name, cause in CAUSES.items() if cause == EMBLEM)
    mask = planted.cause_mask(item, caused)
    down, across = np.nonzero(mask)
    cells = np.zeros((GRID, GRID), dtype=np.bool_)
    cells[down * GRID // len(mask), across * GRID // len(mask)] = True
    return cells


def _measured(of: Recommender, planted: Truth, relation: str) -> dict[str, Any]:
    return {"rows": seen_instead(of, planted, relation)}


@dataclass(frozen=True)
class _Counts:
    """By erased emblem, over the products that carried it; (E, E): by emblem that is then listed.

    `products` (E,), `none` (E,): with nothing among the first that is called related; `listed`,
    `related`: of the first, and those of them that are called related; `whole`: likewise, of the
    products as they are; `ranked`: the share of the ranked products, summed over those asked about.
    """

    products: Doubles
    none: Doubles
    listed: Doubles
    related: Doubles
    whole: Doubles
    ranked: Doubles


def seen_instead(of: Recommender, planted: Truth, relation: str) -> list[dict[str, Any]]:
    """Rows of each emblem: as the one that is erased, and as the one that is seen instead.

    `products` is how many carried it, and `none` how often nothing among the first is called
    related once it is erased. After another emblem was erased it is carried by the shares `listed`
    of the first, and `related` of the first that are called related besides; by `whole` of them
    while nothing was erased. `most` is the largest `related` after one particular emblem, `after`,
    was erased. `chance` is its share of the ranked products.
    """
    items = of.catalogue.items[ITEM].to_numpy(str)
    carried = planted.attributes.loc[items, EMBLEM].to_numpy(str)
    names, number = np.unique(carried, return_inverse=True)
    counts = _counted(of, planted, relation, number)
    rows = []
    for emblem, name in enumerate(names.tolist()):
        others = np.arange(len(names)) != emblem
        asked = counts.products[others].sum()
        alone = counts.related[:, emblem] / (FIRST * counts.products)
        after = int(np.argmax(np.where(others, alone, -1)))
        shares = {
            title: float(of_all[others, emblem].sum() / (FIRST * asked))
            for title, of_all in (
                ("listed", counts.listed),
                ("related", counts.related),
                ("whole", counts.whole),
            )
        }
        rows.append(
            {"relation": relation, "emblem": name, "products": int(counts.products[emblem])}
            | {"none": float(counts.none[emblem] / counts.products[emblem])}
            | shares
            | {"most": float(alone[after]), "after": str(names[after])}
            | {"chance": float(counts.ranked[others, emblem].sum() / asked)}
        )
    return rows


def _counted(
    of: Recommender, planted: Truth, relation: str, number: npt.NDArray[np.int64]
) -> _Counts:
    """Over all products.

    Args:
        of: what recommends.
        planted: which pixels show the emblem.
        relation: that emblems cause.
        number: (N,) of each product's emblem.
    """
    size = int(number.max()) + 1
    counts = _Counts(*np.zeros((2, size)), *np.zeros((4, size, size)))
    for row in range(len(number)):
        query, own = of.query_at(row), number[row]
        kept = ~emblem_cells(planted, str(of.catalogue.items[ITEM].iloc[row])).reshape(1, -1)
        without = seen_of(of, query.picture, query.features, kept)
        first = of.recommend(query, relation, n=FIRST, features=without)
        counts.products[own] += 1
        counts.none[own] += all(each.probability < HALF for each in first)
        for each in first:
            counts.listed[own, number[each.row]] += 1
            counts.related[own, number[each.row]] += each.probability >= HALF
        for each in of.recommend(query, relation, n=FIRST):
            counts.whole[own, number[each.row]] += each.probability >= HALF
        among = of.among(query, relation, None)
        ranked = np.bincount(number if among is None else number[among], minlength=size)
        ranked = ranked.astype(np.float64)
        if among is None or row in among:
            ranked[own] -= 1
        counts.ranked[own] += ranked / ranked.sum()
    return counts
