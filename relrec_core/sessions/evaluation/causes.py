"""How often the expert that decides is the one that reads the planted cause of a skip."""

from __future__ import annotations

import hashlib
import time
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from relrec_core.errors import ConfigError
from relrec_core.evaluation.measure import Table
from relrec_core.experts.attribution import Judgement
from relrec_core.experts.subsets import Family
from relrec_core.runs.card import DataCard
from relrec_core.runs.directory import Run
from relrec_core.sessions import store
from relrec_core.sessions.config import Config
from relrec_core.sessions.data.dataset import LICENCES
from relrec_core.sessions.data.encoding import Batch
from relrec_core.sessions.data.schema import GROUPS
from relrec_core.sessions.data.sessions import CAUSES, Bools, Bytes
from relrec_core.sessions.data.source import SessionSource
from relrec_core.sessions.evaluation.study import CONTROL, EXPERTS, Study, family_of
from relrec_core.sessions.explanation.explain import Explorer
from relrec_core.sessions.explanation.gradients import METHODS, STEPS, by_group
from relrec_core.sessions.model.metrics import THRESHOLD, score
from relrec_core.sessions.simulation.simulator import (
    CAUSE_GROUPS,
    SimulationSettings,
    simulated,
)
from relrec_core.sessions.training.scoring import Judged

SAMPLE, QUICK_SAMPLE = 500, 20
"""Tracks on which gradients are compared with experts."""
SESSIONS, QUICK_SESSIONS = 5_000, 200
"""Of each simulation seed of `cause_table`."""
OURS = "experts, all tracks"


def known_truth_table(study: Study) -> Table:
    """How often the top of an explanation is the planted cause of a correctly predicted skip.

    Experts: the top expert is the smallest subset that holds the cause. Gradients, on the
    control: of the groups, those with the largest sums, signed or absolute, are the cause's; they
    are told how many to name, the experts are not. All on the same sampled tracks, which both
    networks get right, and the experts also on all that they get right. Noise has no cause to be
    found and is left out. `explanation_seconds` is of the whole sample, for the experts the
    prediction included.

    Raises:
        ConfigError: the data is not simulated, so that no cause is known.
    """
    if not study.source.simulated:
        raise ConfigError("Only simulated sessions have planted causes; this data has none.")
    study.begin(4 * len(study.seeds))
    rows = []
    for seed in study.seeds:
        ours, plain = study.trained(seed, EXPERTS), study.trained(seed, CONTROL)
        study.step(f"Both networks, seed {seed}")
        family, said, test = family_of(ours), ours.test.prediction, ours.test
        hit = hits(said, test.causes, family)
        right = right_skips(said, test)
        rows += _truth(OURS, seed, hit[right], test.causes[right], np.nan)
        sample = _sample(right & right_skips(plain.test.prediction, plain.test), study)
        causes = test.causes[sample]
        batch = _batch_of(study.source, sample[0])
        started = time.perf_counter()
        ours.predictor.predict(batch)
        seconds = time.perf_counter() - started
        rows += _truth("experts", seed, hit[sample], causes, seconds)
        study.step(f"Experts, seed {seed}: {hit[sample].mean():.3f}")
        expected = np.array([[g in CAUSE_GROUPS[CAUSES[c]] for g in GROUPS] for c in causes])
        for method in METHODS:
            started = time.perf_counter()
            signed, absolute = by_group(plain.predictor, batch, sample[1], method)
            seconds = time.perf_counter() - started
            for how, sums in (("signed", signed), ("absolute", absolute)):
                found = (_largest(sums, expected.sum(axis=1)) == expected).all(axis=1)
                rows += _truth(f"{method}, {how}, control", seed, found, causes, seconds)
            study.step(f"{method}, seed {seed}")
    by = ["method", "cause"]
    frame = pd.DataFrame(rows).drop(columns="seed").groupby(by, sort=False).mean().reset_index()
    return Table(frame, {"integration_steps": STEPS, "sample": SAMPLE})


