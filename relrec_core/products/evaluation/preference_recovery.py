"""Whether personal weights recover the tastes that were planted in the studio's users."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import spearmanr
from torch import Tensor

from relrec_core.products.config import Config
from relrec_core.products.data.catalogue import (
    AFTER,
    ITEM,
    NONE,
    RELATION,
    SOURCE,
    TARGET,
    Catalogue,
)
from relrec_core.products.evaluation.study import Trained
from relrec_core.products.model import users
from relrec_core.products.model.network import Distances
from relrec_core.products.studio import ground_truth, synthetic_users
from relrec_core.products.studio.ground_truth import CAUSES


def measured(found: Trained, seed: int, number: int) -> dict[str, float]:
    """By cause: how well tastes are recovered of the catalogue's users, population 0, or others."""
    of = found.recommender
    planted = ground_truth.load(of.catalogue.folder).tastes
    if number == 0:
        return recovered(of.distances, of.features, planted)
    chance = np.random.default_rng([seed, number, 4])
    catalogue, planted = population(of.catalogue, len(planted), chance)
    settings = found.run.settings(Config)
    return recovered(learned(of.distances, of.features, catalogue, settings), of.features, planted)


def recovered(distances: Distances, x: Tensor, planted: pd.DataFrame) -> dict[str, float]:
    """By cause: rank correlation over users of learned emphasis with planted taste.

    A cause that several relations have gets the mean of their emphases.

    Args:
        distances: whose personal weights are measured.
        x: (N, F) features of the catalogue's products.
        planted: taste of each user (U, causes).
    """
    found = users.emphasis(distances, x).cpu().numpy()  # (U, R)
    relations = sorted(CAUSES)
    return {
        cause: _rank(
            found[:, [i for i, r in enumerate(relations) if CAUSES[r] == cause]].mean(axis=1),
            planted[cause].to_numpy(float),
        )
        for cause in planted.columns
    }


def population(
    catalogue: Catalogue, count: int, chance: np.random.Generator
) -> tuple[Catalogue, pd.DataFrame]:
    """The studio catalogue with other users, drawn like its own, and their tastes (U, causes)."""
    causes = sorted(set(CAUSES.values()))
    drawn = synthetic_users.draw(count, causes, chance)
    items = list(catalogue.items[ITEM])
    related = catalogue.relations.sort_values([SOURCE, TARGET])  # as the studio relates them
    ends = [catalogue.items[ITEM].iloc[related[end]] for end in (SOURCE, TARGET)]
    pairs = list(zip(*ends, related[RELATION], strict=True))
    bought = pd.DataFrame(
        synthetic_users.purchases(drawn, items, pairs, chance), columns=["user", "item", AFTER]
    )
    names = tuple(user.user_id for user in drawn)
    place = {item: row for row, item in enumerate(items)} | {"": NONE}
    rows = pd.DataFrame(
        {
            "user": bought["user"].map({name: row for row, name in enumerate(names)}),
            "item": bought["item"].map(place),
            AFTER: bought[AFTER].map(place),
        }
    )
    planted = pd.DataFrame([user.weights for user in drawn], index=names, columns=causes)
    return replace(catalogue, users=names, purchases=rows), planted


def learned(distances: Distances, x: Tensor, catalogue: Catalogue, config: Config) -> Distances:
    """The same distances with personal weights of the catalogue's users, learned as in training."""
    relations, features, dim = distances.directions.shape
    fresh = Distances(features, dim, relations, len(catalogue.users)).to(x.device)
    own = {name: value for name, value in fresh.state_dict().items() if "personal" in name}
    fresh.load_state_dict(distances.state_dict() | own)
    users.learn(fresh.requires_grad_(False), x, catalogue, config)
    return fresh


def _rank(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    return float(spearmanr(one, other).statistic)
