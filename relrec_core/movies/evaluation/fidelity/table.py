"""Explanations of a published recommender and of RecoNet, by the published protocols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from relrec_core.errors import SourceError
from relrec_core.evaluation.measure import Table
from relrec_core.movies.evaluation.fidelity import orders
from relrec_core.movies.evaluation.fidelity.protocol import (
    MEASURES,
    TOPS,
    Order,
    fidelity,
)
from relrec_core.movies.evaluation.fidelity.recommenders import (
    LIKED_ABOVE,
    TEST_SHARE,
    Linear,
    explainer,
    published,
    reconet,
    similarities,
)
from relrec_core.movies.evaluation.study import Study
from relrec_core.movies.model.relevance import Doubles
from relrec_core.sources import fetch
from relrec_core.sources import published as source

DATA = "lxr-ml-1m"
USERS, QUICK_USERS = 1208, 40
"""RecoNet's users, as many as the published recommender is explained to."""

_PUBLISHED_MEASURES = ("DEL", "INS", "NDCG", *(f"POS@{top}" for top in TOPS[1:]))
PUBLISHED: Mapping[tuple[str, str], Sequence[float]] = {
    ("discrete", "Jaccard"): (0.9564, 0.7285, 0.9365, 0.9839, 0.9944, 0.9974),
    ("discrete", "Cosine"): (0.9519, 0.7568, 0.8895, 0.9656, 0.9829, 0.9916),
    ("discrete", "LIME"): (0.9469, 0.7596, 0.8850, 0.9675, 0.9833, 0.9917),
    ("discrete", "SHAP"): (0.9709, 0.6460, 0.9595, 0.9977, 0.9997, 0.9998),
    ("discrete", "ACCENT"): (0.9502, 0.7583, 0.9329, 0.9831, 0.9912, 0.9942),
    ("discrete", orders.LXR): (0.9434, 0.7841, 0.8742, 0.9561, 0.9763, 0.9864),
    ("continuous", "Cosine"): (0.7755, 0.9110, 0.5887, 0.6458, 0.7032, 0.7436),
    ("continuous", "LIME"): (0.7348, 0.9279, 0.5756, 0.6439, 0.7252, 0.7775),
    ("continuous", "SHAP"): (0.8621, 0.8497, 0.7646, 0.8504, 0.8970, 0.9214),
    ("continuous", "ACCENT"): (0.7290, 0.9104, 0.6523, 0.7073, 0.7596, 0.7967),
    ("continuous", orders.LXR): (0.5926, 0.9362, 0.4424, 0.4572, 0.5209, 0.5706),
}
"""As printed with "Refining Fidelity Metrics for Explainable Recommendations" (SIGIR 2025); its
ACCENT multiplies an empty dictionary, so that the item's own influence vanishes."""


def fidelity_table(study: Study) -> Table:
    """What is left of the published recommender's answers without the named reasons, by method.

    A row a protocol and method; `origin` says whether it was measured here or is the number its
    authors printed. Mean over the test users of the published split of MovieLens 1M.

    Raises:
        SourceError: the published recommender is not installed.
        OtherDataError: the data is not MovieLens 1M.
    """
    folder = fetch.installed(DATA)
    if folder is None:
        raise SourceError(
            "The published recommender is not on this computer yet. Get it with "
            f"`python3 scripts/fetch.py {DATA}`."
        )
    found = source.load(folder)
    linear = _fewer(published(found, study.data), study.quick)
    measured = _measured(study, linear, explainer(found, linear))
    printed = pd.DataFrame(
        [
            {
                "protocol": protocol,
                "method": method,
                "origin": "printed",
                **dict(zip(_PUBLISHED_MEASURES, values, strict=True)),
            }
            for (protocol, method), values in PUBLISHED.items()
        ]
    )
    notes = {
        "split": f"as published: ratings above {LIKED_ABOVE}, {TEST_SHARE:.0%} of the users tested",
        "settings": {"published": DATA, "rivals": orders.RIVALS},
    }
    return Table(pd.concat([measured, printed], ignore_index=True), notes)


def own_fidelity_table(study: Study) -> Table:
    """The same of a RecoNet without attributes and layer, for users drawn at random."""
    seed = study.seeds[0]
    known = study.parts(seed).known
    asked = np.flatnonzero(np.diff(known.indptr) > 0)
    drawn = np.random.default_rng(seed).choice(asked, min(USERS, len(asked)), replace=False)
    weights = study.trained(seed, attributes=False).weights
    linear = _fewer(reconet(weights, known, np.sort(drawn).astype(np.int64)), study.quick)
    return Table(_measured(study, linear, None), {"rivals": orders.RIVALS, "seeds": [seed]})


def _fewer(linear: Linear, quick: bool) -> Linear:
    if not quick:
        return linear
    few = linear.histories[:QUICK_USERS]
    return Linear(linear.inputs, linear.outputs, linear.base, linear.link, few, linear.known)


def _measured(study: Study, linear: Linear, learned: Doubles | None) -> pd.DataFrame:
    """The measures of every method, means over the users; `learned` are LXR's weights (B, V)."""
    methods: dict[str, Order] = {
        orders.EXACT: orders.exact,
        f"Exact share beyond the next {orders.RIVALS}": orders.beyond_rivals,
        orders.SMALLEST: orders.smallest_set,
        "ACCENT, as meant": orders.accent,
        **{name: orders.similar(by) for name, by in similarities(linear.known).items()},
    }
    kept: dict[tuple[str, str], list[dict[str, float]]] = {}
    study.begin(linear.histories.shape[0])
    for row, case in enumerate(linear.cases()):
        of_user = dict(methods)
        if learned is not None:
            of_user[orders.LXR] = _learned(learned[row])
        for method, order in of_user.items():
            for protocol, found in fidelity(case, order(case), linear.link).items():
                kept.setdefault((protocol, method), []).append(found)
        study.step("Removing what was named")
    return pd.DataFrame(
        [
            {
                "protocol": protocol,
                "method": method,
                "origin": "measured",
                "users": len(found),
                **{name: float(np.mean([of[name] for of in found])) for name in MEASURES},
            }
            for (protocol, method), found in kept.items()
        ]
    )


def _learned(weights: Doubles) -> Order:
    return orders.weighted(lambda entries, target: weights[entries])
