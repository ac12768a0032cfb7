"""What happens to the logit when the reasons go (Fusco et al. 2019, sections 5.4 and 5.5)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from relrec_core.evaluation.measure import Table
from relrec_core.movies.data.features import Indices
from relrec_core.movies.evaluation.study import Study, Trained
from relrec_core.movies.explanation import surrogates
from relrec_core.movies.model.best import rank_all
from relrec_core.movies.model.relevance import Doubles, relevance, score_of_kept
from relrec_core.movies.model.weights import Weights

MOST = 50
ORDERS = 20
BINS = 60
SAMPLE, QUICK_SAMPLE = 100, 5
MODELS = (("RecoNet", False), ("RecoNet + Layer", True))


@dataclass(frozen=True, eq=False)
class Case:
    """One viewer's best unseen film, and the shares (n,) of the profile (n,) in its logit."""

    bag: Indices
    item: int
    shares: Doubles


def cases(model: Trained) -> list[Case]:
    """The top recommendation of every viewer who has a profile, known films left out."""
    known = model.parts.known
    bags = model.space.bags(known)
    items, _ = rank_all(model.weights, bags, known, 1)
    found = []
    for row in np.flatnonzero(np.diff(bags.indptr)):
        bag = bags.indices[bags.indptr[row] : bags.indptr[row + 1]].astype(np.int64)
        item = int(items[row, 0])
        shares = relevance(model.weights, bag, [item]).features[:, 0]
        found.append(Case(bag, item, shares))
    return found


def changes(weights: Weights, case: Case, orders: npt.NDArray[np.int64], most: int) -> Doubles:
    """Change of the logit after the first k features of an order were removed, k = 1..most.

    Args:
        orders: (R, n) permutations of the profile, first to go first.

    Returns:
        (R, most); NaN where the profile has no more than k features.
    """
    repetitions, n = orders.shape
    last = min(most, n - 1)
    place = np.argsort(orders, axis=1)  # (R, n): when each feature goes
    kept = place[:, None, :] >= np.arange(last + 1)[None, :, None]  # (R, last + 1, n)
    scores = score_of_kept(weights, case.bag, kept.reshape(-1, n), case.item)
    scores = scores.reshape(repetitions, last + 1)
    result = np.full((repetitions, most), np.nan)
    result[:, :last] = scores[:, 1:] - scores[:, :1]
    return result


def deletion_table(study: Study) -> Table:
    """Mean change of the logit after removing the top k features, k = 1..50 (Figure 6).

    Beside it, removing as many at random (a viewer's mean over some random orders). `low` and
    `high` bound the mean over viewers with 95 % confidence; a viewer counts as long as the
    profile is not empty.
    """
    rows = []
    study.begin(len(MODELS))
    for name, layer in MODELS:
        top, random = _removals(study, layer=layer)
        columns = {"removed": np.arange(1, MOST + 1), **_band("top", top)}
        columns |= _band("random", random.mean(axis=1))
        frame = pd.DataFrame(columns | {"viewers": np.isfinite(top).sum(axis=0)})
        frame.insert(0, "model", name)
        rows.append(frame)
        study.step(f"{name}: removed up to {MOST} features")
    return Table(pd.concat(rows, ignore_index=True), _notes(study))


def significance_table(study: Study) -> Table:
    """Does the top feature matter more than a random one? (Figure 7, Mann-Whitney U test)

    `effect` is the common-language effect size U / n^2: the chance that removing the top feature
    lowers the logit more than removing a random one. `p` is two-sided.
    """
    rows = []
    study.begin(len(MODELS))
    for name, layer in MODELS:
        top, random = _first(study, layer=layer)
        test = stats.mannwhitneyu(random, top, alternative="two-sided")
        row: dict[str, Any] = {"model": name, "viewers": len(top)}
        for label, values in (("top", top), ("random", random)):
            row |= {
                f"{label}_mean": values.mean(),
                f"{label}_median": np.median(values),
                f"{label}_skewness": stats.skew(values),
            }
        u = float(test.statistic)
        rows.append(row | {"u": u, "p": float(test.pvalue), "effect": u / len(top) ** 2})
        study.step(f"{name}: top against random")
    return Table(pd.DataFrame(rows), _notes(study))


def distribution_table(study: Study) -> Table:
    """Changes of the logit after removing the top or a random feature, as counts (Figure 7)."""
    rows = []
    study.begin(len(MODELS))
    for name, layer in MODELS:
        top, random = _first(study, layer=layer)
        edges = np.histogram_bin_edges(np.concatenate([top, random]), bins=BINS)
        columns = {"low": edges[:-1], "high": edges[1:]}
        columns |= {
            "top": np.histogram(top, edges)[0],
            "random": np.histogram(random, edges)[0],
        }
        frame = pd.DataFrame(columns)
        frame.insert(0, "model", name)
        rows.append(frame)
        study.step(f"{name}: distribution")
    return Table(pd.concat(rows, ignore_index=True), _notes(study))


