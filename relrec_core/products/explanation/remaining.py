"""What a network calls related to a product once parts of its picture are gone."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from torch import Tensor

from relrec_core.errors import ConfigError
from relrec_core.explanation import Value
from relrec_core.products.data.catalogue import TITLE
from relrec_core.products.explanation.explain import Question
from relrec_core.products.explanation.sentences import HALF
from relrec_core.products.explanation.standing import from_all, ranks
from relrec_core.products.model.ranking import Recommender


class Remaining(Value):
    """How many of the ranked products are called related (probability 50 % or more).

    `new` of these `related` were not, to the whole product. `first` is the most probable product,
    and `probability` its own.
    """

    related: int
    new: int
    first: str
    probability: float

    def sentence(self) -> str:
        """'The network then calls 4 products related, first ‘Mug’ (97%), as before.'"""
        first = f"‘{self.first}’ ({self.probability:.0%})"
        if not self.related:
            return f"The network then calls nothing related; {first} comes nearest."
        products = "1 product" if self.related == 1 else f"{self.related:,} products"
        said = f"The network then calls {products} related, first {first}"
        if not self.new:
            return f"{said}, as before."
        new = "all" if self.new == self.related else f"{self.new:,}"
        which = "but" if self.related == 1 else f"{new} of them"
        return f"{said}, {which} only now: it takes what is left for something else."


def remaining(
    of: Recommender, question: Question, features: Tensor, category: str | None = None
) -> Remaining:
    """What is called related to a query of which the network sees only `features`.

    Args:
        of: what recommends.
        question: the whole query, the relation and the user.
        features: (1, F) of what is left of it.
        category: only this one is ranked.

    Raises:
        ConfigError: nothing is ranked.
    """
    query, ranked = question.query, ranks(of, question, category)
    if query.row is not None:
        ranked[query.row] = False
    if not ranked.any():
        raise ConfigError("No product is ranked.")
    before, after = (_probabilities(of, question, x) for x in (query.features, features))
    related = ranked & (after >= HALF)
    first = int(np.where(ranked, after, -1.0).argmax())
    return Remaining(
        related=int(related.sum()),
        new=int((related & (before < HALF)).sum()),
        first=str(of.catalogue.items[TITLE].iloc[first]),
        probability=float(after[first]),
    )


def _probabilities(of: Recommender, question: Question, x: Tensor) -> npt.NDArray[np.float64]:
    """(N,) of every product of the catalogue, for features x (1, F)."""
    bias = float(of.distances.bias[of.relation(question.relation)])
    g = bias - from_all(of, question, x).astype(np.float64)
    return np.asarray(1 / (1 + np.exp(-g)))
