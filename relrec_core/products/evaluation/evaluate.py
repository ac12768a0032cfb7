"""The paper's tables and curves of products as data frames (Bharadhwaj 2018, sections 2 and 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from torch import Tensor

from relrec_core.errors import DataError
from relrec_core.evaluation.measure import Table
from relrec_core.products.data.catalogue import CATEGORY
from relrec_core.products.data.split import TEST, VALIDATION, By, Pairs, Split
from relrec_core.products.evaluation import baselines, preference_recovery
from relrec_core.products.evaluation.counterfactual_evaluation import LISTED, counterfactual_rows
from relrec_core.products.evaluation.direction_evaluation import LIME_SAMPLES, direction_rows
from relrec_core.products.evaluation.erased_evaluation import FIRST, erased_rows
from relrec_core.products.evaluation.map_evaluation import localisation_rows, perturbation_rows
from relrec_core.products.evaluation.recommendation_evaluation import recommendation_rows
from relrec_core.products.evaluation.sanity_evaluation import DRAWS, NOISE, sanity_rows
from relrec_core.products.evaluation.strategy_evaluation import strategy_table
from relrec_core.products.evaluation.study import GuidedBy, Study, Trained
from relrec_core.products.evaluation.unseen_evaluation import SAID, unseen_rows
from relrec_core.products.explanation.smallest_change import LIMIT
from relrec_core.products.studio import ground_truth

NETWORK = "Siamese network"
COSINE, CATEGORIES = "Cosine of untouched features", "Rule that sees only categories"
FROZEN = "Distances on untouched features"
ALL = "all"
DIMS = (10, 100, 500)
POPULATIONS = 10
"""Draws of users that tastes are measured on, those of the catalogue among them."""
MANY = 40
"""Test pairs a category must have to get a row of its own."""

Bools = npt.NDArray[np.bool_]


def accuracy_table(study: Study) -> Table:
    """Accuracy at threshold 1/2 on balanced test pairs: split x relation x category x D.

    Methods other than the network stand beside it on the same pairs. For a D the network was not
    trained with, distances are learned on its features, which the column `trunk` says.
    """
    splits: tuple[By, ...] = ("items",) if study.rendered else ("pairs", "items")
    study.begin(len(study.seeds) * len(splits) * (4 + len(DIMS)))
    rows: list[dict[str, Any]] = []
    for seed in study.seeds:
        untouched = study.untouched(seed)
        for by in splits:
            found = study.measured(seed, by)
            test = found.split.balanced(TEST, seed)
            about = {"split": by, "seed": seed}
            for method, dim, trunk, calls in _called(found, untouched, test, seed):
                named = {**about, "method": method, "dim": dim, "trunk": trunk}
                rows += [named | row for row in _scores(found, test, calls, method)]
                study.step(f"{method}, split by {by}")
            if study.rendered:
                rows += _another_studio(found, about)
    frame = pd.DataFrame(rows)
    keys = ["split", "pairs_of", "method", "dim", "trunk", "relation", "category"]
    grouped = frame.groupby(keys, sort=False)
    result = grouped["accuracy"].agg(["mean", "std"]).reset_index()
    result["pairs"] = grouped["pairs"].mean().to_numpy()
    return Table(result.rename(columns={"mean": "accuracy", "std": "accuracy_sd"}))


def _called(
    found: Trained, untouched: Tensor, test: Pairs, seed: int
) -> Iterator[tuple[str, int, str, Bools]]:
    """Method, D, state of the trunk, and which test pairs it calls related, of every method."""
    x, split = found.features, found.split
    own = found.distances.directions.shape[2]
    yield NETWORK, own, "end to end", baselines.calls(found.distances, x, test)
    for dim in DIMS:
        if dim != own:
            learned = baselines.metric(x, split, dim, seed)
            yield NETWORK, dim, f"trained with D = {own}", baselines.calls(learned, x, test)
    yield COSINE, 0, "untouched", baselines.cosine_rule(untouched, split, test, seed)
    yield CATEGORIES, 0, "", baselines.category_rule(found.catalogue, split, test, seed)
    learned = baselines.metric(untouched, split, own, seed)
    yield FROZEN, own, "untouched", baselines.calls(learned, untouched, test)


def _both_unseen(split: Split, test: Pairs) -> Bools | None:
    if split.item_part is None:
        return None
    both = (split.item_part[test.left] == TEST) & (split.item_part[test.right] == TEST)
    return np.asarray(both)


def _scores(found: Trained, test: Pairs, calls: Bools, method: str) -> list[dict[str, Any]]:
    """Rows by relation; of the network also by category; where items were split, also of pairs
    of which neither product was seen."""
    right, unseen = calls == test.holds, _both_unseen(found.split, test)
    rows = []
    groups = [("test pairs", np.ones(len(test), dtype=np.bool_))]
    if unseen is not None:
        groups.append(("test pairs, both products unseen", unseen))
    for title, group in groups:
        rows.append(_row(title, ALL, ALL, right[group]))
        for number, name in enumerate(found.split.relations):
            of = group & (test.relation == number)
            rows.append(_row(title, name, ALL, right[of]))
    if method == NETWORK:
        rows += _by_category(found, test, right)
    return rows


def _by_category(found: Trained, test: Pairs, right: Bools) -> list[dict[str, Any]]:
    """Rows by relation and category of either product, where there are enough pairs."""
    names = found.catalogue.items[CATEGORY].to_numpy(str)
    rows = []
    for number, relation in enumerate(found.split.relations):
        of = test.relation == number
        for category in np.unique(names):
            here = of & ((names[test.left] == category) | (names[test.right] == category))
            if here.sum() >= MANY:
                rows.append(_row("test pairs", relation, str(category), right[here]))
    return rows


def _row(pairs_of: str, relation: str, category: str, right: Bools) -> dict[str, Any]:
    accuracy = float(right.mean()) if len(right) else float("nan")
    return {
        "pairs_of": pairs_of,
        "relation": relation,
        "category": category,
        "accuracy": accuracy,
        "pairs": len(right),
    }


def _another_studio(found: Trained, about: dict[str, Any]) -> list[dict[str, Any]]:
    """All pairs of the studio that is shown, no product of which was ever seen."""
    of = found.recommender
    split = Split(of.catalogue, "pairs", about["seed"])
    parts = [split.balanced(part, about["seed"]) for part in range(3)]
    every = parts[0].joined(parts[1]).joined(parts[2])
    right = baselines.calls(of.distances, of.features, every) == every.holds
    dim = of.distances.directions.shape[2]
    named = {**about, "method": NETWORK, "dim": dim, "trunk": "end to end"}
    title = "all pairs of another studio"
    rows = [_row(title, ALL, ALL, right)]
    for number, name in enumerate(split.relations):
        rows.append(_row(title, name, ALL, right[every.relation == number]))
    return [named | row for row in rows]


def taste_table(study: Study) -> Table:
    """How well personal weights recover planted tastes: rank correlations by cause.

    Over the catalogue's users, population 0, and over others whose tastes and purchases are drawn
    in the same way: so few users say little about how well it works.
    """
    if not study.rendered:
        raise DataError(study.dataset, "no planted tastes", "the rendered studio")
    populations = 2 if study.quick else POPULATIONS
    study.begin(len(study.seeds) * populations)
    cells, rows = study.cells("tastes", preference_recovery.__name__), []
    for seed in study.seeds:
        found = study.measured(seed)
        for number in range(populations):
            key = study.key(seed, population=number)
            correlations = cells.get(
                key, partial(preference_recovery.measured, found, seed, number)
            )
            for cause, correlation in correlations.items():
                rows.append({"population": number, "cause": cause, "correlation": correlation})
            study.step(f"Tastes of users {number + 1}, seed {seed}")
    users = len(ground_truth.load(found.recommender.catalogue.folder).tastes)
    keys = ["population", "cause"]
    table = pd.DataFrame(rows).groupby(keys, sort=False).mean().reset_index()
    return Table(table.assign(users=users))


def guided_table(study: Study) -> Table:
    """Relevance-guided training (section 4), before and after, beside as many plain epochs.

    Accuracy on balanced validation pairs, which decide what is kept, and on test pairs.
    """
    by: By = "items" if study.rendered else "pairs"
    studied: tuple[tuple[str, GuidedBy | None], ...] = (
        ("before", None),
        ("guided by relevance", "relevance"),
        ("as many epochs, not guided", "nothing"),
    )
    study.begin(len(study.seeds) * len(studied))
    rows: list[dict[str, Any]] = []
    for seed in study.seeds:
        for title, guided_by in studied:
            found = study.trained(seed, by, guided_by)
            said = found.run.card().details["guided"]
            kept = said.get("kept_epoch") if isinstance(said, dict) else None
            for part, name in ((VALIDATION, "validation"), (TEST, "test")):
                pairs = found.split.balanced(part, seed)
                right = baselines.calls(found.distances, found.features, pairs) == pairs.holds
                about = {"network": title, "seed": seed, "kept_epoch": kept, "part": name}
                rows.append(about | {"relation": ALL, "accuracy": float(right.mean())})
                for number, relation in enumerate(found.split.relations):
                    value = float(right[pairs.relation == number].mean())
                    rows.append(about | {"relation": relation, "accuracy": value})
            study.step(title)
    return Table(pd.DataFrame(rows))


def unseen_table(study: Study) -> Table:
    """What pictures, categories and both know of pairs with a product that was never seen."""
    return Table(unseen_rows(study), {"distances": SAID})


def localisation_table(study: Study) -> Table:
    """On the rendered studio that is shown: how well maps find the planted cause."""
    if not study.rendered:
        raise DataError(study.dataset, "no known causes", "the rendered studio")
    return Table(localisation_rows(study))


def perturbation_table(study: Study) -> Table:
    """How fast the score falls when the pixels a map names go."""
    return Table(perturbation_rows(study))


def recommendation_table(study: Study) -> Table:
    """What the explanations of first recommendations are worth, as the page shows them."""
    return Table(recommendation_rows(study))


def counterfactual_table(study: Study) -> Table:
    """The fewest cells without which a recommendation leaves the list."""
    return Table(counterfactual_rows(study), {"list": LISTED, "most cells": LIMIT})


def erased_table(study: Study) -> Table:
    """On the rendered studio that is shown: what is seen in products without their emblem."""
    if not study.rendered:
        raise DataError(study.dataset, "no known causes", "the rendered studio")
    return Table(erased_rows(study), {"list": FIRST})


def sanity_table(study: Study) -> Table:
    """Do maps change with the network's weights, and stay under small noise?"""
    return Table(sanity_rows(study), {"noise": NOISE, "draws": DRAWS})


def direction_table(study: Study) -> Table:
    """Does the probability fall without what is named, beside LIME and gradients?"""
    return Table(direction_rows(study), {"lime": f"{LIME_SAMPLES} samples of each picture"})


TABLES: dict[str, Callable[[Study], Table]] = {
    "accuracy": accuracy_table,
    "guided": guided_table,
    "localisation": localisation_table,
    "perturbation": perturbation_table,
    "recommendations": recommendation_table,
    "counterfactuals": counterfactual_table,
    "erased": erased_table,
    "directions": direction_table,
    "sanity": sanity_table,
    "strategies": strategy_table,
    "tastes": taste_table,
    "unseen": unseen_table,
}