def lime_table(study: Study) -> Table:
    """The curve of Figure 6 for LIME's ranking beside our own, on a sample (Figure 8)."""
    model = study.trained(study.seeds[0])
    curve: dict[str, list[Doubles]] = {"reconet": [], "lime": []}
    for case, found in _sampled(study, model, surrogates.lime, surrogates.LIME_SAMPLES):
        for name, values in (("reconet", case.shares), ("lime", found.features)):
            order = np.argsort(-values, kind="stable")[None]
            curve[name].append(changes(model.weights, case, order, MOST)[0])
    columns: dict[str, npt.NDArray[Any]] = {"removed": np.arange(1, MOST + 1)}
    for name, changed in curve.items():
        columns |= _band(name, np.array(changed))
    columns["viewers"] = np.isfinite(np.array(curve["lime"])).sum(axis=0)
    return Table(pd.DataFrame(columns), _notes(study) | _sample_notes(study))


def agreement_table(study: Study) -> Table:
    """How far LIME and KernelSHAP agree with the exact shares, and their times, on a sample.

    `spearman` over all features, `overlap` of the strongest five, `ratio` of the times of one
    explanation; medians of times, each exact one itself the median of five.
    """
    model = study.trained(study.seeds[0])
    rows = []
    for method, samples in (
        (surrogates.lime, surrogates.LIME_SAMPLES),
        (surrogates.kernel_shap, surrogates.SHAP_SAMPLES),
    ):
        found = [
            surrogates.compare(case.shares, _seconds(model.weights, case), surrogate)
            for case, surrogate in _sampled(study, model, method, samples)
        ]
        spearman = np.array([a.spearman for a in found])
        rows.append(
            {
                "method": found[0].method,
                "spearman": spearman.mean(),
                "spearman_sd": spearman.std(ddof=1),
                "spearman_least": spearman.min(),
                "overlap": np.mean([a.overlap for a in found]),
                "exact_seconds": np.median([a.exact_seconds for a in found]),
                "surrogate_seconds": np.median([a.surrogate_seconds for a in found]),
                "ratio": np.median([a.ratio for a in found]),
                "viewers": len(found),
            }
        )
    return Table(pd.DataFrame(rows), _notes(study) | _sample_notes(study))


def _removals(study: Study, *, layer: bool) -> tuple[Doubles, Doubles]:
    """Changes by the exact order (B, MOST) and by random orders (B, ORDERS, MOST)."""
    model = study.trained(study.seeds[0], layer=layer)
    draw = np.random.default_rng(study.seeds[0])
    top, random = [], []
    for case in cases(model):
        order = np.argsort(-case.shares, kind="stable")
        shuffled = draw.permuted(np.tile(np.arange(len(order)), (ORDERS, 1)), axis=1)
        both = changes(model.weights, case, np.vstack([order, shuffled]), MOST)
        top.append(both[0])
        random.append(both[1:])
    return np.array(top), np.array(random)


def _first(study: Study, *, layer: bool) -> tuple[Doubles, Doubles]:
    """Changes after removing the top feature and one random feature, both (B,)."""
    top, random = _removals(study, layer=layer)
    counted = np.isfinite(top[:, 0])
    return top[counted, 0], random[counted, 0, 0]


def _sampled(
    study: Study, model: Trained, method: Callable[..., surrogates.Surrogate], samples: int
) -> Iterator[tuple[Case, surrogates.Surrogate]]:
    found = [case for case in cases(model) if len(case.bag) > 1]
    draw = np.random.default_rng(study.seeds[0])
    size = min(QUICK_SAMPLE if study.quick else SAMPLE, len(found))
    study.begin(size)
    for i in draw.choice(len(found), size=size, replace=False):
        case = found[i]
        seed = int(draw.integers(2**31))
        yield case, method(model.weights, case.bag, case.item, samples=samples, seed=seed)
        study.step("Comparing with a surrogate")


def _seconds(weights: Weights, case: Case) -> float:
    taken = []
    for _ in range(5):
        started = time.perf_counter()
        relevance(weights, case.bag, [case.item])
        taken.append(time.perf_counter() - started)
    return float(np.median(taken))


def _band(name: str, values: Doubles) -> dict[str, npt.NDArray[Any]]:
    """Mean over viewers (B, MOST) with its 95 % confidence band; NaN where nobody counts."""
    counted = np.isfinite(values)
    n = counted.sum(axis=0)
    known = np.where(counted, values, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = known.sum(axis=0) / n
        spread = np.where(counted, (values - mean) ** 2, 0.0).sum(axis=0) / (n - 1)
        half = 1.96 * np.sqrt(spread / n)
    return {f"{name}_mean": mean, f"{name}_low": mean - half, f"{name}_high": mean + half}


def _notes(study: Study) -> dict[str, Any]:
    return {
        "model": "with attributes",
        "seeds": [study.seeds[0]],
        "explained": "the logit of each user's best movie that is not known",
        "random_orders": ORDERS,
    }


def _sample_notes(study: Study) -> dict[str, Any]:
    return {
        "sampled_viewers": QUICK_SAMPLE if study.quick else SAMPLE,
        "lime": f"LimeTabularExplainer, {surrogates.LIME_SAMPLES} samples, the profile's features "
        "kept or removed, regression on the logit",
        "kernel_shap": f"captum, {surrogates.SHAP_SAMPLES} samples in one batch",
    }
