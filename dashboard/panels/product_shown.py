"""What the products page shows: the question, the list, and the product that is shown large."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from dashboard.components.picture import Look
from dashboard.figures import product_words as words
from dashboard.figures.heatmap import Panel
from dashboard.loaders.common import ModelKey
from dashboard.loaders.products import (
    Asked,
    product_address,
    product_picture,
    product_thumbnail,
)
from dashboard.panels.products import Choice
from dashboard.story.slide import Origin
from relrec_core.products.data.catalogue import TITLE
from relrec_core.products.explanation.explain import Explainer
from relrec_core.products.explanation.result import PairMaps
from relrec_core.products.explanation.standing import Standing
from relrec_core.products.model.ranking import Candidate, Recommender


@dataclass(frozen=True, eq=False)
class Shown:
    """The recommendations on screen, and the product that is picked.

    `standing` is that of a picked product which is not among the recommendations.
    """

    explainer: Explainer
    key: ModelKey
    choice: Choice
    candidates: list[Candidate]
    candidate: Candidate
    relevance: PairMaps
    standing: Standing | None
    look: Look
    headline: st.delta_generator.DeltaGenerator

    @property
    def of(self) -> Recommender:
        """The model that answers."""
        return self.explainer.recommender

    @property
    def asked(self) -> Asked:
        """What the visitor asked."""
        return self.choice.asked

    @property
    def roles(self) -> tuple[str, str]:
        """What stands above the two pictures."""
        return "You look at", "Not recommended" if self.standing else "Recommended"

    def title(self, row: int) -> str:
        """Title of a product by its row in the catalogue."""
        return str(self.of.catalogue.items[TITLE].iloc[row])

    def address(self, row: int) -> str:
        """The product's picture."""
        catalogue = self.of.catalogue
        return product_address(catalogue, catalogue.content_hash, row)

    def thumbnail(self, row: int) -> str:
        """The same as small as it stands in a list."""
        catalogue = self.of.catalogue
        return product_thumbnail(catalogue, catalogue.content_hash, row)

    @property
    def question(self) -> str:
        """What is asked about, in a line."""
        relation = words.relation_title(self.asked.question.relation).lower()
        query = self.asked.question.query.title
        return f"‘{self.title(self.candidate.row)}’ beside ‘{query}’, {relation}"

    def origin(self, method: str) -> Origin:
        """Where what this method says of it comes from."""
        return Origin.made(self.of.catalogue, self.of.run, self.key[1], method)

    def panels(self, found: PairMaps | None = None) -> tuple[Panel, Panel]:
        """Both pictures with their maps, of the picked product or of another."""
        found = found or self.relevance
        detail, query = self.choice.settings.detail, self.asked.question.query
        catalogue = self.of.catalogue
        theirs = product_picture(catalogue, catalogue.content_hash, found.row)
        right = found.right if found.right is not None else 0 * found.left
        return (
            Panel(self.choice.picture, found.left, query.title, detail, found.ledger.score),
            Panel(theirs, right, self.title(found.row), detail, found.ledger.score),
        )