def cause_table(study: Study) -> Table:
    """Which planted causes the network that ships finds in sessions of other simulation seeds.

    The seeds are those of the simulator: other listeners, other tracks, other sessions. One row a
    cause, and "all": `known_truth` is the share of correctly predicted skips of this cause in
    which the deciding expert is the smallest that reads it, of all seeds together, `lowest` and
    `highest` that of a single seed; `accuracy` is of all tracks, predicted right or not.

    Raises:
        ConfigError: the data is not simulated, or the network has learnt from one of the seeds.
    """
    if study.dataset != store.SIMULATED:
        raise ConfigError("Only simulated sessions have planted causes; this data has none.")
    run = Run.open(store.SHIPPED)
    predictor, config = store.predictor(run), run.settings(Config)
    if config.simulation_seed in study.seeds:
        raise ConfigError(f"The network that ships has learnt from seed {config.simulation_seed}.")
    many = QUICK_SESSIONS if study.quick else SESSIONS
    study.begin(len(study.seeds))
    rows: list[dict[str, Any]] = []
    accuracies: list[float] = []
    hashes: list[str] = []
    for seed in study.seeds:
        data = simulated(many, seed, SimulationSettings(tracks=config.catalogue))
        hashes.append(data.content_hash)
        explorer = Explorer(predictor, data, run.name)
        said, held = explorer.everything, data.sessions
        right = _right(said, held.mask_b, held.skipped, held.causes)
        hit = hits(said, held.causes, explorer.family)[right]
        rows += _truth(OURS, seed, hit, held.causes[right], np.nan)
        accuracies.append(score(said.probability, held.skipped, held.mask_b).accuracy)
        study.step(f"Seed {seed}: {hit.mean():.3f}")
    frame = pd.DataFrame(rows)
    frame["hits"] = frame["known_truth"] * frame["tracks"]
    by = frame.groupby("cause", sort=False)
    found = (
        by[["tracks", "hits"]]
        .sum()
        .assign(lowest=by["known_truth"].min(), highest=by["known_truth"].max())
    )
    found["known_truth"] = found.pop("hits") / found["tracks"]
    found["accuracy"] = np.where(found.index == "all", np.mean(accuracies), np.nan)
    new = DataCard(
        name=store.SIMULATED,
        title=f"Simulated sessions, seeds {', '.join(map(str, study.seeds))}",
        content_hash=hashlib.sha256(" ".join(hashes).encode()).hexdigest(),
        licence=LICENCES[True],
        synthetic=True,
        counts={"sessions": many * len(study.seeds)},
    )
    told = {"data": new.model_dump(), "split": "none: all of these sessions are new to the model"}
    return Table(found.reset_index(), told | {"model": run.name, "sessions_a_seed": many})


def right_skips(said: Judgement, test: Judged) -> Bools:
    """(n, 10) correctly predicted skips whose cause is one of `CAUSE_GROUPS`."""
    return _right(said, test.mask, test.skipped, test.causes)


def hits(said: Judgement, causes: Bytes, family: Family) -> Bools:
    """(n, 10) True where the top expert is the smallest subset that holds the cause."""
    names = np.array(family.names)[said.top]  # (n, 10)
    hit = np.zeros(causes.shape, dtype=np.bool_)
    for cause, groups in CAUSE_GROUPS.items():
        if groups <= family.groups.keys():
            smallest = np.isin(names, family.smallest(groups))
            hit |= (causes == CAUSES.index(cause)) & smallest
    return hit


def _right(said: Judgement, mask: Bools, skipped: Bools, causes: Bytes) -> Bools:
    known = np.isin(causes, [CAUSES.index(cause) for cause in CAUSE_GROUPS])
    return np.asarray(mask & skipped & known & (said.probability >= THRESHOLD))


def _largest(sums: npt.NDArray[np.float64], count: npt.NDArray[np.int64]) -> Bools:
    """(n, groups) True at the `count` (n,) largest of each row."""
    rank = (-sums).argsort(axis=1, kind="stable").argsort(axis=1)
    return np.asarray(rank < count[:, None])


def _sample(tracks: Bools, study: Study) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows and places of some of these tracks, in the order of the data."""
    rows, places = np.nonzero(tracks)
    wanted = min(QUICK_SAMPLE if study.quick else SAMPLE, len(rows))
    if not wanted:
        raise ConfigError("The networks get no skip with a known cause right; train them longer.")
    chosen = np.sort(np.random.default_rng(0).choice(len(rows), wanted, replace=False))
    return rows[chosen], places[chosen]


def _batch_of(source: SessionSource, rows: npt.NDArray[np.intp]) -> Batch:
    """These test sessions as tensors; `rows` rise."""
    pieces, first = [], 0
    for _, batch in source.sessions("test"):
        here = rows[(rows >= first) & (rows < first + len(batch))] - first
        pieces.append({f.name: getattr(batch, f.name)[here] for f in fields(Batch)})
        first += len(batch)
    return Batch(**{name: torch.cat([p[name] for p in pieces]) for name in pieces[0]})


def _truth(
    method: str, seed: int, found: Bools, causes: npt.NDArray[np.uint8], seconds: float
) -> list[dict[str, Any]]:
    everything = {"all": np.ones(len(causes), dtype=np.bool_)}
    each = {cause: causes == CAUSES.index(cause) for cause in CAUSE_GROUPS}
    return [
        {
            "method": method,
            "cause": cause,
            "seed": seed,
            "known_truth": found[mask].mean(),
            "tracks": mask.sum(),
            "explanation_seconds": seconds,
        }
        for cause, mask in (everything | each).items()
        if mask.any()
    ]
