"""How fast films are ranked and explained, and how much longer surrogates take."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from relrec_core.explanation import Value
from relrec_core.movies import store
from relrec_core.movies.explanation import surrogates
from relrec_core.movies.explanation.explain import explain
from relrec_core.movies.model.ranking import Recommender, rank, rank_all
from relrec_core.movies.model.relevance import relevance, relevance_all

TOP = 10
REPETITIONS = 200
REPETITIONS_OF_ALL = 31
REPETITIONS_OF_SURROGATES = 5


class Measurement(Value):
    """One number of a benchmark, with what it should be at most (or, as a ratio, at least)."""

    name: str
    value: float
    unit: str
    target: float | None = None

    @property
    def met(self) -> bool | None:
        if self.target is None:
            return None
        return self.value >= self.target if self.unit == "x" else self.value <= self.target


def rows(quick: bool) -> list[dict[str, Any]]:
    """The same of the model that the dashboard shows, on its data."""
    recommender = store.recommender(store.shown_run())
    return [m.model_dump() | {"met": m.met} for m in benchmark(recommender, quick)]


def benchmark(recommender: Recommender, quick: bool = False) -> list[Measurement]:
    """Measure a model on its data: medians of repetitions, all in one run.

    LIME is measured as it comes, over the model's whole input, and eased, over the viewer's own
    features only, which is all that the pages ask of it. "Alone" is the computation of the
    shares only, on the same film of the same profile. "With data frame" ranks first, and ends
    with a table of features and shares as the dashboard shows it; "all at once" does so for every
    viewer's best films and divides by their number.
    """
    weights, bags, history = recommender.weights, recommender.bags, recommender.history
    row = int(np.argsort(np.diff(bags.indptr), kind="stable")[bags.shape[0] // 2])
    bag = bags.indices[bags.indptr[row] : bags.indptr[row + 1]].astype(np.int64)
    seen = history[row].indices.astype(np.int64)
    item = int(rank(weights, bag, seen, 1).items[0])
    labels = np.array(recommender.labels, dtype=object)
    n_viewers = bags.shape[0]

    def one() -> None:
        relevance(weights, bag, rank(weights, bag, seen, TOP).items)

    def everyone() -> None:
        items, _ = rank_all(weights, bags, history, TOP)
        relevance_all(weights, bags, items)

    def framed() -> pd.DataFrame:
        best = rank(weights, bag, seen, 1).items
        shares = relevance(weights, bag, best).features[:, 0]
        return pd.DataFrame({"feature": labels[bag], "relevance": shares})

    def everyone_framed() -> pd.DataFrame:
        items, _ = rank_all(weights, bags, history, TOP)
        shares = relevance_all(weights, bags, items)
        viewers = np.repeat(np.arange(n_viewers), np.diff(bags.indptr))
        frame = pd.DataFrame(shares, columns=[f"film {place + 1}" for place in range(TOP)])
        frame["viewer"], frame["feature"] = viewers, bags.indices
        return frame

    def audited() -> pd.DataFrame:
        profile = recommender.profile(str(recommender.data.users["user_id"].iloc[row]))
        return explain(recommender, profile, item).to_frame()

    few = 3 if quick else REPETITIONS
    some = 3 if quick else REPETITIONS_OF_ALL
    alone = _median(lambda: relevance(weights, bag, [item]), few)
    single = _median(framed, few)
    batch = _median(everyone_framed, some) / (n_viewers * TOP)
    found = [
        Measurement(name="features of the median viewer", value=len(bag), unit="features"),
        Measurement(
            name=f"median viewer, rank and explain top {TOP}",
            value=_median(one, few) * 1e6,
            unit="us",
            target=100,
        ),
        Measurement(
            name=f"{n_viewers} viewers, rank and explain top {TOP} in one call",
            value=_median(everyone, some) * 1e3,
            unit="ms",
            target=25,
        ),
        Measurement(name="one explanation, alone", value=alone * 1e6, unit="us"),
        Measurement(name="one explanation, with data frame", value=single * 1e6, unit="us"),
        Measurement(
            name="one explanation, with data frame, all at once", value=batch * 1e6, unit="us"
        ),
        Measurement(
            name="one explanation as the page shows it, with its audit",
            value=_median(audited, max(3, few // 10)) * 1e3,
            unit="ms",
        ),
    ]
    lime_samples = 200 if quick else surrogates.LIME_SAMPLES
    shap_samples = 200 if quick else surrogates.SHAP_SAMPLES

    def lime() -> surrogates.Surrogate:
        return surrogates.lime(weights, bag, item, samples=lime_samples)

    def kernel_shap() -> surrogates.Surrogate:
        return surrogates.kernel_shap(weights, bag, item, samples=shap_samples)

    def usual_lime() -> surrogates.Surrogate:
        return surrogates.lime_over_vocabulary(weights, bags, row, item, samples=lime_samples)

    usual, eased = f"LIME, {lime_samples} samples", f"LIME on the profile only, {lime_samples}"
    shap = f"KernelSHAP on the profile only, {shap_samples} samples"
    for name, method, target in (
        (usual, usual_lime, 3_000.0),
        (eased, lime, None),
        (shap, kernel_shap, 1_000.0),
    ):
        found += _ratios(name, method, labels[bag], target, (alone, single, batch), quick)
    return found


def _ratios(
    name: str,
    method: Callable[[], surrogates.Surrogate],
    labels: np.ndarray[tuple[int], np.dtype[np.object_]],
    target: float | None,
    ours: tuple[float, float, float],
    quick: bool,
) -> list[Measurement]:
    """Times of a surrogate, alone and with its data frame, as multiples of ours."""

    def framed() -> pd.DataFrame:
        return pd.DataFrame({"feature": labels, "relevance": method().features})

    repetitions = 1 if quick else REPETITIONS_OF_SURROGATES
    alone, with_frame = _median(method, repetitions), _median(framed, repetitions)
    exact, single, batch = ours
    return [
        Measurement(name=f"{name}, alone", value=alone * 1e3, unit="ms"),
        Measurement(
            name=f"{name}, longer than ours, alone", value=alone / exact, unit="x", target=target
        ),
        Measurement(
            name=f"{name}, longer than ours, with data frame",
            value=with_frame / single,
            unit="x",
            target=target,
        ),
        Measurement(
            name=f"{name}, longer than ours, with data frame, all at once",
            value=with_frame / batch,
            unit="x",
            target=target,
        ),
    ]


def _median(work: Callable[[], object], repetitions: int) -> float:
    """Seconds of one call, the median; a first call to warm up does not count."""
    work()
    taken = []
    for _ in range(repetitions):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return float(np.median(taken))
