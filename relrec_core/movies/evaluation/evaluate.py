"""The paper's tables and curves as data frames (Fusco et al. 2019, section 5), and their store."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from relrec_core import permission
from relrec_core.errors import ConfigError
from relrec_core.evaluation import tables
from relrec_core.evaluation.cells import Cell
from relrec_core.evaluation.tables import StoredTable
from relrec_core.movies import store
from relrec_core.movies.evaluation import curves
from relrec_core.movies.evaluation.baselines.peers import BUDGET, PEERS, settings
from relrec_core.movies.evaluation.cold_start import cold_start_table, short_history_table
from relrec_core.movies.evaluation.counterfactuals import counterfactuals_table
from relrec_core.movies.evaluation.curves import Table
from relrec_core.movies.evaluation.directions import base_table, directions_table
from relrec_core.movies.evaluation.study import Study, over_seeds, training_code
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
        "epochs": model.card["epochs"],
    }


TABLES: dict[str, Callable[[Study], Table]] = {
    "recall": recall_table,
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
    "experts": hits_table,
    "deciders": deciders_table,
}
"""Name -> how it is measured."""


def stored_name(table: str, dataset: str, quick: bool = False) -> str:
    """Under what name a table of a data set is stored."""
    plain = re.sub(r"[^a-z0-9]+", "-", dataset.lower()).strip("-")
    return f"{table}-{plain}" + ("-quick" if quick else "")


def evaluate(table: str, study: Study) -> StoredTable:
    """Measure a table and store it under `<table>-<data set>`.

    Raises:
        ConfigError: there is no such table.
        DataError: the data set is missing or malformed.
        Cancelled: stopped by Ctrl-C or SIGTERM; what was computed is kept.
    """
    if table not in TABLES:
        raise ConfigError(f"There is no table '{table}'; the tables are {', '.join(TABLES)}.")
    permission.require_writable("store an evaluation")
    started = time.perf_counter()
    result = TABLES[table](study)
    conditions = _conditions(study) | result.notes
    conditions["seconds"] = round(time.perf_counter() - started, 1)
    name = stored_name(table, study.data.name, study.quick)
    return tables.store(store.WING, name, result.frame, conditions)


def _conditions(study: Study) -> dict[str, Any]:
    data = study.data
    varied = {"dataset", "seed", "split_seed", "attributes", "hidden", "device", "threads"}
    config = study.config(study.seeds[0], attributes=True, layer=True)
    return {
        "data": {
            "name": data.name,
            "title": data.title,
            "content_hash": data.content_hash,
            "licence": data.licence,
            "viewers": len(data.users),
            "films": len(data.items),
            "ratings": len(data.ratings),
        },
        "split": "movies rated 3 or better, per user 60 % training, 20 % development, 20 % test",
        "seeds": list(study.seeds),
        "quick": study.quick,
        "settings": config.model_dump(exclude=varied) | {"hidden of the layer": config.hidden},
        "training_code": training_code(),
    }
