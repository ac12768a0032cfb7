"""RecoNet without attributes from the factors of the ratings, and joined with one from random."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from relrec_core.evaluation.cells import Cell
from relrec_core.evaluation.measure import Table
from relrec_core.movies.evaluation.study import Study, over_seeds
from relrec_core.movies.evaluation.tuning import TOP
from relrec_core.movies.model.metrics import recall
from relrec_core.movies.model.weights import Weights

NAME, JOINED = "RecoNet, start from factors", "RecoNet, both starts joined"
GENTLY: Mapping[str, Any] = {
    "start": "factors",
    "dim": 64,
    "learning_rate": 3e-4,
    "evaluate_every": 1,
    "epochs": 40,
}
"""What suits such a start; found on the development movies of MovieLens 100K, seed 0."""
RECIPES: Mapping[str, Mapping[str, Any]] = {
    "ml-1m": {"learning_rate": 1e-4, "dropout": 0.2, "averaging": 0.9, "ridge": 1.0}
}
"""And of those of MovieLens 1M, seed 0."""


def starts_table(study: Study) -> Table:
    """Recall@50 per user and pooled, rows like those of the table `recall`, on the same splits.

    Joined with it is the RecoNet from random weights whose row that table has.
    """
    gently = {**GENTLY, **RECIPES.get(study.data.name, {})}
    study.begin(2 * len(study.seeds))
    rows: list[Cell] = []
    for seed in study.seeds:
        model = study.trained(seed, attributes=False, more=gently)
        random = study.trained(seed, attributes=False)
        for name, weights, epochs in (
            (NAME, model.weights, model.card.epochs),
            (JOINED, Weights.joined([random.weights, model.weights]), random.card.epochs),
        ):
            scores = weights.logits_of_all(model.space.bags(model.parts.known))
            found = recall(scores, model.parts.known, model.parts.test, TOP)
            measured = {"macro": found.macro, "pooled": found.pooled, "epochs": epochs}
            rows.append({"method": name, "attributes": "without", "seed": seed, **measured})
            study.step(f"{name}, seed {seed}: {found.macro:.4f}")
    frame = pd.DataFrame(rows)
    measures = {"macro": "recall_50", "pooled": "pooled_recall_50"}
    table = over_seeds(frame, ["method", "attributes"], measures)
    notes = {
        "k": TOP,
        "chosen": {**gently, "on": "the development movies of seed 0"},
        "each": frame[["method", "seed", "macro", "pooled", "epochs"]].to_dict("records"),
    }
    return Table(table, notes)
