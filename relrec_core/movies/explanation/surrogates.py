"""Surrogate explanations of the same logit, to compare with the exact shares.

LIME (Ribeiro et al. 2016) and KernelSHAP (Lundberg and Lee 2017) probe the model with thousands
of profiles in which features are kept or removed, and fit a linear model to its answers. The
black box averages what is kept, as for any other profile.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
from scipy import sparse, stats

from relrec_core.errors import ProfileError, RelRecError
from relrec_core.faithfulness import lime as kept_or_changed
from relrec_core.movies.data.features import Indices
from relrec_core.movies.model.relevance import Doubles, score_of_kept
from relrec_core.movies.model.weights import Weights

LIME_SAMPLES = 5_000
SHAP_SAMPLES = 2_000
CHUNK = 250
TOP = 5


class ComparisonCancelled(RelRecError):
    """A surrogate was asked to stop before it had an explanation."""

    def __init__(self) -> None:
        super().__init__("The comparison was cancelled; start it again when you like.")


@dataclass(frozen=True, eq=False)
class Surrogate:
    """Weights (n,) of a linear model of the logit, aligned with the profile's features."""

    method: str
    features: Doubles
    samples: int
    seconds: float


@dataclass(frozen=True)
class Agreement:
    """How far a surrogate agrees with the exact shares, and what it costs.

    `spearman` is the rank correlation over all features, `overlap` the share of the strongest
    `TOP` supports that both name, `ratio` how many times longer the surrogate took.
    """

    method: str
    spearman: float
    overlap: float
    exact_seconds: float
    surrogate_seconds: float

    @property
    def ratio(self) -> float:
        """How many times as long the surrogate takes."""
        return self.surrogate_seconds / self.exact_seconds


def lime(
    weights: Weights,
    bag: Indices,
    item: int,
    *,
    samples: int = LIME_SAMPLES,
    seed: int = 0,
    average: Doubles | None = None,
) -> Surrogate:
    """LIME on one film of one profile by a RecoNet.

    Features that are not kept are removed or, with `average`, replaced by the average user.

    Args:
        weights: the model, as a black box.
        bag: (n,) features of the profile, at least two.
        item: the film.
        samples: profiles to probe.
        seed: of the samples.
        average: (d,) pooled profile of the average user.

    Raises:
        ProfileError: fewer than two features.
    """
    rescored = partial(score_of_kept, weights, bag, item=item, average=average)
    return lime_of(rescored, len(bag), samples=samples, seed=seed)


def lime_of(
    rescored: Callable[[npt.NDArray[np.bool_]], Doubles],
    n: int,
    *,
    samples: int = LIME_SAMPLES,
    seed: int = 0,
    cancelled: Callable[[], bool] = lambda: False,
) -> Surrogate:
    """LIME on whatever scores a profile of which a part is kept; may run in any thread.

    Args:
        rescored: the black box, kept (R, n) -> scores (R,).
        n: features of the profile, at least two.
        samples: profiles to probe.
        seed: of the samples; no global random state is used.
        cancelled: asked every few hundred probes whether to stop.

    Raises:
        ComparisonCancelled: `cancelled` said so.
        ProfileError: fewer than two features.
    """
    _require_features(n)
    started = time.perf_counter()

    def rescore(kept: npt.NDArray[np.bool_]) -> Doubles:
        scores = []
        for start in range(0, len(kept), CHUNK):
            if cancelled():
                raise ComparisonCancelled
            part = kept[start : start + CHUNK]  # (R, n)
            scores.append(rescored(part))
        return np.concatenate(scores)

    features = kept_or_changed.lime(rescore, n, samples=samples, seed=seed)
    return Surrogate("LIME", features, samples, time.perf_counter() - started)


def lime_over_vocabulary(
    weights: Weights,
    bags: sparse.csr_matrix,
    row: int,
    item: int,
    *,
    samples: int = LIME_SAMPLES,
    seed: int = 0,
) -> Surrogate:
    """LIME as it comes: the instance is the model's whole input, a column for each feature.

    Probes draw every column from its frequency among all viewers, so they add features as well
    as remove them, and LIME selects the ten strongest. `lime` asks less of it and is faster.

    Args:
        weights: the model, as a black box.
        bags: (B, F) profiles of all viewers, LIME's training data.
        row: the viewer.
        item: the film.
        samples: profiles to probe.
        seed: of the samples.

    Returns:
        Weights aligned with the viewer's features; zero for those not selected.
    """
    from lime.lime_tabular import LimeTabularExplainer

    table = bags.toarray()
    explainer = LimeTabularExplainer(
        table,
        mode="regression",
        categorical_features=range(table.shape[1]),
        discretize_continuous=False,
        random_state=np.random.RandomState(seed),
    )

    def predict(probes: npt.NDArray[np.float64]) -> Doubles:
        scores = weights.logits_of_all(sparse.csr_matrix(probes, dtype=np.float32))[:, item]
        return scores.astype(np.float64)

    started = time.perf_counter()
    found = explainer.explain_instance(table[row], predict, num_samples=samples)
    seconds = time.perf_counter() - started
    weight = dict(found.local_exp[1])
    bag = bags.indices[bags.indptr[row] : bags.indptr[row + 1]]
    features = np.array([weight.get(int(k), 0.0) for k in bag])
    return Surrogate("LIME over the vocabulary", features, samples, seconds)


def kernel_shap(
    weights: Weights, bag: Indices, item: int, *, samples: int = SHAP_SAMPLES, seed: int = 0
) -> Surrogate:
    """KernelSHAP on one film of one profile, by captum, all probes in one batch.

    Not for threads: captum draws from torch's global random state, which is put back afterwards.

    Args:
        weights: the model, as a black box.
        bag: (n,) features of the profile, at least two.
        item: the film.
        samples: profiles to probe.
        seed: of the samples.

    Raises:
        ProfileError: fewer than two features.
    """
    import torch
    from captum.attr import KernelShap

    _require_features(len(bag))
    started = time.perf_counter()

    def score(kept: torch.Tensor) -> torch.Tensor:  # (R, n) -> (R,)
        return torch.from_numpy(score_of_kept(weights, bag, kept.numpy() > 0, item))

    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        found = KernelShap(score).attribute(
            torch.ones(1, len(bag)), n_samples=samples, perturbations_per_eval=samples
        )
    features = found[0].numpy().astype(np.float64)
    return Surrogate("KernelSHAP", features, samples, time.perf_counter() - started)


def compare(exact: Doubles, exact_seconds: float, surrogate: Surrogate) -> Agreement:
    """Compare exact shares (n,) with a surrogate's weights on the same features."""
    k = min(TOP, len(exact))
    ours, theirs = (np.argsort(-x, kind="stable")[:k] for x in (exact, surrogate.features))
    return Agreement(
        method=surrogate.method,
        spearman=float(stats.spearmanr(exact, surrogate.features).statistic),
        overlap=len(np.intersect1d(ours, theirs)) / k,
        exact_seconds=exact_seconds,
        surrogate_seconds=surrogate.seconds,
    )


def _require_features(n: int) -> None:
    if n < 2:
        raise ProfileError(
            f"This profile has {n} features; a surrogate needs two or more to compare. "
            "Add a movie to it."
        )
