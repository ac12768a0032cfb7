"""Which strategies does a model use? Spectral relevance analysis (SpRAy) of many recommendations.

S. Lapuschkin et al.: Unmasking Clever Hans Predictors and Assessing What Machines Really Learn,
Nature Communications 10 (2019), section "Spectral relevance analysis": the maps of many decisions,
made small, are clustered; what a group marks is a strategy, be it a cause or an artefact.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from scipy.ndimage import gaussian_filter

from relrec_core.errors import ConfigError
from relrec_core.explanation import Parameter, Provenance
from relrec_core.faithfulness.deletion import NAMED, carrying, deletion_test
from relrec_core.products.data.catalogue import CATEGORY, ITEM, TITLE
from relrec_core.products.explanation.erasure import seen_of
from relrec_core.products.explanation.explain import REPETITIONS, Explainer, Question
from relrec_core.products.explanation.result import GRID, Method, pooled
from relrec_core.products.explanation.spectral import spectral_clusters
from relrec_core.products.explanation.standing import standing
from relrec_core.products.explanation.strategies_result import (
    Grid,
    Member,
    Strategies,
    Strategy,
)
from relrec_core.products.model.ranking import Candidate, Query

RECOMMENDATIONS = 96
"""Products that are asked about, at most, at random, where nothing else is wanted."""
FEWEST = 8
"""Recommendations without which there is nothing to group."""
AUDITED = 4
"""Members of each group that are blurred, the most typical ones."""
SMOOTHING = 0.75
"""Standard deviation in cells: parts that lie beside each other are alike."""

Doubles = npt.NDArray[np.float64]
Tell = Callable[[float], None]


@dataclass(frozen=True)
class Asked:
    """Which recommendations are grouped.

    Args:
        relation: whose.
        method: how their maps are made.
        category: of the products asked about; None: all.
        n: length of the list that the audit watches.
        most: how many are looked at, drawn at random if there are more.
    """

    relation: str
    method: Method
    category: str | None = None
    n: int = 3
    most: int = RECOMMENDATIONS


def strategies(
    explainer: Explainer, asked: Asked, tell: Tell = lambda fraction: None, seed: int = 0
) -> Strategies:
    """The groups of the first recommendations for products drawn at random, by their maps.

    Args:
        explainer: whose recommendations.
        asked: which of them.
        tell: told of the fraction done; may raise to stop.
        seed: of the drawing and of the random cells.

    Raises:
        ConfigError: there are fewer than `FEWEST` of them whose maps sum to more than zero.
    """
    pairs = _first(explainer, asked, seed)
    maps, marking = [], []
    for number, (question, candidate) in enumerate(pairs):
        tell(0.7 * number / len(pairs))
        (found,) = explainer.relevance(question, [candidate.row])
        if found.left.sum() > 0:
            maps.append(support(pooled(found.left, GRID)))
            marking.append((question, candidate))
    left_out, pairs = len(pairs) - len(marking), marking
    if len(pairs) < FEWEST:
        raise ConfigError(
            f"{len(pairs)} recommendations of this kind have a map that marks something; at least "
            f"{FEWEST} are needed."
        )
    stacked = np.stack(maps)  # (n, GRID, GRID)
    clusters = spectral_clusters(vectors(stacked), seed)
    found_groups = []
    for number in range(clusters.count):
        tell(0.7 + 0.3 * number / clusters.count)
        own = np.flatnonzero(clusters.labels == number)
        share = len(own) / len(pairs)
        members = [pairs[row] for row in own]
        found_groups.append(_strategy(explainer, asked, members, stacked[own], share))
    return Strategies(
        relation=asked.relation,
        category=asked.category,
        n=asked.n,
        left_out=left_out,
        strategies=tuple(found_groups),
        eigenvalues=tuple(clusters.eigenvalues.tolist()),
        provenance=_provenance(explainer, asked, seed),
    )


def support(cells: Doubles) -> Doubles:
    """(GRID, GRID) the positive part of a map that has any, with sum 1."""
    positive = np.clip(cells, 0, None)
    return np.asarray(positive / positive.sum())


def vectors(maps: Doubles) -> Doubles:
    """(n, GRID * GRID) small maps as they are compared: smoothed a little, of length 1."""
    smooth = gaussian_filter(maps, (0, SMOOTHING, SMOOTHING)).reshape(len(maps), -1)
    return np.asarray(smooth / np.linalg.norm(smooth, axis=1, keepdims=True))


def _first(explainer: Explainer, asked: Asked, seed: int) -> list[tuple[Question, Candidate]]:
    """What is recommended first for products drawn at random."""
    of = explainer.recommender
    of.relation(asked.relation)
    kinds = of.catalogue.items[CATEGORY].to_numpy(str)
    rows = (
        np.arange(len(kinds)) if asked.category is None else np.flatnonzero(kinds == asked.category)
    )
    rows = np.random.default_rng([seed, 11]).permutation(rows)[: asked.most]
    found = []
    for row in rows.tolist():
        question = Question(of.query_at(row), asked.relation, None, asked.method)
        found += [(question, c) for c in of.recommend(question.query, asked.relation, n=1)]
    return found


def _strategy(
    explainer: Explainer,
    asked: Asked,
    pairs: Sequence[tuple[Question, Candidate]],
    maps: Doubles,
    share: float,
) -> Strategy:
    of, mean = explainer.recommender, maps.mean(axis=0)  # (GRID, GRID)
    likeness = vectors(maps) @ vectors(mean[None])[0]
    order = np.argsort(-likeness, kind="stable")
    typical = [pairs[k] for k in order[:AUDITED]]
    test = deletion_test(
        mean.ravel(), partial(_scored, explainer, typical), repetitions=REPETITIONS, seed=of.seed
    )
    kept = np.ones((1, GRID * GRID), dtype=np.bool_)
    kept[0, np.argsort(-mean, axis=None, kind="stable")[: carrying(mean.ravel())]] = False
    chance = np.random.default_rng([of.seed, len(pairs)])
    at_random = chance.permuted(kept, axis=1)
    items = of.catalogue.items
    return Strategy(
        mean=_grid(mean),
        typical=tuple(_grid(maps[k]) for k in order[:AUDITED]),
        members=tuple(
            Member(
                query=str(items[ITEM].iloc[question.query.row]),
                query_title=question.query.title,
                item=str(items[ITEM].iloc[candidate.row]),
                item_title=str(items[TITLE].iloc[candidate.row]),
                probability=candidate.probability,
                likeness=float(likeness[k]),
            )
            for k in order
            for question, candidate in (pairs[k],)
        ),
        share=share,
        audit=test,
        displaced=_displaced(explainer, typical, kept, asked.n),
        displaced_at_random=_displaced(explainer, typical, at_random, asked.n),
    )


def _grid(cells: Doubles) -> Grid:
    """As it is stored: six digits are more than a map has."""
    return tuple(tuple(row) for row in cells.round(6).tolist())


def _scored(
    explainer: Explainer,
    pairs: Sequence[tuple[Question, Candidate]],
    kept: npt.NDArray[np.bool_],
) -> Doubles:
    """(R,) mean logit of the pairs with only the kept cells (R, GRID * GRID) of the queries."""
    of, total = explainer.recommender, np.zeros(len(kept))
    for question, candidate in pairs:
        seen = _without(explainer, question.query, kept)
        head = of.head(question.relation, question.user)
        other = of.features[candidate.row : candidate.row + 1].expand_as(seen)
        with torch.inference_mode():
            total += head.logit(seen, other).double().numpy()
        total += of.points(question.query, question.relation, [candidate.row])
    return total / len(pairs)


def _displaced(
    explainer: Explainer,
    pairs: Sequence[tuple[Question, Candidate]],
    kept: npt.NDArray[np.bool_],
    n: int,
) -> float:
    """Share of the recommendations that leave the first n with only the kept cells (1, CELLS)."""
    of, gone = explainer.recommender, 0
    for question, candidate in pairs:
        seen = _without(explainer, question.query, kept)
        place = standing(of, question, candidate.row, features=seen).place
        gone += place is None or place > n
    return gone / len(pairs)


def _without(explainer: Explainer, query: Query, kept: npt.NDArray[np.bool_]) -> torch.Tensor:
    return seen_of(explainer.recommender, query.picture, query.features, kept)


def _provenance(explainer: Explainer, asked: Asked, seed: int) -> Provenance:
    of, method = explainer.recommender, asked.method
    parameters: dict[str, Parameter] = {
        "relation": asked.relation,
        "category": asked.category or "all",
        "reading": method.reading,
        "compared": method.compared,
        "preset": method.preset,
        "epsilon": method.epsilon,
        "focused": method.one_sided,
        "cells": GRID,
        "at most": asked.most,
        "blurred": f"{NAMED:.0%} of the mean map, in the query's picture",
    }
    said = "spectral relevance analysis of the maps of first recommendations"
    return Provenance.of(of.catalogue, of.run, said, parameters, seed)
