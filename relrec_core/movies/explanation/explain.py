"""Why this movie: exact contributions of every feature, their proof, and "why not that one"."""

from __future__ import annotations

from functools import partial

import numpy as np

from relrec_core.errors import ProfileError
from relrec_core.explanation import DeletionTest, Ledger, Provenance
from relrec_core.faithfulness.deletion import deletion_test
from relrec_core.movies.data.features import Indices
from relrec_core.movies.explanation.result import (
    FeatureRelevance,
    Move,
    MovieAudit,
    MovieExplanation,
    Reference,
)
from relrec_core.movies.model.best import rank_all
from relrec_core.movies.model.ranking import Profile, Ranking, Recommender
from relrec_core.movies.model.relevance import Doubles, Relevance
from relrec_core.movies.model.scorer import Kept, Scorer

REPETITIONS, REMOVED = 200, 5
"""Random removals that the named reasons are compared with, and how many reasons these are."""
OWN = 1 / 3
"""Share of the score that the base value stays below in the first case shown: well under half."""
LOOKED_AT = 1_000
"""Users among whom that case is sought."""


def explain(
    recommender: Recommender,
    profile: Profile,
    item: int,
    *,
    against: int | None = None,
    reference: Reference = "average",
    removed: int = REMOVED,
    seed: int = 0,
) -> MovieExplanation:
    """Explain one movie for one profile, with its proof.

    Args:
        recommender: model and data.
        profile: the user.
        item: the movie (row of items).
        against: another movie; then the difference of the two logits is explained, base value
            and contributions each being the difference of the two movies' own.
        reference: what contributions are measured from.
        removed: how many features the tests remove or replace.
        seed: of the random removals that they are compared with.

    Raises:
        ProfileError: the profile is empty.
    """
    scorer, bag = recommender.scorer, profile.features
    if len(bag) == 0:
        raise ProfileError("An empty profile has no reasons to show. Add a movie to it.")
    items = [item] if against is None else [item, against]
    average = recommender.average_user if reference == "average" else None
    shares, accounted = _contributions(scorer.relevance(bag, items, average))

    tests = proofs(scorer, bag, items, shares, average, removed, seed)
    chances = recommender.probabilities(profile)
    ledger = Ledger(score=tests[0].score, features=float(shares.sum()), **accounted)
    return MovieExplanation(
        score=ledger.score,
        audit=MovieAudit(
            ledger=ledger, deletion=tests[0], replacement=tests[1] if tests[1:] else None
        ),
        provenance=_provenance(recommender, reference, removed, seed),
        viewer=profile.name,
        item=int(item),
        title=recommender.titles[item],
        rank=recommender.place(profile, item),
        probability=None if chances is None else float(chances[item]),
        against=None if against is None else recommender.titles[against],
        features=_features(recommender, bag, shares),
        reference=reference,
        removal=scorer.removal,
        excluded=recommender.excluded(profile, item),
    )


def proofs(
    scorer: Scorer,
    bag: Indices,
    items: list[int],
    shares: Doubles,
    average: Doubles | None,
    removed: int = REMOVED,
    seed: int = 0,
) -> list[DeletionTest]:
    """Does the score drop without the strongest reasons, and where the average user is given, also
    when these stand in their place?

    Args:
        scorer: the recommender.
        bag: (n,) features of the profile.
        items: the movie and, where a difference is explained, the other.
        shares: (n,) contributions.
        average: what the scorer knows of the average user.
        removed: how many reasons leave.
        seed: of the random removals.
    """
    fillers = [None] if average is None else [None, average]
    return [
        deletion_test(shares, rescored, k=removed, repetitions=REPETITIONS, seed=seed)
        for rescored in (partial(_rescored, scorer, bag, items, filler) for filler in fillers)
    ]


def _contributions(parts: Relevance) -> tuple[Doubles, dict[str, float]]:
    """Of the first movie, less the second's where there is one: the features' (n,), the rest."""
    sign = np.array([1.0, -1.0][: parts.features.shape[1]])
    rest = {"base": parts.base, "bias": parts.bias, "epsilon": parts.epsilon}
    return parts.features @ sign, {name: float(value @ sign) for name, value in rest.items()}


def _rescored(
    scorer: Scorer, bag: Indices, items: list[int], filler: Doubles | None, kept: Kept
) -> Doubles:
    """Score of the first movie, less the second's where there is one: kept (R, n) -> (R,)."""
    first, *second = (scorer.score_of_kept(bag, kept, item, filler) for item in items)
    return first - second[0] if second else first


def _features(
    recommender: Recommender, bag: Indices, shares: Doubles
) -> tuple[FeatureRelevance, ...]:
    space = recommender.space
    return tuple(
        FeatureRelevance(
            feature=int(bag[k]),
            kind=space.kinds[bag[k]],
            value=space.values[bag[k]],
            label=recommender.labels[bag[k]],
            group=recommender.group(int(bag[k])),
            relevance=float(shares[k]),
            themes=recommender.themes(int(bag[k])),
        )
        for k in np.argsort(-shares, kind="stable")
    )


def _provenance(
    recommender: Recommender, reference: Reference, removed: int, seed: int
) -> Provenance:
    scorer = recommender.scorer
    parameters: dict[str, bool | int | float | str] = {
        "reference": reference,
        "removed": removed,
        "repetitions": REPETITIONS,
    }
    said = "beyond the average user" if reference == "average" else "as in the paper"
    return Provenance.of(
        recommender.data,
        recommender.run,
        f"{scorer.method}, {said}",
        parameters | dict(scorer.parameters),
        seed,
    )


def first_user(recommender: Recommender) -> str:
    """The user whom pages show first: the first in the data whose own taste is the reason.

    That is, whose best movie owes less than a third of its score to the base value, and whose
    named reasons pass both tests; the first of all where none of the first `LOOKED_AT` is.
    """
    users, bags = recommender.data.users["user_id"].astype(str), recommender.bags[:LOOKED_AT]
    items, scores = rank_all(recommender.scorer, bags, recommender.seen[:LOOKED_AT], 1)
    own = (np.diff(bags.indptr) > 0) & (recommender.base[items[:, 0]] < OWN * scores[:, 0])
    for row in np.flatnonzero(own):
        told = explain(recommender, recommender.profile(users.iloc[row]), int(items[row, 0]))
        audit = told.audit
        tests = (audit.deletion, audit.replacement)
        if audit.ledger.closes() and all(test and test.confirmed for test in tests):
            return str(users.iloc[row])
    return str(users.iloc[0])


def what_if(
    recommender: Recommender, before: Profile, after: Profile, n: int = 10
) -> tuple[Ranking, tuple[Move, ...]]:
    """Rank again after features were removed or added; each film with its old place, if any."""
    old = recommender.rank(before, recommender.space.n_items)
    places = {int(item): place for place, item in enumerate(old.items, start=1)}
    new = recommender.rank(after, n)
    moves = tuple(
        Move(
            item=int(item),
            title=recommender.titles[item],
            before=places.get(int(item)),
            after=place,
            score=float(score),
        )
        for place, (item, score) in enumerate(zip(new.items, new.scores, strict=True), start=1)
    )
    return new, moves
