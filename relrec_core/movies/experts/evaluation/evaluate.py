"""Table 1 and figure 6 of Afchar and Hennequin 2020, section 4.2, beside other recommenders."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from relrec_core.evaluation.cells import Cell
from relrec_core.evaluation.measure import Table
from relrec_core.movies.evaluation.baselines.peers import PEERS, Peer
from relrec_core.movies.evaluation.baselines.peers import settings as peer_settings
from relrec_core.movies.evaluation.study import Study, over_seeds
from relrec_core.movies.experts.data.holdout import NEGATIVES, Cases, holdout
from relrec_core.movies.experts.data.inputs import EXPERTS
from relrec_core.movies.experts.evaluation import baselines
from relrec_core.movies.experts.evaluation.study import settings, trained, training_code
from relrec_core.movies.experts.model.ranking import TOP, ranking
from relrec_core.movies.experts.training.train import TITLES

COMPARED: dict[str, tuple[Peer, ...]] = {
    "Popularity": PEERS["Popularity"],
    "EASE": PEERS["EASE"],
    "ALS": PEERS["ALS"],
}
"""Name -> candidates among which the validation films choose."""

MODELS = ("content", "control", "experts")
PAPER = {
    TITLES["content"]: (0.386, 0.218),
    TITLES["control"]: (0.715, 0.438),
    TITLES["experts"]: (0.678, 0.406),
}
"""HR@10 and NDCG@10 of the paper's Table 1, MovieLens 1M."""


def hits_table(study: Study) -> Table:
    """HR@10 and NDCG@10 of all methods on the same held-out films (the paper's Table 1).

    Mean over seeds with the standard deviation (of the sample; empty for one seed).
    """
    study.begin(len(study.seeds) * (len(COMPARED) + len(MODELS)))
    cells = study.cells("experts", baselines.__name__)
    rows: list[Cell] = []
    for seed in study.seeds:
        parts = holdout(study.data, seed)
        for name, candidates in COMPARED.items():
            asked = [peer_settings(c) for c in candidates]
            key = study.key(seed, method=name, candidates=asked, ratings=parts.known.nnz)
            cell = cells.get(key, partial(baselines.measured, candidates, parts))
            rows.append({"method": name, "seed": seed, **cell})
            study.step(f"{name}, seed {seed}: HR@{TOP} {cell['hit_rate']:.4f}")
        for model in MODELS:
            cell = _network(study, seed, model, parts.cases("test"))
            rows.append({"method": TITLES[model], "seed": seed, **cell})
            study.step(f"{TITLES[model]}, seed {seed}: HR@{TOP} {cell['hit_rate']:.4f}")
    frame = pd.DataFrame(rows)
    measures = {"hit_rate": f"hit_rate_{TOP}", "ndcg": f"ndcg_{TOP}"}
    table = over_seeds(frame, ["method"], measures)
    control = table.loc[table["method"] == TITLES["control"], f"hit_rate_{TOP}"].item()
    table["hit_rate_of_control"] = table[f"hit_rate_{TOP}"] / control
    groups = frame.groupby("method", sort=False)
    for column in ("parameters", "fit_seconds", "cases"):
        table[column] = groups[column].mean().to_numpy()
    published = PAPER if study.data.name == "ml-1m" else {}
    nothing = (np.nan, np.nan)
    for i, name in enumerate(measures.values()):
        table[f"paper_{name}"] = [published.get(m, nothing)[i] for m in table["method"]]
    chosen = [{k: r[k] for k in ("method", "seed", "chosen")} for r in rows if "chosen" in r]
    notes = {
        "peers": "without attributes; hyperparameters chosen among the candidates by "
        f"NDCG@{TOP} on the validation movies, then refitted with these movies",
        "candidates": {
            n: [peer_settings(c) for c in candidates] for n, candidates in COMPARED.items()
        },
        "chosen": chosen,
        "epochs": [{k: r[k] for k in ("method", "seed", "epochs")} for r in rows if "epochs" in r],
    }
    return Table(table, _notes(study) | notes)


def deciders_table(study: Study) -> Table:
    """Who decides about the held-out test films (the paper's figure 6), and how good each is.

    `mean_share` is the mean attribution and `top_share` how often the expert has the largest;
    `alone_hit_rate_10` ranks by that expert's own prediction.
    """
    study.begin(len(study.seeds))
    rows: list[Cell] = []
    for seed in study.seeds:
        cases = holdout(study.data, seed).cases("test")
        predictor = trained(study, seed, "experts").predictor
        judged = predictor.judge(cases.viewers, baselines.real(cases))
        for i, name in enumerate(EXPERTS):
            rows.append(
                {
                    "expert": name,
                    "seed": seed,
                    "mean": float(judged.attribution[:, 0, i].mean()),
                    "top": float((judged.top[:, 0] == i).mean()),
                    "alone": ranking(judged.experts[..., i], cases).hit_rate,
                }
            )
        study.step(f"Who decides, seed {seed}")
    measures = {"mean": "mean_share", "top": "top_share", "alone": f"alone_hit_rate_{TOP}"}
    table = over_seeds(pd.DataFrame(rows), ["expert"], measures)
    table.insert(1, "reads", [" + ".join(EXPERTS[name]) for name in table["expert"]])
    return Table(table, _notes(study))


def _network(study: Study, seed: int, model: str, cases: Cases) -> Cell:
    found = trained(study, seed, model)
    result = ranking(found.predictor.scores(cases), cases)
    return {
        "hit_rate": result.hit_rate,
        "ndcg": result.ndcg,
        "cases": result.cases,
        "parameters": found.predictor.parameters,
        "fit_seconds": found.seconds,
        "epochs": found.card.epochs,
    }


def _notes(study: Study) -> dict[str, Any]:
    """Conditions that differ from those of RecoNet's tables."""
    varied = {"dataset", "seed", "split_seed", "model", "device", "threads"}
    return {
        "split": f"leave-one-out: each user's latest movie among {NEGATIVES} movies never rated, "
        "the second-latest for validation; any rating counts",
        "settings": settings(study, study.seeds[0], "experts").model_dump(exclude=varied),
        "models": "taste starts from the factors of ALS; epochs chosen on the validation movies, "
        "then one epoch with these movies",
        "training_code": training_code(),
    }
