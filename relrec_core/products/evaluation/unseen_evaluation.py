"""Pairs with a product never seen: what pictures know of them, and what categories add.

Distances are learned on features of the trunk as it is at first, which are the same for every
split; what is calibrated is calibrated on the products kept for validation.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from relrec_core.products.data.catalogue import Catalogue
from relrec_core.products.data.split import TEST, Pairs, Split
from relrec_core.products.evaluation import baselines
from relrec_core.products.evaluation.baselines import Bools
from relrec_core.products.evaluation.study import Study
from relrec_core.products.evaluation.unseen_claims import (
    ALL,
    ALONE,
    BOTH,
    DRAWN,
    PAIRS,
    RULE,
)
from relrec_core.products.model.categories import log_odds
from relrec_core.products.model.network import Distances
from relrec_core.products.training import calibration
from relrec_core.products.training.probe import Lesson

FEW, FIRM = 15, 10.0
"""Epochs and weight decay that suit products that were never seen, by those kept for validation."""
SAID = f"on features of the initial weights, as they are: {FEW} epochs, weight decay {FIRM:g}"
"""A condition of the table."""


def unseen_rows(study: Study) -> pd.DataFrame:
    """Accuracy at threshold 1/2 on balanced test pairs, by seed of the split, method, relation."""
    study.begin(len(study.seeds))
    cells, rows = study.cells("unseen", __name__), []
    dim = study.config(study.seeds[0], "items").dim
    for seed in study.seeds:
        key = study.key(seed)

        def compute(seed: int = seed) -> dict[str, Any]:
            return {"rows": _measured(study.catalogue, study.untouched(seed), seed, dim)}

        rows += cells.get(key, compute)["rows"]
        study.step(f"Products never seen, split {seed}")
    return pd.DataFrame(rows)


def _measured(catalogue: Catalogue, x: Tensor, seed: int, dim: int) -> list[dict[str, Any]]:
    split = Split(catalogue, "items", seed)
    test, rows = split.balanced(TEST, seed), []
    assert split.item_part is not None
    both = (split.item_part[test.left] == TEST) & (split.item_part[test.right] == TEST)
    groups = {PAIRS: np.ones(len(test), dtype=np.bool_), "both products unseen": both}
    for method, calls in _called(catalogue, split, x, test, seed, dim):
        right = calls == test.holds
        for title, group in groups.items():
            for number, relation in ((None, ALL), *enumerate(split.relations)):
                of = group if number is None else group & (test.relation == number)
                accuracy = float(right[of].mean()) if of.any() else None
                said = {"seed": seed, "pairs_of": title, "method": method, "relation": relation}
                rows.append(said | {"accuracy": accuracy, "pairs": int(of.sum())})
    return rows


def _called(
    catalogue: Catalogue, split: Split, x: Tensor, test: Pairs, seed: int, dim: int
) -> Iterator[tuple[str, Bools]]:
    """Every method, and which test pairs it calls related."""
    yield RULE, baselines.category_rule(catalogue, split, test, seed)
    learned = baselines.metric(x, split, dim, seed, Lesson(FEW, seed, FIRM))
    yield DRAWN, baselines.calls(learned, x, test)
    counted = log_odds(catalogue, split)
    for method, seen in ((ALONE, torch.zeros_like(x)), (BOTH, x)):
        distances: Distances = copy.deepcopy(learned)
        distances.categories = calibration.learn(distances, seen, catalogue, split, seed, counted)
        yield method, baselines.calls(distances, seen, test, catalogue)
