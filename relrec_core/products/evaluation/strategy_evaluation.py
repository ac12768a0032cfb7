"""Is a planted watermark found as a strategy of its own, and does the ranking follow it?"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from relrec_core import paths
from relrec_core.evaluation.measure import Table
from relrec_core.products import catalogues, store
from relrec_core.products.data.catalogue import ITEM
from relrec_core.products.evaluation.study import QUICK, Study
from relrec_core.products.explanation.erasure import seen_of
from relrec_core.products.explanation.explain import Explainer
from relrec_core.products.explanation.result import GRID, recommended
from relrec_core.products.explanation.strategies import Asked, strategies
from relrec_core.products.explanation.strategies_result import Strategies, Strategy
from relrec_core.products.model.ranking import Recommender
from relrec_core.products.studio import watermarked
from relrec_core.products.training.train import Config, train
from relrec_core.runs import config

SETTINGS: dict[str, Any] = {
    "dataset": watermarked.NAME,
    "side": 48,
    "dim": 8,
    "warm_epochs": 6,
    "epochs": 8,
    "learning_rate": 3e-4,
}
LISTED, MOST = 3, 160


def strategy_table(study: Study) -> Table:
    """The groups of a network that learned a watermark: who is in them, and what erasing does.

    One row a group, of the marked kind's recommendations and of all; besides, what of the first
    recommendations for marked products is marked, with the watermark and with its cells blurred.
    """
    seed = study.seeds[0]
    folder = watermarked.ensure(paths.data_dir() / watermarked.NAME)
    chosen = {**SETTINGS, "seed": seed, "split_seed": seed}
    if study.quick:
        chosen |= {"side": QUICK["side"], "warm_epochs": 1, "epochs": 1}
    settings = config.load(Config, None, chosen)
    study.begin(3)
    own = Study(watermarked.NAME, study.seeds, study.quick)
    run = own.run(settings, own.training_code, train, settings.model_dump(exclude={"threads"}))
    study.step("A network that learned from watermarked products")
    of, marked = store.recommender(run), watermarked.marked(folder)
    explainer, rows = Explainer(of), []
    listed = {f"marked_listed{name}": value for name, value in _listed(of, marked).items()}
    for kind in (watermarked.MARKED_KIND, None):
        asked = Asked(watermarked.RELATION, recommended(rendered=True), kind, LISTED, MOST)
        rows += _rows(strategies(explainer, asked, seed=seed), marked, listed)
        study.step(f"Strategies of {kind or 'all kinds'}")
    conditions = {
        "data": catalogues.data_card(of.catalogue).model_dump(),
        "seeds": [seed],
        "quick": study.quick,
        "settings": chosen,
        "accuracy": run.card().metrics,
    }
    return Table(pd.DataFrame(rows), conditions=conditions)


def _rows(
    told: Strategies, marked: frozenset[str], listed: dict[str, float]
) -> list[dict[str, Any]]:
    asked = sum(_carrying(s, marked) for s in told.strategies)
    return [
        {
            "kind": told.category or "all",
            "strategy": number,
            "recommendations": len(s.members),
            "where": s.where,
            "purity": _carrying(s, marked) / len(s.members),
            "of_marked": _carrying(s, marked) / asked if asked else float("nan"),
            "confirmed": bool(s.audit.confirmed),
            "displaced": s.displaced,
            "displaced_at_random": s.displaced_at_random,
        }
        | listed
        for number, s in enumerate(told.strategies, start=1)
    ]


def _carrying(strategy: Strategy, marked: frozenset[str]) -> int:
    return sum(member.query in marked for member in strategy.members)


def _listed(of: Recommender, marked: frozenset[str]) -> dict[str, float]:
    """Share of marked products among the first for marked ones: as they are, without the mark, and
    without as many cells of the opposite corner."""
    ids = of.catalogue.items[ITEM].astype(str).tolist()
    left, top, right, bottom = watermarked.CORNER
    here = np.zeros((GRID, GRID), dtype=np.bool_)
    down, across = (
        slice(int(first * GRID), int(np.ceil(last * GRID)))
        for first, last in ((top, bottom), (left, right))
    )
    here[down, across] = True
    kept = ~np.stack([np.zeros_like(here), here, here[::-1, ::-1]]).reshape(3, -1)
    shares = []
    for item in sorted(marked):
        query = of.query_at(ids.index(item))
        seen = seen_of(of, query.picture, query.features, kept)
        lists = (
            of.recommend(query, watermarked.RELATION, n=LISTED, features=x[None]) for x in seen
        )
        shares.append([np.mean([ids[c.row] in marked for c in found]) for found in lists])
    means = np.mean(shares, axis=0)
    return dict(zip(("", "_without_mark", "_without_others"), means.tolist(), strict=True))
