"""How fast films are ranked and explained, and how much longer surrogates take."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import pandas as pd

from relrec_core.measurement import BenchmarkRow, row
from relrec_core.movies import store
from relrec_core.movies.data.features import Indices
from relrec_core.movies.evaluation.counterfactuals import by_accent, by_relevance
from relrec_core.movies.explanation import surrogates
from relrec_core.movies.explanation.counterfactual import smallest_change
from relrec_core.movies.explanation.explain import explain
from relrec_core.movies.explanation.result import Counterfactual
from relrec_core.movies.model.best import rank_all
from relrec_core.movies.model.ranking import Profile, Recommender, rank
from relrec_core.movies.model.relevance import relevance, relevance_all
from relrec_core.movies.model.weights import Floats

TOP = 10
REPETITIONS = 200
REPETITIONS_OF_ALL = 31
REPETITIONS_OF_SURROGATES = 5
USERS = 50
"""Users whose smallest sets are searched."""


def rows(quick: bool) -> list[BenchmarkRow]:
    """The same of the model that the dashboard shows, on its data."""
    return benchmark(store.recommender(store.shown_run()), quick)


@dataclass(frozen=True)
class Questions:
    """What is asked of a model about its median viewer, or about all viewers at once."""

    recommender: Recommender

    @cached_property
    def viewer(self) -> int:
        """Row of the viewer with the median number of features."""
        sizes = np.diff(self.recommender.bags.indptr)
        return int(np.argsort(sizes, kind="stable")[len(sizes) // 2])

    @cached_property
    def bag(self) -> Indices:
        """Features (n,) of the median viewer."""
        bags = self.recommender.bags
        return bags.indices[bags.indptr[self.viewer] : bags.indptr[self.viewer + 1]].astype(
            np.int64
        )

    @cached_property
    def seen(self) -> Indices:
        """Films that the median viewer knows."""
        return self.recommender.history[self.viewer].indices.astype(np.int64)

    @cached_property
    def labels(self) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
        """Of the median viewer's features."""
        return np.array(self.recommender.labels, dtype=object)[self.bag]

    @cached_property
    def item(self) -> int:
        """The median viewer's best film."""
        return int(self.best(1)[0])

    @property
    def n_viewers(self) -> int:
        """How many users there are."""
        return int(self.recommender.bags.shape[0])

    def best(self, n: int) -> Indices:
        """The median user's `n` best movies."""
        return rank(self.recommender.weights, self.bag, self.seen, n).items

    def alone(self) -> object:
        """Contributions to the best movie and nothing else."""
        return relevance(self.recommender.weights, self.bag, [self.item])

    def one(self) -> object:
        """Rank, then the contributions to the best ten."""
        return relevance(self.recommender.weights, self.bag, self.best(TOP))

    def framed(self) -> pd.DataFrame:
        """Rank, then the contributions to the best movie as a table."""
        shares = relevance(self.recommender.weights, self.bag, self.best(1)).features[:, 0]
        return pd.DataFrame({"feature": self.labels, "relevance": shares})

    def everyone(self) -> Floats:
        """The same for all users: contributions (entries of all bags, ten)."""
        of = self.recommender
        items, _ = rank_all(of.weights, of.bags, of.history, TOP)
        return relevance_all(of.weights, of.bags, items)

    def everyone_framed(self) -> pd.DataFrame:
        """The same for all users as a table."""
        shares, bags = self.everyone(), self.recommender.bags
        viewers = np.repeat(np.arange(self.n_viewers), np.diff(bags.indptr))
        frame = pd.DataFrame(shares, columns=[f"film {place + 1}" for place in range(TOP)])
        frame["viewer"], frame["feature"] = viewers, bags.indices
        return frame

    def audited(self) -> pd.DataFrame:
        """The explanation as the page shows it, with its proof, as a table."""
        users = self.recommender.data.users["user_id"]
        profile = self.recommender.profile(str(users.iloc[self.viewer]))
        return explain(self.recommender, profile, self.item).to_frame()


