"""How few liked movies the answer hangs on, how often that is proven, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import pandas as pd

from relrec_core.evaluation.measure import Table
from relrec_core.movies import store
from relrec_core.movies.config import Config
from relrec_core.movies.evaluation.curves import QUICK_SAMPLE, SAMPLE
from relrec_core.movies.evaluation.fidelity.orders import ACCENT_RIVALS
from relrec_core.movies.evaluation.study import Study
from relrec_core.movies.explanation.counterfactual import SECONDS, aims, reached, smallest_change
from relrec_core.movies.explanation.result import Aim
from relrec_core.movies.model.ranking import Profile, Recommender
from relrec_core.movies.model.relevance import relevance
from relrec_core.runs.directory import Run

N, OUTSIDE = 10, 15
"""Length of the list, and the place of the movie that is to be brought into it."""
LIMIT = 5 * SECONDS
"""Time on the clock that a proof gets; what counts is the processor's."""


def counterfactuals_table(study: Study) -> Table:
    """The smallest sets of liked movies: their size, how many are proven, their time.

    `first`: all users, their best movie displaced from the first place; `top`: out of the first
    ten; `into`: the movie at place 15 brought into them, the last two on a sample of users. `set`
    is the size found, where there is one, `relevance` that of removing in the order of relevance
    (empty where movies are added or none did it), `proven_in_time` the share proven within two
    seconds of processor time, `ms` the same time.
    """
    recommender = measured_recommender(study)
    users = study.data.users["user_id"].astype(str).tolist()
    draw = np.random.default_rng(study.seeds[0])
    size = min(QUICK_SAMPLE if study.quick else SAMPLE, len(users))
    sample = [users[k] for k in sorted(draw.choice(len(users), size=size, replace=False))]
    asked: dict[Aim, list[str]] = {
        "first": sample if study.quick else users,
        "top": sample,
        "into": sample,
    }
    study.begin(sum(len(of) for of in asked.values()))
    rows = []
    for aim, of in asked.items():
        cases: list[dict[str, object]] = []
        for user in of:
            cases += smallest_case(recommender, recommender.profile(user), aim)
            study.step("Searching for the smallest change")
        rows.append({"aim": aim, **summary(pd.DataFrame(cases))})
    notes = {"seeds": [study.seeds[0]], "model": f"with attributes, run {recommender.run}"}
    return Table(pd.DataFrame(rows), notes | {"list": N, "limit": LIMIT, "sampled_viewers": size})


def measured_recommender(study: Study) -> Recommender:
    """The model that ships, where it is of these settings and data, else one trained for it."""
    seed = study.seeds[0]
    shipped = Run.open(store.SHIPPED)
    if shipped.settings(Config) == study.config(seed, attributes=True, layer=False):
        return store.recommender(shipped)
    weights = study.trained(seed).weights
    return Recommender.of(
        study.data, weights, with_attributes=True, split_seed=seed, run=f"seed {seed}"
    )


def smallest_case(
    recommender: Recommender, profile: Profile, aim: Aim, limit: float = LIMIT
) -> Iterator[dict[str, object]]:
    """One user's smallest set of their best movie or, for "into", of the one at `OUTSIDE`.

    Nothing of a user without a liked movie.
    """
    if not profile.liked:
        return
    ranked = recommender.rank(profile, OUTSIDE).items
    item = int(ranked[-1] if aim == "into" else ranked[0])
    if aim not in aims(recommender, profile, item, N):  # its score is that of one in the list
        return
    started = time.process_time()
    told = smallest_change(recommender, profile, item, aim, n=N, seconds=limit)
    seconds = time.process_time() - started
    yield {
        "found": told.found,
        "set": len(told.movies) if told.found else np.nan,
        "relevance": np.nan if aim == "into" else by_relevance(recommender, profile, item, aim),
        "bounded": told.at_least is not None,
        "proven": told.proven,
        "proven_in_time": told.proven and seconds <= SECONDS,
        "ms": 1e3 * seconds,
    }


def by_relevance(recommender: Recommender, profile: Profile, item: int, aim: Aim) -> float:
    """How many liked movies go in the order of what they contribute, until the aim is reached."""
    liked = np.array(sorted(profile.liked), dtype=np.int64)
    shares = recommender.scorer.relevance(liked, [item]).features[:, 0]
    order = liked[np.argsort(-shares, kind="stable")].tolist()
    for size in range(1, len(order) + 1):
        if reached(recommender, profile.without(*order[:size]), item, aim, None, N):
            return float(size)
    return np.nan


def by_accent(recommender: Recommender, profile: Profile, item: int) -> float:
    """How many liked movies ACCENT leaves out to displace the first movie (Tran et al. 2021).

    For each of the next `ACCENT_RIVALS` movies those that speak most against it go first, until
    the gap of the scores is closed; of the sets that hold on the profile made again, the smallest.
    """
    liked = np.array(sorted(profile.liked), dtype=np.int64)
    rivals = recommender.rank(profile, ACCENT_RIVALS + 1).items
    rivals = rivals[rivals != item][:ACCENT_RIVALS]
    shares = relevance(recommender.weights, liked, [item, *rivals]).features * len(liked)
    scores = recommender.weights.logits(profile.features) * len(profile.features)
    sets = []
    for place, rival in enumerate(rivals, start=1):
        gains = shares[:, 0] - shares[:, place]
        order = np.argsort(-gains, kind="stable")
        passed = np.cumsum(gains[order]) > scores[item] - scores[rival]
        if passed.any():
            sets.append(liked[order[: int(passed.argmax()) + 1]].tolist())
    for taken in sorted(sets, key=len):
        if reached(recommender, profile.without(*taken), item, "first", None, N):
            return float(len(taken))
    return np.nan


def summary(cases: pd.DataFrame) -> dict[str, float]:
    """Of what `smallest_case` found for some users."""
    return {
        "viewers": len(cases),
        "found": cases["found"].mean(),
        "set_mean": cases["set"].mean(),
        "set_median": cases["set"].median(),
        "relevance_mean": cases["relevance"].mean(),
        "relevance_median": cases["relevance"].median(),
        "bounded": cases["bounded"].mean(),
        "proven": cases["proven"].mean(),
        "proven_in_time": cases["proven_in_time"].mean(),
        "ms_median": cases["ms"].median(),
        "ms_max": cases["ms"].max(),
        "seconds": cases["ms"].sum() / 1e3,
    }
