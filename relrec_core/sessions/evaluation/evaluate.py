"""The paper's tables and figures of sessions as data frames (Afchar and Hennequin 2020, 4.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from relrec_core.evaluation.measure import Table
from relrec_core.experts import toy
from relrec_core.experts.attribution import Doubles
from relrec_core.experts.subsets import Family
from relrec_core.sessions.evaluation.audits import audit_table
from relrec_core.sessions.evaluation.causes import cause_table, known_truth_table
from relrec_core.sessions.evaluation.directions import direction_table
from relrec_core.sessions.evaluation.elsewhere import elsewhere_table
from relrec_core.sessions.evaluation.flips import flip_table
from relrec_core.sessions.evaluation.study import CONTROL, EXPERTS, Study, family_of
from relrec_core.sessions.training.scoring import Judged, Scored, everything
from relrec_core.sessions.training.train import TITLES

Bools = npt.NDArray[np.bool_]
LAST, MEAN = "last baseline", "mean baseline"
PAPER = {
    LAST: (0.630, 0.742, 0.543),
    MEAN: (0.617, 0.663, 0.517),
    TITLES[CONTROL]: (0.722, 0.800, 0.628),
    TITLES[EXPERTS]: (0.709, 0.788, 0.611),
}
"""Table 2 of the paper: accuracy, Acc@1 and MAA on Spotify's data, which is not ours."""

DRAWN, QUICK_DRAWN = 800, 20
"""Points of each toy task in the figure."""


def accuracy_table(study: Study) -> Table:
    """Accuracy, Acc@1 and MAA on the test sessions (the paper's table 2); mean over seeds.

    Where there are few sessions, the baselines are scored on all of them too.
    """
    study.begin(len(study.seeds) * len(TITLES))
    rows = []
    for seed in study.seeds:
        for model, title in TITLES.items():
            found = study.trained(seed, model)
            test = found.test
            more: dict[str, Any] = {"parameters": found.predictor.parameters}
            more["epochs"] = found.card.epochs
            more["training_seconds"] = found.seconds
            rows.append({"method": title, **_scores(test, test.prediction.probability), **more})
            study.step(f"{title}, seed {seed}: {rows[-1]['accuracy']:.4f}")
    test = study.trained(study.seeds[0], EXPERTS).test
    said: list[tuple[str, Scored, Doubles]] = [(LAST, test, test.last), (MEAN, test, test.mean)]
    if study.few:
        every = everything(study.source)
        said += [(f"{LAST}, all sessions", every, every.last)]
        said += [(f"{MEAN}, all sessions", every, every.mean)]
    rows = [{"method": n, **_scores(judged, p)} for n, judged, p in said] + rows
    groups = pd.DataFrame(rows).groupby("method", sort=False)
    frame = groups.mean().reset_index()
    for name in ("accuracy", "first", "maa"):
        frame[f"{name}_sd"] = groups[name].std().to_numpy()
    published = [PAPER.get(method, (np.nan,) * 3) for method in frame["method"]]
    for i, name in enumerate(("accuracy", "first", "maa")):
        frame[f"paper_{name}"] = [numbers[i] for numbers in published]
    return Table(frame, {"paper": "Spotify's own data, of another kind and 160 million sessions"})


def position_table(study: Study) -> Table:
    """Accuracy at each place of B; mean over seeds."""
    study.begin(2 * len(study.seeds))
    rows = []
    for seed in study.seeds:
        for model in (EXPERTS, CONTROL):
            test = study.trained(seed, model).test
            rows.append(_by_position(TITLES[model], test, test.prediction.probability))
            study.step(f"{TITLES[model]}, seed {seed}")
    rows += [_by_position(LAST, test, test.last), _by_position(MEAN, test, test.mean)]
    frame = pd.concat(rows).groupby(["method", "position"], sort=False).mean().reset_index()
    return Table(frame, {"position": "1 is the first track to be predicted"})


def attribution_table(study: Study) -> Table:
    """Who decides (the paper's figure 8), over all tracks and at each place of B.

    `mean_attribution` averages the shares, `top` is the share of tracks, `top_of_skips` of
    skipped tracks, at which the expert has the largest share; mean over seeds.
    """
    study.begin(len(study.seeds))
    rows = []
    for seed in study.seeds:
        found = study.trained(seed, EXPERTS)
        test, family = found.test, family_of(found)
        everywhere = {"all": test.mask} | {
            str(place + 1): test.mask & (np.arange(test.mask.shape[1]) == place)
            for place in range(test.mask.shape[1])
        }
        for position, mask in everywhere.items():
            if mask.any():
                rows += _shares(position, test, mask, family)
        study.step(f"seed {seed}")
    frame = pd.DataFrame(rows).groupby(["position", "expert"], sort=False).mean().reset_index()
    return Table(frame, {"model": TITLES[EXPERTS]})


def toy_table(study: Study) -> Table:
    """The toy tasks, of which the attribution is known (sections 3.3.1 and 4.1, figure 5).

    `toy-points` are some new points of the first seed as the network sees them, for the figure.
    """
    study.begin(len(toy.CLUSTERS) * len(study.seeds))
    epochs = 1 if study.quick else toy.EPOCHS
    frame, drawn = toy.evaluate(study.seeds, epochs=epochs, tell=study.step)
    conditions = {
        "data": "points drawn from Gaussian clusters; see relrec_core/experts/toy.py",
        "seeds": list(study.seeds),
        "quick": study.quick,
        "settings": {"epochs": epochs, "batch": toy.BATCH, "first_step": toy.FIRST_STEP},
    }
    points = drawn.groupby("task").head(QUICK_DRAWN if study.quick else DRAWN).round(4)
    return Table(frame, {"near": toy.NEAR}, conditions, {"toy-points": points})


def _scores(test: Scored, probability: npt.ArrayLike) -> dict[str, float]:
    found = test.scores(probability)
    return {"accuracy": found.accuracy, "first": found.first, "maa": found.maa}


def _by_position(method: str, test: Judged, probability: npt.ArrayLike) -> pd.DataFrame:
    places = test.scores(probability).by_position
    tracks = test.mask.sum(axis=0)
    rows = {"position": range(1, len(places) + 1), "accuracy": places, "tracks": tracks}
    return pd.DataFrame({"method": method, **rows})


def _shares(position: str, test: Judged, mask: Bools, family: Family) -> list[dict[str, Any]]:
    skips = mask & test.skipped
    top, attribution = test.prediction.top, test.prediction.attribution
    return [
        {
            "position": position,
            "expert": name,
            "mean_attribution": attribution[mask][:, i].mean(),
            "top": (top[mask] == i).mean(),
            "top_of_skips": (top[skips] == i).mean() if skips.any() else np.nan,
            "tracks": mask.sum(),
        }
        for i, name in enumerate(family.names)
    ]


TABLES: dict[str, Callable[[Study], Table]] = {
    "accuracy": accuracy_table,
    "position": position_table,
    "attribution": attribution_table,
    "known-truth": known_truth_table,
    "causes": cause_table,
    "audit": audit_table,
    "flips": flip_table,
    "elsewhere": elsewhere_table,
    "directions": direction_table,
    "toy": toy_table,
}
"""Name -> how it is measured."""
