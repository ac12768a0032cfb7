"""Any product, recommended or not: its place, what leaves it out, what keeps it from the first."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from relrec_core import neighbours
from relrec_core.explanation import Value
from relrec_core.products.explanation.explain import Question
from relrec_core.products.explanation.result import ProductExplanation
from relrec_core.products.explanation.sentences import HALF, explains, of_categories, places
from relrec_core.products.model.ranking import Recommender


class Standing(Value):
    """Where a product stands in a ranking.

    `place` counts from 1 and is None for a product that is left out; `among` is the number of
    ranked products; `excluded` says why it is left out, as the end of a sentence. It has its
    `logit` and `probability` in either case.
    """

    logit: float
    probability: float
    place: int | None
    among: int
    excluded: str | None

    def sentence(self, item: str, query: str) -> str:
        """'‘Mug’ stands at place 57 of 199 for ‘Cap’ (12%).'"""
        if self.excluded:
            return f"‘{item}’ is not recommended: {self.excluded} ({self.probability:.0%})."
        return (
            f"‘{item}’ stands at place {self.place:,} of {self.among:,} for ‘{query}’ "
            f"({self.probability:.0%})."
        )


def standing(
    of: Recommender,
    question: Question,
    row: int,
    category: str | None = None,
    features: Tensor | None = None,
) -> Standing:
    """Where the product of this row stands, ranked as `Recommender.recommend` ranks.

    Args:
        of: what recommends.
        question: the query, the relation and the user.
        row: of the catalogue.
        category: only this one is recommended.
        features: (1, F) instead of the query's own, for "what if".
    """
    query, relation = question.query, question.relation
    number = of.relation(relation)
    d = from_all(of, question, query.features if features is None else features)
    ranked = ranks(of, question, category)
    excluded = None
    if row == query.row:
        excluded = "it is the product that was asked about"
    elif not ranked[row] and category is not None:
        excluded = f"the settings ask for products of the kind ‘{category}’ only"
    elif not ranked[row]:
        joins = relation.replace("_", " ")
        excluded = f"‘{joins}’ joins products of two kinds, and both are ‘{query.category}’"
    if query.row is not None:
        ranked[query.row] = False
    before = (d < d[row]) | ((d == d[row]) & (np.arange(len(d)) < row))
    logit = float(of.distances.bias[number] - d[row])
    return Standing(
        logit=logit,
        probability=float(1 / (1 + np.exp(-logit))),
        place=None if excluded else 1 + int((ranked & before).sum()),
        among=int(ranked.sum()),
        excluded=excluded,
    )


class UnlistedExplanation(ProductExplanation):
    """Why a product that is not among the first `listed` has its score."""

    standing: Standing
    listed: int

    @classmethod
    def of(cls, found: ProductExplanation, at: Standing, listed: int) -> UnlistedExplanation:
        """The explanation of a pair as that of a product which is not on the list."""
        own = {name: getattr(found, name) for name in type(found).model_fields}
        return cls(**own, standing=at, listed=listed)

    def sentence(self) -> str:
        """What it is, where it stands, and why."""
        said = self.standing.sentence(self.item_title, self.query_title)
        if _weak(self):
            return f"{said} {explains(self.audit.ledger)}"
        parts = (
            f"{places(self.grid('recommended'))} of its picture and {places(self.grid('query'))} "
            f"of ‘{self.query_title}’"
        )
        if self.audit.deletion.confirmed is False:
            marked = f"The map marks {parts}, but the deletion test does not confirm them."
            return f"{said} {marked}{of_categories(self.audit.ledger)}"
        return f"{said} Its score is raised most by {parts}. {explains(self.audit.ledger)}"


def kept_out(contrast: ProductExplanation, n: int) -> str:
    """What keeps a product from the first n: what the n-th has before it.

    Args:
        contrast: of the n-th product against this one.
        n: length of the list.
    """
    score, query = contrast.audit.ledger.score, contrast.query_title
    said = f"Number {n}, ‘{contrast.item_title}’ ({contrast.probability:.0%}), scores"
    if score <= 0:
        return f"{said} no more."
    said = f"{said} {score:.2f} points more"
    if _weak(contrast) or contrast.audit.deletion.confirmed is False:
        said = f"{said}; no single area of ‘{query}’ is confirmed as the reason."
    else:
        said = f"{said}, mostly because of {places(contrast.grid('query'))} of ‘{query}’."
    return f"{said}{of_categories(contrast.audit.ledger)}"


def _weak(found: ProductExplanation) -> bool:
    """Whether a map carries too little of the score to name reasons."""
    ledger = found.audit.ledger
    return ledger.features <= 0 or ledger.explained is None or ledger.explained < HALF


def from_all(of: Recommender, question: Question, features: Tensor) -> npt.NDArray[np.float32]:
    """Squared distances (N,) of features (1, F) from every product, less what categories add."""
    relation = question.relation
    with torch.inference_mode():
        y = of.distances.latents(features, of.relation(relation))[0].numpy()  # (D,)
    d = neighbours.distances(of.latents(relation), y, of.weights(relation, question.user).numpy())
    given = of.given(question.query, relation)
    return d if given is None else d - given


def ranks(of: Recommender, question: Question, category: str | None) -> npt.NDArray[np.bool_]:
    """Which products (N,) are ranked, the one that was asked about among them."""
    among = of.among(question.query, question.relation, category)
    ranked = np.full(len(of.features), among is None)
    if among is not None:
        ranked[among] = True
    return ranked