def benchmark(recommender: Recommender, quick: bool = False) -> list[BenchmarkRow]:
    """Measure a model on its data: medians of repetitions, all in one run.

    LIME is measured as it comes, over the model's whole input, and eased, over the viewer's own
    features only, which is all that the pages ask of it. "Alone" is the computation of the
    shares only, on the same film of the same profile. "With data frame" ranks first, and ends
    with a table of features and shares as the dashboard shows it; "all at once" does so for every
    viewer's best films and divides by their number.
    """
    of = Questions(recommender)
    few = 3 if quick else REPETITIONS
    some = 3 if quick else REPETITIONS_OF_ALL
    alone, single = _median(of.alone, few), _median(of.framed, few)
    batch = _median(of.everyone_framed, some) / (of.n_viewers * TOP)
    top, framed = f"rank and explain top {TOP}", "one explanation, with data frame"
    found = [
        row("features of the median viewer", len(of.bag), "features"),
        row(f"median viewer, {top}", _median(of.one, few) * 1e6, "us", at_most=100),
        row(
            f"{of.n_viewers} viewers, {top} in one call",
            _median(of.everyone, some) * 1e3,
            "ms",
            at_most=25,
        ),
        row("one explanation, alone", alone * 1e6, "us"),
        row(framed, single * 1e6, "us"),
        row(f"{framed}, all at once", batch * 1e6, "us"),
        row(
            "one explanation as the page shows it, with its audit",
            _median(of.audited, max(3, few // 10)) * 1e3,
            "ms",
        ),
    ]
    found += _surrogates(of, (alone, single, batch), quick)
    return found + counterfactual_rows(recommender, 3 if quick else USERS)


def _surrogates(of: Questions, ours: tuple[float, float, float], quick: bool) -> list[BenchmarkRow]:
    weights, bag, item = of.recommender.weights, of.bag, of.item
    lime = 200 if quick else surrogates.LIME_SAMPLES
    shap = 200 if quick else surrogates.SHAP_SAMPLES
    over_all = (weights, of.recommender.bags, of.viewer, item)
    found = []
    for name, method, target in (
        (
            f"LIME, {lime} samples",
            partial(surrogates.lime_over_vocabulary, *over_all, samples=lime),
            3_000.0,
        ),
        (
            f"LIME on the profile only, {lime}",
            partial(surrogates.lime, weights, bag, item, samples=lime),
            None,
        ),
        (
            f"KernelSHAP on the profile only, {shap} samples",
            partial(surrogates.kernel_shap, weights, bag, item, samples=shap),
            1_000.0,
        ),
    ):
        found += _ratios(name, method, of.labels, target, ours, quick)
    return found


def _ratios(
    name: str,
    method: Callable[[], surrogates.Surrogate],
    labels: np.ndarray[tuple[int], np.dtype[np.object_]],
    target: float | None,
    ours: tuple[float, float, float],
    quick: bool,
) -> list[BenchmarkRow]:
    """Times of a surrogate, alone and with its data frame, as multiples of ours."""

    def framed() -> pd.DataFrame:
        return pd.DataFrame({"feature": labels, "relevance": method().features})

    repetitions = 1 if quick else REPETITIONS_OF_SURROGATES
    alone, with_frame = _median(method, repetitions), _median(framed, repetitions)
    exact, single, batch = ours
    longer = f"{name}, longer than ours"
    return [
        row(f"{name}, alone", alone * 1e3, "ms"),
        row(f"{longer}, alone", alone / exact, "x", at_least=target),
        row(f"{longer}, with data frame", with_frame / single, "x", at_least=target),
        row(f"{longer}, with data frame, all at once", with_frame / batch, "x", at_least=target),
    ]


def counterfactual_rows(recommender: Recommender, users: int) -> list[BenchmarkRow]:
    """The smallest set of likes that displaces the first movie, beside two other searches.

    Over so many users with a history, evenly spread: the whole answer that the page shows beside
    the bare search in the order of relevance and ACCENT's. Sets are compared where both found one.
    """
    spread = np.linspace(0, len(recommender.data.users) - 1, users).astype(int)
    profiles = [recommender.profile(str(u)) for u in recommender.data.users["user_id"].iloc[spread]]
    asked = [(p, int(recommender.rank(p, 1).items[0])) for p in profiles if p.liked]
    searches: dict[str, Callable[[Profile, int], float]] = {
        "smallest": lambda p, item: _set(smallest_change(recommender, p, item, "first")),
        "in the order of relevance": lambda p, item: by_relevance(recommender, p, item, "first"),
        "ACCENT's search": lambda p, item: by_accent(recommender, p, item),
    }
    sizes: dict[str, Floats] = {}
    taken: dict[str, float] = {}
    for name, search in searches.items():
        search(*asked[0])
        started = time.perf_counter()
        sizes[name] = np.array([search(*one) for one in asked], dtype=np.float32)
        taken[name] = (time.perf_counter() - started) / len(asked)
    (ours, least), *others = sizes.items()
    told = "likes that displace the first movie"
    found = [row(f"{told}, smallest set, proven", taken[ours] * 1e3, "ms", at_most=10)]
    for name, size in others:
        both = ~np.isnan(least + size)
        found += [
            row(f"{told}, {name}, longer than ours", taken[name] / taken[ours], "x"),
            row(f"{told}, {name}, larger set", float(size[both].mean() / least[both].mean()), "x"),
        ]
    return found


def _set(told: Counterfactual) -> float:
    return float(len(told.items)) if told.found else np.nan


def _median(work: Callable[[], object], repetitions: int) -> float:
    """Seconds of one call, the median; a first call to warm up does not count."""
    work()
    taken = []
    for _ in range(repetitions):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return float(np.median(taken))
