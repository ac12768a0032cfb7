"""Synthetic users of the studio: each follows the causes of relations with weights of their own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from relrec_core.products.studio.ground_truth import CAUSES

BASKETS, FOLLOWING = 6, 4
"""How many baskets a user buys, and how many products after the first in each."""
CONCENTRATION = 0.6
"""Of the Dirichlet distribution of tastes: below 1 means that most users have a favourite cause."""


@dataclass(frozen=True)
class User:
    """A user and the weight of each cause, in the order of the causes' names; they sum to 1."""

    user_id: str
    weights: tuple[float, ...]


def draw(count: int, causes: Sequence[str], chance: np.random.Generator) -> tuple[User, ...]:
    """Users with tastes drawn from a Dirichlet distribution, rounded to 4 digits."""
    drawn = chance.dirichlet([CONCENTRATION] * len(causes), size=count)
    return tuple(
        User(f"user-{number + 1:03d}", tuple(round(float(weight), 4) for weight in weights))
        for number, weights in enumerate(drawn)
    )


def purchases(
    users: Sequence[User],
    items: Sequence[str],
    pairs: Sequence[tuple[str, str, str]],
    chance: np.random.Generator,
) -> Iterator[tuple[str, str, str]]:
    """Rows (user_id, item_id, after), in the order of buying; nobody buys a product twice.

    A basket begins with any product; each next one is related to the one before it, by a relation
    whose cause is drawn by the user's taste. `after` is empty for the first.
    """
    causes = sorted(set(CAUSES.values()))
    partners: dict[tuple[str, str], list[str]] = {}
    for source, target, relation in pairs:
        cause = CAUSES[relation]
        partners.setdefault((source, cause), []).append(target)
        partners.setdefault((target, cause), []).append(source)
    for user in users:
        weights = np.array(user.weights) / sum(user.weights)
        owned: set[str] = set()
        for _ in range(BASKETS):
            current = _any([item for item in items if item not in owned], chance)
            owned.add(current)
            yield user.user_id, current, ""
            for _ in range(FOLLOWING):
                cause = causes[int(chance.choice(len(causes), p=weights))]
                open_to = [p for p in partners.get((current, cause), ()) if p not in owned]
                if not open_to:
                    continue
                following = _any(open_to, chance)
                owned.add(following)
                yield user.user_id, following, current
                current = following


def _any(items: Sequence[str], chance: np.random.Generator) -> str:
    return items[int(chance.integers(len(items)))]
