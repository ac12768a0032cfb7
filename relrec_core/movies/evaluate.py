"""The paper's tables and curves as data frames (Fusco et al. 2019, section 5), and their store."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from relrec_core.errors import ConfigError
from relrec_core.movies import curves, store
from relrec_core.movies.curves import Table
from relrec_core.movies.experts.evaluate import deciders_table, hits_table
from relrec_core.movies.metrics import recall
from relrec_core.movies.peers import PEERS, Peer, settings
from relrec_core.movies.split import Split
from relrec_core.movies.study import Study, training_code
from relrec_core.runs import permission, tables
from relrec_core.runs.cells import Cell
from relrec_core.runs.tables import StoredTable

TOP = 50
PAPER = {
    ("Item-item cosine", "without"): 0.2960,
    ("User-user cosine", "without"): 0.2657,
    ("RecoNet", "with"): 0.3508,
    ("RecoNet", "without"): 0.3294,
    ("RecoNet + Layer", "with"): 0.3186,
    ("RecoNet + Layer", "without"): 0.3248,
}
"""Table 1 of the paper, MovieLens 1M; it does not say which of the two averages it takes."""

MODELS = (("RecoNet", False), ("RecoNet + Layer", True))
SHORT = (0, 1, 3, 5, 10)
DRAWS = 5


def recall_table(study: Study, models: Sequence[tuple[str, bool]] = MODELS) -> Table:
    """Recall@50 of all methods on the same splits (the paper's Table 1).

    Mean over seeds with the standard deviation (of the sample; empty for one seed). `fit_seconds`
    of a peer is one fit; of RecoNet the whole training, search of the epochs included.
    """
    study.begin(len(study.seeds) * (len(PEERS) + 2 * len(models)))
    cells = study.cells("recall")
    rows: list[Cell] = []
    for seed in study.seeds:
        parts = study.parts(seed)
        for name, candidates in PEERS.items():
            asked = [settings(c) for c in candidates]
            key = study.key(seed, method=name, candidates=asked)
            cell = cells.get(key, partial(_peer, candidates, parts))
            rows.append({"method": name, "attributes": "without", "seed": seed, **cell})
            study.step(f"{name}, seed {seed}: {cell['macro']:.4f}")
        for name, layer in models:
            for attributes in (True, False):
                cell = _reconet(study, seed, attributes=attributes, layer=layer)
                said = "with" if attributes else "without"
                rows.append({"method": name, "attributes": said, "seed": seed, **cell})
                study.step(f"{name} {said} attributes, seed {seed}: {cell['macro']:.4f}")
    frame = pd.DataFrame(rows)
    measures = {"macro": "recall_50", "pooled": "pooled_recall_50"}
    table = _over_seeds(frame, ["method", "attributes"], measures)
    groups = frame.groupby(["method", "attributes"], sort=False)
    for column in ("fit_seconds", "score_seconds", "viewers"):
        table[column] = groups[column].mean().to_numpy()
    published = study.data.name == "ml-1m"
    table["paper"] = [
        PAPER.get((m, a), np.nan) if published else np.nan
        for m, a in zip(table["method"], table["attributes"], strict=True)
    ]
    chosen = [{k: r[k] for k in ("method", "seed", "chosen", "dev")} for r in rows if "chosen" in r]
    notes = {
        "k": TOP,
        "peers": "fitted without attributes; hyperparameters chosen among the candidates by "
        "recall@50 on the development films, then refitted on training and development films",
        "candidates": {name: [settings(c) for c in cs] for name, cs in PEERS.items()},
        "chosen": chosen,
        "models": "settings fixed in advance; epochs chosen on the development films, then "
        "refitted on training and development films",
        "epochs": [
            {k: r[k] for k in ("method", "attributes", "seed", "epochs")}
            for r in rows
            if "epochs" in r
        ],
    }
    return Table(table, notes)


def _peer(candidates: Sequence[Peer], parts: Split) -> Cell:
    dev = [recall(c.fit(parts.train)(), parts.train, parts.dev, TOP).macro for c in candidates]
    peer = candidates[int(np.argmax(dev))]
    started = time.perf_counter()
    score = peer.fit(parts.known)
    fitted = time.perf_counter()
    scores = score()
    scored = time.perf_counter()
    found = recall(scores, parts.known, parts.test, TOP)
    return {
        "macro": found.macro,
        "pooled": found.pooled,
        "viewers": found.viewers,
        "fit_seconds": fitted - started,
        "score_seconds": scored - fitted,
        "chosen": settings(peer),
        "dev": max(dev),
    }


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
        "fit_seconds": model.card["training_seconds"],
        "score_seconds": seconds,
        "epochs": model.card["epochs"],
    }


def short_history_table(study: Study) -> Table:
    """Recall@50 when only k films of a viewer are known, and from attributes alone (k = 0).

    The model is the usual one. The profile holds k films drawn from the viewer's known ones
    (all, if there are fewer), their attributes and the viewer's own. `recall_50` ranks all films
    but those k; `recall_50_unseen` also leaves out the known films that the profile lacks.
    """
    study.begin(2 * len(study.seeds))
    rows: list[Cell] = []
    for seed in study.seeds:
        for attributes in (True, False):
            model = study.trained(seed, attributes=attributes)
            known, test = model.parts.known, model.parts.test
            for k in SHORT if attributes else SHORT[1:]:
                for draw in range(DRAWS):
                    films = sample_films(known, k, seed=(seed, draw))
                    scores = model.weights.logits_of_all(model.space.bags(films))
                    rows.append(
                        {
                            "known_films": k,
                            "attributes": "with" if attributes else "without",
                            "seed": seed,
                            "recall_50": recall(scores, films, test, TOP).macro,
                            "recall_50_unseen": recall(scores, known, test, TOP).macro,
                        }
                    )
            study.step(f"Short histories {rows[-1]['attributes']} attributes, seed {seed}")
    by = ["known_films", "attributes"]
    drawn = pd.DataFrame(rows).groupby([*by, "seed"], as_index=False).mean()
    measures = {name: name for name in ("recall_50", "recall_50_unseen")}
    return Table(
        _over_seeds(drawn, by, measures),
        {"k": TOP, "draws_per_seed": DRAWS, "average": "over viewers, draws and seeds"},
    )


def sample_films(liked: sparse.csr_matrix, k: int, seed: Sequence[int]) -> sparse.csr_matrix:
    """At most k films of each viewer (B, V), at random; with one seed, fewer are part of more."""
    counts = np.diff(liked.indptr)
    users = np.repeat(np.arange(liked.shape[0]), counts)
    order = np.lexsort((np.random.default_rng(seed).random(liked.nnz), users))
    rank = np.arange(liked.nnz) - liked.indptr[:-1][users]
    taken = rank < k
    ones = np.ones(int(taken.sum()), dtype=np.float32)
    return sparse.csr_matrix((ones, (users[taken], liked.indices[order][taken])), shape=liked.shape)


def _over_seeds(frame: pd.DataFrame, by: list[str], measures: dict[str, str]) -> pd.DataFrame:
    groups = frame.groupby(by, sort=False)
    table = groups.size().rename("seeds").reset_index()
    for column, name in measures.items():
        table[name] = groups[column].mean().to_numpy()
        table[f"{name}_sd"] = groups[column].std().to_numpy()
    return table


TABLES: dict[str, Callable[[Study], Table]] = {
    "recall": recall_table,
    "recall-plain": partial(recall_table, models=MODELS[:1]),
    "short-history": short_history_table,
    "deletion": curves.deletion_table,
    "distribution": curves.distribution_table,
    "significance": curves.significance_table,
    "lime": curves.lime_table,
    "agreement": curves.agreement_table,
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
        "split": "films rated 3 or better, per viewer 60 % training, 20 % development, 20 % test",
        "seeds": list(study.seeds),
        "quick": study.quick,
        "settings": config.model_dump(exclude=varied) | {"hidden of the layer": config.hidden},
        "training_code": training_code(),
    }
