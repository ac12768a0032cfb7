"""How faithful maps are: do they find planted causes, and does the score hang on what they name?"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from scipy.ndimage import gaussian_filter

from relrec_core.faithfulness.localisation import TOLERANCE, misses_by, share_over_area
from relrec_core.faithfulness.perturbation import area, curve, relevance_gain
from relrec_core.products.data.perturbation import blurred, erased, noise
from relrec_core.products.data.split import TEST, Pairs
from relrec_core.products.evaluation.baselines import calls
from relrec_core.products.evaluation.study import Study, Trained
from relrec_core.products.explanation.attribution import BLIND, CAPTUM, LRP, attribute
from relrec_core.products.explanation.explain import Explainer, Question
from relrec_core.products.explanation.result import (
    CHOSEN,
    FOCUSED,
    GRID,
    Method,
    ReadingName,
    pooled,
    recommended,
)
from relrec_core.products.model.ranking import Recommender
from relrec_core.products.studio import ground_truth

PAIRS, PERTURBED_PAIRS, QUICK_PAIRS = 100, 8, 2
"""Pairs a relation that maps are made of; perturbing one takes 27 passes of the trunk."""
STEPS = 8
EPSILONS = (1e-4, 1e-2, 1.0, 100.0)
READINGS: tuple[ReadingName, ...] = ("evidence", "paper")
POINTING_BLUR = 1 / 64
"""Standard deviation, as a share of the side, by which all maps are smoothed before pointing."""

Map = npt.NDArray[np.float32]


def asked_of(rendered: bool) -> list[tuple[str, Method, str]]:
    """Name of the method in the table, how to read the score, and what makes the map.

    On photos, where a pass takes far longer, only the reading that the page shows first is asked.
    """
    shown = recommended(rendered)
    asked = [(CHOSEN, shown, FOCUSED)]
    for reading in READINGS if rendered else READINGS[:1]:
        method = shown.model_copy(update={"reading": reading})
        asked += [(f"{name} ({reading})", method, name) for name in LRP]
        asked += [(f"{name} ({reading})", method, name) for name in CAPTUM]
    for epsilon in EPSILONS if rendered else ():
        method = shown.model_copy(update={"epsilon": epsilon})
        asked.append((f"LRP, paper, epsilon {epsilon:g} (evidence)", method, "LRP, paper"))
    return asked + [(name, shown, name) for name in BLIND]


def localisation_rows(study: Study) -> pd.DataFrame:
    """Pointing game and share over area against the mask of the planted cause.

    Related pairs of the studio that is shown, which the network takes for related; both pictures.
    """
    seed = study.seeds[0]
    found = study.mapped(seed)
    of, planted = found.recommender, ground_truth.load(found.recommender.catalogue.folder)
    explainer, asked = Explainer(of), asked_of(study.rendered)
    study.begin(len(of.relations) * len(asked))
    cells, rows = study.cells("localisation", __name__), []
    for relation in of.relations:
        chosen = _related(of, relation, QUICK_PAIRS if study.quick else PAIRS, seed)
        for title, method, name in asked:
            key = study.map_key(found, seed, relation=relation, method=title, pairs=len(chosen))
            measure = partial(located, explainer, planted, relation, chosen, method, name)
            rows.append({"relation": relation, "method": title} | cells.get(key, measure))
            study.step(f"{title}, {relation}")
    return pd.DataFrame(rows)


def located(
    explainer: Explainer,
    planted: ground_truth.Truth,
    relation: str,
    pairs: npt.NDArray[np.int64],
    method: Method,
    name: str,
) -> dict[str, Any]:
    """Pointing game and share over area of one method's maps of the `pairs` (n, 2).

    Args:
        planted: which pixels cause which relation.
        method: rules and reading of relevance propagation.
        name: of the method, as `attribute` has it.
    """
    of = explainer.recommender
    items, side = of.catalogue.items["item_id"], of.pictures.side
    misses, shares = [], []
    for left, right in pairs:
        question = Question(of.query_at(int(left)), relation, None, method)
        maps = attribute(explainer, question, int(right), name)
        for row, found in zip((left, right), maps, strict=True):
            mask = planted.cause_mask(str(items.iloc[int(row)]), relation, side)
            misses.append(misses_by(gaussian_filter(found, POINTING_BLUR * side), mask))
            shares.append(share_over_area(found, mask))
    return {
        "pointing_inside": float(np.mean(np.equal(misses, 0))),
        "pointing": float(np.mean(np.less_equal(misses, TOLERANCE))),
        "share_over_area": float(np.nanmean(shares)),
        "share_sd": float(np.nanstd(shares)),
        "pictures": len(misses),
    }


def _related(of: Recommender, relation: str, count: int, seed: int) -> npt.NDArray[np.int64]:
    """(n, 2) rows of related pairs that the network takes for related, drawn at random."""
    number = of.relation(relation)
    frame = of.catalogue.relations
    rows = frame.loc[frame["relation"] == relation, ["source", "target"]].to_numpy(np.int64)
    pairs = Pairs(
        rows[:, 0],
        rows[:, 1],
        np.full(len(rows), number, dtype=np.int64),
        np.ones(len(rows), dtype=np.bool_),
    )
    rows = rows[calls(of.distances, of.features, pairs)]
    chance = np.random.default_rng([seed, number, 1])  # others than the preset was chosen on
    drawn = rows[chance.permutation(len(rows))[:count]]
    return np.asarray([chance.permutation(pair) for pair in drawn], dtype=np.int64)


def perturbation_rows(study: Study) -> pd.DataFrame:
    """Fig. 3 of the paper: logit and accuracy as cells of the recommended picture go.

    The query stays whole, so the logit falls as what answers it goes. Cells go most relevant
    first, least relevant first and at random; the difference of the areas is the SRG.
    """
    seed = study.seeds[0]
    found = study.mapped(seed)
    explainer, asked = Explainer(found.recommender), asked_of(study.rendered)
    study.begin(len(asked) * 2)
    pairs = _held_out(study, found)
    cells, rows = study.cells("perturbation", __name__), []
    for how in ("noise", "blur"):
        for title, method, name in asked:
            key = study.map_key(found, seed, how=how, method=title, pairs=len(pairs))
            cell = cells.get(key, partial(perturbed, explainer, pairs, method, name, how, seed))
            for step in range(STEPS + 1):
                rows.append(
                    {"occlusion": how, "method": title, "removed": step / STEPS}
                    | {name: values[step] for name, values in cell["curves"].items()}
                    | {key: cell[key] for key in ("srg", "srg_low", "srg_high", "pairs")}
                )
            study.step(f"{title}, {how}")
    return pd.DataFrame(rows)


def _held_out(study: Study, found: Trained) -> list[tuple[int, int, str]]:
    """Related test pairs that the network takes for related: query, recommended, relation."""
    of = found.recommender
    count = QUICK_PAIRS if study.quick else PERTURBED_PAIRS
    if study.rendered:  # a network that learned from another studio saw none of them
        drawn = {name: _related(of, name, count, study.seeds[0]) for name in of.relations}
        return [(int(a), int(b), name) for name, rows in drawn.items() for a, b in rows]
    test = found.split.positives(TEST)
    test = test.where(calls(found.distances, found.features, test))
    chance, pairs = np.random.default_rng([study.seeds[0], 9]), []
    for number, name in enumerate(of.relations):
        rows = chance.permutation(np.flatnonzero(test.relation == number))[:count]
        pairs += [(int(test.left[r]), int(test.right[r]), name) for r in rows]
    return pairs


@torch.inference_mode()
def _scored(
    explainer: Explainer,
    question: Question,
    picture: torch.Tensor,
    replacement: torch.Tensor,
    kept: npt.NDArray[np.bool_],
) -> npt.NDArray[np.float64]:
    """Logits (R,) with only the kept cells (R, n) of the recommended picture."""
    of = explainer.recommender
    masks = torch.from_numpy(kept.reshape(len(kept), GRID, GRID))
    seen = of.seen(erased(picture, masks, replacement))
    head = of.head(question.relation, question.user)
    g = head.logit(question.query.features.expand(len(seen), -1), seen)
    return np.asarray(g.double().numpy())


def perturbed(
    explainer: Explainer,
    pairs: list[tuple[int, int, str]],
    method: Method,
    name: str,
    how: str,
    seed: int,
) -> dict[str, Any]:
    """One method's curves of logits (steps + 1,) over the `pairs`, and their SRG with a 95 % band.

    Args:
        pairs: rows of query and recommended product, and their relation.
        method: rules and reading of relevance propagation.
        name: of the method, as `attribute` has it.
        how: what a cell is replaced by, "noise" or "blur".
        seed: of the noise, the random order and the band.
    """
    of = explainer.recommender
    curves: dict[str, list[npt.NDArray[np.float64]]] = {"most": [], "least": [], "random": []}
    for number, (left, right, relation) in enumerate(pairs):
        question = Question(of.query_at(left), relation, None, method)
        picture = of.pictures.batch([right])
        generator = torch.Generator().manual_seed(seed * 100_003 + number)
        replacement = (
            noise(picture, *of.pictures.bounds(), generator) if how == "noise" else blurred(picture)
        )
        relevance = attribute_right(explainer, question, right, name)
        order = np.argsort(-pooled(relevance, GRID).ravel(), kind="stable")
        random = np.random.default_rng([seed, number]).permutation(len(order))
        rescore = partial(_scored, explainer, question, picture, replacement)
        for title, way in (("most", order), ("least", order[::-1]), ("random", random)):
            curves[title].append(curve(np.ascontiguousarray(way), rescore, STEPS))
    stacked = {title: np.stack(rows) for title, rows in curves.items()}  # (pairs, steps + 1)
    gains = np.array(
        [relevance_gain(m, lo) for m, lo in zip(stacked["most"], stacked["least"], strict=True)]
    )
    chance = np.random.default_rng([seed, 1])
    means = gains[chance.integers(len(gains), size=(2000, len(gains)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    averaged = {f"logit_{title}": rows.mean(axis=0).tolist() for title, rows in stacked.items()}
    still = {f"related_{title}": (rows >= 0).mean(axis=0) for title, rows in stacked.items()}
    return {
        "curves": averaged | {title: values.tolist() for title, values in still.items()},
        "srg": float(gains.mean()),
        "srg_low": float(low),
        "srg_high": float(high),
        "random_area": float(np.mean([area(row) for row in stacked["random"]])),
        "pairs": len(pairs),
    }


def attribute_right(explainer: Explainer, question: Question, row: int, name: str) -> Map:
    """(S, S) of the recommended picture alone."""
    return attribute(explainer, question, row, name)[1]
