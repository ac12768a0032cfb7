"""The paper's tables and curves as data frames (Fusco et al. 2019, section 5), and their store."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pandas as pd

from relrec_core.evaluation.cells import Cell
from relrec_core.evaluation.measure import Table
from relrec_core.movies.evaluation import curves
from relrec_core.movies.evaluation.baselines.peers import BUDGET, PEERS, settings
from relrec_core.movies.evaluation.cold_start import cold_start_table, short_history_table
from relrec_core.movies.evaluation.counterfactuals import counterfactuals_table
from relrec_core.movies.evaluation.directions import base_table, directions_table
from relrec_core.movies.evaluation.fidelity.table import fidelity_table, own_fidelity_table
from relrec_core.movies.evaluation.linear_explanations import linear_table
from relrec_core.movies.evaluation.starts import starts_table
from relrec_core.movies.evaluation.study import Study, over_seeds
from relrec_core.movies.evaluation.tuning import TOP, WITH_ATTRIBUTES, peer_cell
from relrec_core.movies.experts.evaluation.evaluate import deciders_table, hits_table
from relrec_core.movies.model.metrics import recall

PAPER = {
    ("FM", "without"): 0.3130,
    ("FM", "with"): 0.3177,
    ("OCuLaR", "without"): 0.3763,
    ("CML", "without"): 0.3281,
    ("Item-item cosine", "without"): 0.2960,
    ("User-user cosine", "without"): 0.2657,
    ("RecoNet", "with"): 0.3508,
    ("RecoNet", "without"): 0.3294,
    ("RecoNet + Layer", "with"): 0.3186,
    ("RecoNet + Layer", "without"): 0.3248,
}
"""Table 1 of the paper, MovieLens 1M; it does not say which of the two averages it takes."""

MODELS = (("RecoNet", False), ("RecoNet + Layer", True))
METHODS = (*((name, False) for name in PEERS), *((name, True) for name in WITH_ATTRIBUTES))
"""The peers, without and with attributes."""
QUICK_METHODS = (("Popularity", False), ("Item-item cosine", False), ("ALS", False))
"""Instead, to see that everything works."""


def recall_table(study: Study) -> Table:
    """Recall@50 of all methods on the same splits (the paper's Table 1).

    Mean over seeds with the standard deviation (of the sample; empty for one seed). `fit_seconds`
    of a peer is one fit; of RecoNet the whole training, search of the epochs included.
    """
    measured = QUICK_METHODS if study.quick else METHODS
    study.begin(len(study.seeds) * (len(measured) + 2 * len(MODELS)))
    rows: list[Cell] = []
    for seed in study.seeds:
        for name, attributes in measured:
            cell = peer_cell(study, seed, name, attributes=attributes)
            said = "with" if attributes else "without"
            rows.append({"method": name, "attributes": said, "seed": seed, **cell})
            study.step(f"{name} {said} attributes, seed {seed}: {cell['macro']:.4f}")
        for name, layer in MODELS:
            for attributes in (True, False):
                cell = _reconet(study, seed, attributes=attributes, layer=layer)
                said = "with" if attributes else "without"
                rows.append({"method": name, "attributes": said, "seed": seed, **cell})
                study.step(f"{name} {said} attributes, seed {seed}: {cell['macro']:.4f}")
    frame = pd.DataFrame(rows)
    measures = {"macro": "recall_50", "pooled": "pooled_recall_50"}
    table = over_seeds(frame, ["method", "attributes"], measures)
    groups = frame.groupby(["method", "attributes"], sort=False)
    for column in ("fit_seconds", "score_seconds", "viewers"):
        table[column] = groups[column].mean().to_numpy()
    published = study.data.name == "ml-1m"
    table["paper"] = [
        PAPER.get((m, a), np.nan) if published else np.nan
        for m, a in zip(table["method"], table["attributes"], strict=True)
    ]
    columns = ("method", "attributes", "seed", "chosen", "dev")
    chosen = [{k: r[k] for k in columns} for r in rows if "chosen" in r]
    notes = {
        "k": TOP,
        "peers": f"{BUDGET} candidates for each but popularity, chosen among by recall@50 on the "
        "development movies, then refitted on training and development movies; which six was "
        "settled beforehand by trials on the development movies of MovieLens 100K, seed 0",
        "candidates": {name: [settings(c) for c in cs] for name, cs in PEERS.items()},
        "chosen": chosen,
        "models": "settings fixed in advance; epochs chosen on the development movies, then "
        "refitted on training and development movies",
        "epochs": [
            {k: r[k] for k in ("method", "attributes", "seed", "epochs")}
            for r in rows
            if "epochs" in r
        ],
    }
    return Table(table, notes)


def _reconet(study: Study, seed: int, *, attributes: bool, layer: bool) -> Cell:
    model = study.trained(seed, attributes=attributes, layer=layer)
    bags = model.space.bags(model.parts.known)
    started = time.perf_counter()
    scores = model.weights.logits_of_all(bags)
    seconds = time.perf_counter() - started
    found = recall(scores, model.parts.known, model.parts.test, TOP)
    return {
        "macro": found.macro,
        "pooled": found.pooled,
        "viewers": found.viewers,
        "fit_seconds": model.seconds,
        "score_seconds": seconds,
        "epochs": model.card.epochs,
    }


TABLES: dict[str, Callable[[Study], Table]] = {
    "recall": recall_table,
    "starts": starts_table,
    "short-history": short_history_table,
    "cold-start": cold_start_table,
    "deletion": curves.deletion_table,
    "distribution": curves.distribution_table,
    "significance": curves.significance_table,
    "lime": curves.lime_table,
    "agreement": curves.agreement_table,
    "directions": directions_table,
    "base": base_table,
    "counterfactuals": counterfactuals_table,
    "linear": linear_table,
    "fidelity": fidelity_table,
    "own-fidelity": own_fidelity_table,
    "experts": hits_table,
    "deciders": deciders_table,
}
"""Name -> how it is measured."""
