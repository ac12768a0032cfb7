"""LIME on features that are kept or changed (Ribeiro et al. 2016), by the package `lime`."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from relrec_core.faithfulness.deletion import Rescore

Doubles = npt.NDArray[np.float64]


def lime(rescore: Rescore, features: int, *, samples: int, seed: int) -> Doubles:
    """Weights (n,) of a linear model of the score over which of n features are kept.

    A feature is kept with probability one half. All features enter the regression, with LIME's own
    kernel and ridge; no global random state is used.

    Args:
        rescore: kept (R, n) boolean -> (R,) score with only the kept features.
        features: n, two or more.
        samples: probes.
        seed: of the probes.
    """
    from lime.lime_tabular import LimeTabularExplainer

    def predict(kept: Doubles) -> Doubles:
        return rescore(kept > 0)

    explainer = LimeTabularExplainer(
        np.stack([np.zeros(features), np.ones(features)]),
        mode="regression",
        categorical_features=range(features),
        discretize_continuous=False,
        feature_selection="none",
        random_state=np.random.RandomState(seed),
    )
    found = explainer.explain_instance(
        np.ones(features), predict, num_features=features, num_samples=samples
    )
    weights = np.zeros(features)
    for feature, weight in found.local_exp[1]:  # 0 holds them with the sign reversed
        weights[feature] = weight
    return weights
