"""Does the answer change as the named reasons say, and how much of it is the average user's?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from relrec_core.evaluation.directions import GRADIENT
from relrec_core.evaluation.measure import Table
from relrec_core.faithfulness.directions import as_named
from relrec_core.movies.data.features import Indices
from relrec_core.movies.evaluation.curves import QUICK_SAMPLE, SAMPLE, Case, cases
from relrec_core.movies.evaluation.study import Study, Trained
from relrec_core.movies.explanation import surrogates
from relrec_core.movies.model.ranking import genres_of
from relrec_core.movies.model.relevance import Doubles, average_user, relevance, score_of_kept

SUPPORTS, OPPOSITION = 6, 3
"""Reasons that the page names by default."""
TOP = 10
THEMES = 6
CHANGES = ("replaced", "removed")


def directions_table(study: Study) -> Table:
    """Share of named reasons whose change moves the score as named, by method.

    Of every user's best movie that is not known, by the model that ships. `named`: the six
    strongest supports and the three strongest reasons against, as in the picture; `every`: all
    features, each with its sign in the table. A support should lower the score when it is changed,
    a reason against should raise it. `replaced`: the average user stands in its place; `removed`:
    the mean is taken over what is left; `weighted`: each reason counts by the size of its
    contribution as a part of those of its user. The gradient is that of the mean with respect to a
    feature's weight, which is one; with the count held fixed it would be the paper's relevance.
    LIME is asked on a sample, for which every method has a row of its own.
    """
    model = study.shown(study.seeds[0])
    average = average_user(model.weights, model.space.bags(model.parts.known))
    everyone = [case for case in cases(model) if len(case.bag) > 1]
    size = min(QUICK_SAMPLE if study.quick else SAMPLE, len(everyone))
    draw = np.random.default_rng(study.seeds[0])
    sample = set(draw.choice(len(everyone), size=size, replace=False).tolist())
    study.begin(len(everyone))
    found: dict[tuple[str, str], list[pd.DataFrame]] = defaultdict(list)
    for number, case in enumerate(everyone):
        for method, shares in _exact(model, case, average):
            changed = _as_named(model, case, average, shares)
            found[method, "all users"].append(changed)
            if number in sample:
                found[method, "sample"].append(changed)
        for name, filler in (("replacing", average), ("removing", None)):
            if number in sample:
                lime = surrogates.lime(
                    model.weights, case.bag, case.item, seed=number, average=filler
                )
                changed = _as_named(model, case, average, lime.features)
                found[f"LIME, {name} reasons", "sample"].append(changed)
        study.step("Changing one reason at a time")
    notes = {
        "seeds": [study.seeds[0]],
        "model": "with attributes",
        "supports": SUPPORTS,
        "opposition": OPPOSITION,
        "sampled_viewers": size,
        "lime": f"{surrogates.LIME_SAMPLES} samples, the profile's features kept or changed",
    }
    return Table(pd.DataFrame(_rows(found)), notes)


def _rows(found: Mapping[tuple[str, str], list[pd.DataFrame]]) -> Iterator[dict[str, object]]:
    for (method, users), frames in found.items():
        every = pd.concat(frames, keys=range(len(frames)))
        for reasons, of in (("named", every[every["named"]]), ("every", every)):
            row: dict[str, object] = {"method": method, "users": users, "reasons": reasons}
            row |= {change: of[change].mean() for change in CHANGES}
            weight = of["size"] / of["size"].groupby(level=0).transform("sum")
            row |= {f"{c}_weighted": np.average(of[c], weights=weight) for c in CHANGES}
            for side, part in (("supports", of[of["sign"] > 0]), ("against", of[of["sign"] < 0])):
                row |= {f"{side}_{change}": part[change].mean() for change in CHANGES}
            yield row | {"count": len(of), "viewers": len(frames)}


def _exact(model: Trained, case: Case, average: Doubles) -> Iterator[tuple[str, Doubles]]:
    beyond = relevance(model.weights, case.bag, [case.item], average=average).features[:, 0]
    yield "Contributions beyond the average user", beyond
    yield "Relevance as in the paper", case.shares
    yield GRADIENT, case.shares - case.shares.sum() / len(case.bag)


def _as_named(model: Trained, case: Case, average: Doubles, shares: Doubles) -> pd.DataFrame:
    """A row a feature: its sign, is it named, and do both changes move the score as it says?"""
    order = np.argsort(-shares, kind="stable")
    place, back = np.argsort(order), np.argsort(order[::-1])
    signs = np.sign(shares)
    named = ((signs > 0) & (place < SUPPORTS)) | ((signs < 0) & (back < OPPOSITION))
    kept = np.ones((len(shares) + 1, len(shares)), dtype=bool)
    kept[np.arange(1, len(kept)), np.arange(len(shares))] = False
    columns: dict[str, object] = {"sign": signs, "size": np.abs(shares), "named": named}
    for change, filler in zip(CHANGES, (average, None), strict=True):
        scores = score_of_kept(model.weights, case.bag, kept, case.item, filler)
        columns[change] = as_named(shares, scores[1:] - scores[0])
    frame = pd.DataFrame(columns)
    return frame[frame["sign"] != 0]


def base_table(study: Study) -> Table:
    """How much of every user's best score is the base value, and what themes carry.

    `base_share` is the median over users of base value / score, `own_share` the share of users
    whose score is less than half base value, `popular` that of users whose best movie is among
    the ten that the average user would get of those they do not know. `against` is the share of
    features whose contribution lowers the score. Of the movies' contributions that raise it,
    `six_themes` is carried by the six strongest genres (each contribution split in equal parts),
    `six_movies` by the six strongest movies.
    """
    model = study.trained(study.seeds[0])
    bags, known = model.space.bags(model.parts.known), model.parts.known
    average = average_user(model.weights, bags)
    genres = genres_of(study.data)
    users = np.flatnonzero(np.diff(bags.indptr))
    everyone = relevance(
        model.weights, np.zeros(1, np.int64), np.arange(model.weights.n_items), average=average
    ).base
    study.begin(len(users))
    rows = []
    for user, case in zip(users, cases(model), strict=True):
        own = relevance(model.weights, case.bag, [case.item], average=average).features[:, 0]
        unknown = everyone.copy()
        unknown[known[int(user)].indices] = -np.inf
        best = np.argsort(-unknown, kind="stable")[:TOP]
        base = everyone[case.item]
        movies = own[case.bag < model.space.n_items]
        rows.append(
            {
                "score": base + own.sum(),
                "base": base,
                "popular": case.item in best,
                "against": (own < 0).mean(),
                "six_movies": _share(np.sort(movies[movies > 0])),
                "six_themes": _by_theme(case.bag, own, genres),
            }
        )
        study.step("Taking the average user apart")
    each = pd.DataFrame(rows)
    share = each["base"] / each["score"]
    row = {
        "score": each["score"].median(),
        "base": each["base"].median(),
        "base_share": share.median(),
        "own_share": (share < 0.5).mean(),
        "popular": each["popular"].mean(),
        "against": each["against"].mean(),
        "six_themes": each["six_themes"].mean(),
        "six_movies": each["six_movies"].mean(),
        "viewers": len(each),
    }
    return Table(pd.DataFrame([row]), {"seeds": [study.seeds[0]], "model": "with attributes"})


def _by_theme(bag: Indices, own: Doubles, genres: list[tuple[str, ...]]) -> float:
    sums: dict[str, float] = defaultdict(float)
    for feature, value in zip(bag, own, strict=True):
        if feature < len(genres) and value > 0:
            for name in genres[feature] or ("none",):
                sums[name] += value / max(1, len(genres[feature]))
    return _share(np.sort(list(sums.values())))


def _share(ascending: Doubles) -> float:
    """Share of the sum that the six largest carry."""
    total = ascending.sum()
    return float(ascending[-THEMES:].sum() / total) if total else np.nan
