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
    "side": 48,
    "dim": 8,
    "warm_epochs": 6,
    "epochs": 8,
    "learning_rate": 3e-4,
}
LISTED, MOST = 3, 160
CATALOGUES, QUICK_CATALOGUES = (11, 12, 13), (11,)
"""Seeds of the watermarked catalogues; the way to group maps was chosen on another one."""


def strategy_table(study: Study) -> Table:
    """The groups of a network that learned a watermark: who is in them, and what erasing does.

    One row a catalogue and group, of the marked kind's recommendations and of all; besides, what of
    the first recommendations for marked products is marked, with the watermark and with its cells
    blurred.
    """
    seeds = QUICK_CATALOGUES if study.quick else CATALOGUES
    study.begin(3 * len(seeds))
    cards, rows = [], []
    for seed in seeds:
        folder = watermarked.ensure(paths.data_dir() / f"{watermarked.NAME}-{seed}", seed)
        of = _trained(study, folder.name)
        study.step(f"A network that learned from watermarked products {seed}")
        marked, explainer = watermarked.marked(folder), Explainer(of)
        about: dict[str, float] = {"catalogue": seed}
        about |= {f"marked_listed{name}": value for name, value in _listed(of, marked).items()}
        for kind in (watermarked.MARKED_KIND, None):
            asked = Asked(watermarked.RELATION, recommended(rendered=True), kind, LISTED, MOST)
            rows += _rows(strategies(explainer, asked, seed=study.seeds[0]), marked, about)
            study.step(f"Strategies of {kind or 'all kinds'}")
        cards.append(catalogues.data_card(of.catalogue).model_dump())
    conditions = {
        "data": cards[0],
        "catalogues": [card["content_hash"] for card in cards],
        "seeds": [study.seeds[0]],
        "quick": study.quick,
        "settings": SETTINGS,
    }
    return Table(pd.DataFrame(rows), conditions=conditions)


def _trained(study: Study, name: str) -> Recommender:
    """A network that learned from this catalogue."""
    seed = study.seeds[0]
    chosen = {**SETTINGS, "dataset": name, "seed": seed, "split_seed": seed}
    if study.quick:
        chosen |= {"side": QUICK["side"], "warm_epochs": 1, "epochs": 1}
    settings, own = config.load(Config, None, chosen), Study(name, study.seeds, study.quick)
    said = settings.model_dump(exclude={"threads"})
    return store.recommender(own.run(settings, own.training_code, train, said))


def _rows(
    told: Strategies, marked: frozenset[str], about: dict[str, float]
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
        | about
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
