"""What is said of recommenders that sum over the liked movies: do sums, tests and sets hold."""

from __future__ import annotations

import numpy as np
import pandas as pd

from relrec_core.evaluation.measure import Table
from relrec_core.movies.evaluation.counterfactuals import (
    N,
    measured_recommender,
    smallest_case,
    summary,
)
from relrec_core.movies.evaluation.curves import QUICK_SAMPLE
from relrec_core.movies.evaluation.study import Study
from relrec_core.movies.explanation.counterfactual import SECONDS
from relrec_core.movies.explanation.explain import explain
from relrec_core.movies.explanation.result import Aim, MovieExplanation
from relrec_core.movies.model.peers import USUAL, peer
from relrec_core.movies.model.ranking import Recommender

AIMS: tuple[Aim, ...] = ("first", "top", "into")
SAMPLE, LIMIT = 40, 8 * SECONDS
"""Users, and the time on the clock that a proof gets; what counts is the processor's."""
EXACT = 1e-9
"""A sum closes where it is off by no more than this share of the score."""


def linear_table(study: Study) -> Table:
    """RecoNet and the peers that the page shows, a row each, on the same sample of users.

    `closes`: share of explanations of the best movie whose contributions and base value sum to the
    score; `removed`, `replaced`: share that passes the deletion test, with the strongest reasons
    taken away or replaced by the average user's; and of each aim what `counterfactuals` says.
    """
    shown = measured_recommender(study)
    users = study.data.users["user_id"].astype(str).tolist()
    size = min(QUICK_SAMPLE if study.quick else SAMPLE, len(users))
    draw = np.random.default_rng(study.seeds[0])
    sample = [users[k] for k in sorted(draw.choice(len(users), size=size, replace=False))]
    study.begin((1 + len(USUAL)) * len(sample) * (1 + len(AIMS)))
    rows = []
    for recommender in (shown, *(peer(shown, name) for name in USUAL)):
        row: dict[str, object] = {"recommender": recommender.name}
        row |= _audited(study, recommender, sample)
        for aim in AIMS:
            cases: list[dict[str, object]] = []
            for user in sample:
                cases += smallest_case(recommender, recommender.profile(user), aim, LIMIT)
                study.step(f"{recommender.name}: searching for the smallest change")
            row |= {f"{aim}_{name}": value for name, value in summary(pd.DataFrame(cases)).items()}
        rows.append(row)
    notes = {
        "seeds": [study.seeds[0]],
        "model": f"with attributes, run {shown.run}",
        "peers": {name: dict(chosen) for name, chosen in USUAL.items()},
        "exact": EXACT,
        "list": N,
        "limit": LIMIT,
        "sampled_viewers": size,
    }
    return Table(pd.DataFrame(rows), notes)


def _audited(study: Study, recommender: Recommender, sample: list[str]) -> dict[str, float]:
    """Of the explanations of the best movies, those whose sum closes and that pass the tests."""
    told: list[MovieExplanation] = []
    for user in sample:
        profile = recommender.profile(user)
        if profile.liked:
            told.append(explain(recommender, profile, int(recommender.rank(profile, 1).items[0])))
        study.step(f"{recommender.name}: explaining")
    audits = [of.audit for of in told]
    replaced = [audit.replacement for audit in audits if audit.replacement is not None]
    return {
        "viewers": len(audits),
        "closes": float(np.mean([audit.ledger.closes(EXACT) for audit in audits])),
        "gap": max(abs(audit.ledger.gap) for audit in audits),
        "removed": float(np.mean([bool(audit.deletion.confirmed) for audit in audits])),
        "replaced": float(np.mean([bool(test.confirmed) for test in replaced])),
    }
