"""What else: the products nearest to one, for a relation and a user (Bharadhwaj 2018, eq. 5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from relrec_core import neighbours
from relrec_core.errors import CheckpointError, ConfigError
from relrec_core.lrp import Head
from relrec_core.neighbours import Rows, Vectors
from relrec_core.products.config import Config
from relrec_core.products.data.catalogue import (
    CATEGORY,
    ITEM,
    RELATION,
    SOURCE,
    TARGET,
    TITLE,
    Catalogue,
)
from relrec_core.products.data.images import NORMALISATIONS
from relrec_core.products.data.pictures import Pictures
from relrec_core.products.model.categories import CATEGORY_POINTS, Categories
from relrec_core.products.model.features import FEATURES
from relrec_core.products.model.network import Distances
from relrec_core.products.model.trunks import trunk
from relrec_core.runs.directory import Run

ENOUGH = 5
"""Products a category must have for an average one to be spoken of."""
CROSSING = 0.05
"""A relation with a smaller share of pairs within a category is one between categories."""


@dataclass(frozen=True, eq=False)
class Query:
    """A product of the catalogue, or a picture that somebody brought.

    Args:
        row: of the catalogue, or None.
        title: what to call it.
        category: of the product; empty if unknown.
        picture: (1, 3, S, S) as the trunk reads it.
        features: (1, F).
    """

    row: int | None
    title: str
    category: str
    picture: Tensor
    features: Tensor


@dataclass(frozen=True)
class Candidate:
    """A recommended product: row of the catalogue, logit g = q - d, with what the categories add
    where they count, and probability sigmoid(g)."""

    row: int
    logit: float
    probability: float


class Recommender:
    """A trained network, a catalogue, and what the network saw in each of its products."""

    def __init__(
        self,
        catalogue: Catalogue,
        net: nn.Sequential,
        distances: Distances,
        features: Tensor,
        pictures: Pictures,
        run: str,
        seed: int,
    ) -> None:
        self.catalogue, self.pictures = catalogue, pictures
        self.trunk = net.eval().requires_grad_(False)
        self.distances = distances.requires_grad_(False)
        self.features = features
        """(N, F)"""
        self.run, self.seed = run, seed
        self._indexes: dict[int, neighbours.Index] = {}
        self._latents: dict[int, Vectors] = {}
        self._crossing: dict[str, bool] = {}
        self._pairs: dict[str, Rows] = {}

    @classmethod
    def of(cls, run: Run, config: Config, catalogue: Catalogue) -> Recommender:
        """The network that a run stored, on the catalogue that it stored the features of.

        Raises:
            CheckpointError: damaged, of another trunk or catalogue, or with values that are not
                numbers.
        """
        tensors, about = run.read_checkpoint()
        for name, expected in (("trunk", config.trunk), ("dim", config.dim), ("side", config.side)):
            if about.get(name) != expected:
                raise CheckpointError(
                    f"The checkpoint of run {run.name} has {name} {about.get(name)}, its settings "
                    f"say {expected}; train again."
                )
        if about.get("catalogue_hash") != catalogue.content_hash:
            raise CheckpointError(
                f"Run {run.name} belongs to another state of the catalogue {catalogue.title}: "
                "products, pictures or relations changed since. Train again."
            )
        broken = [name for name, value in tensors.items() if not _finite(value)]
        if broken:
            raise CheckpointError(
                f"The checkpoint of run {run.name} holds values that are not numbers, in "
                f"{broken[0]}; train again."
            )
        net = trunk(config.trunk)
        distances = Distances(
            tensors[FEATURES].shape[1], config.dim, len(about["relations"]), len(about["users"])
        )
        try:
            net.load_state_dict(_part(tensors, "trunk."))
            distances.load_state_dict(_part(tensors, "distances."))
        except RuntimeError as error:
            raise CheckpointError(
                f"The checkpoint of run {run.name} does not fit its trunk {config.trunk}."
            ) from error
        pictures = Pictures(catalogue, config.side, NORMALISATIONS[about["normalisation"]])
        if "categories" in about:
            names, table = tuple(about["categories"]), tensors[CATEGORY_POINTS].numpy()
            shape = (len(about["relations"]), len(names), len(names))
            if table.shape != shape:
                raise CheckpointError(
                    f"The checkpoint of run {run.name} has points of categories shaped "
                    f"{table.shape}, not {shape}; train again."
                )
            distances.categories = Categories(names, table)
        return cls(
            catalogue, net, distances, tensors[FEATURES], pictures, run.name, config.split_seed
        )

    @cached_property
    def relations(self) -> tuple[str, ...]:
        """Names of the relations, by number."""
        return self.catalogue.relation_names

    @cached_property
    def _categories(self) -> np.ndarray[tuple[int], np.dtype[np.str_]]:
        return self.catalogue.items[CATEGORY].to_numpy(str)

    @cached_property
    def _places(self) -> Rows:
        of = self.distances.categories
        return np.zeros(0, int) if of is None else of.places(self._categories.tolist())

    @property
    def counts_categories(self) -> bool:
        """Whether categories add to the logit of a pair, beside its pictures."""
        return self.distances.categories is not None

    def given(self, query: Query, relation: str) -> Vectors | None:
        """Points (N,) that the categories of the query and of every product add to their logit;
        None where only pictures count."""
        of = self.distances.categories
        if of is None:
            return None
        (own,) = of.places([query.category])
        return of.points(self.relation(relation), own, self._places).astype(np.float32)

    def points(self, query: Query, relation: str, rows: Sequence[int]) -> list[float]:
        """Those of some products, by their rows; 0 where only pictures count."""
        given = self.given(query, relation)
        return [0.0 if given is None else float(given[row]) for row in rows]

    def relation(self, name: str) -> int:
        """Number of a relation; `ConfigError` if the catalogue has none of that name."""
        if name not in self.relations:
            raise ConfigError(
                f"There is no relation '{name}'; this catalogue has {', '.join(self.relations)}."
            )
        return self.relations.index(name)

    def query(self, item: str) -> Query:
        """A product of the catalogue by its id; `ConfigError` if there is none."""
        rows = np.flatnonzero(self.catalogue.items[ITEM].to_numpy() == item)
        if not len(rows):
            raise ConfigError(f"There is no product '{item}' in {self.catalogue.title}.")
        return self.query_at(int(rows[0]))

    def query_at(self, row: int) -> Query:
        """A product of the catalogue by its row."""
        about = self.catalogue.items.iloc[row]
        picture = self.pictures.batch([row])
        return Query(row, about[TITLE], about[CATEGORY], picture, self.features[row : row + 1])

    def brought(self, picture: Image.Image, title: str = "Your picture") -> Query:
        """Any picture as a query."""
        x = self.pictures.tensor(picture)
        return Query(None, title, "", x, self.seen(x))

    @torch.inference_mode()
    def seen(self, pictures: Tensor) -> Tensor:
        """Features (B, F) of pictures (B, 3, S, S)."""
        return self.trunk(pictures)  # type: ignore[no-any-return]

    def latents(self, relation: str) -> Vectors:
        """y (N, D) of all products, computed once."""
        number = self.relation(relation)
        if number not in self._latents:
            self._latents[number] = latents_of(self.distances, self.features, number)
        return self._latents[number]

    def centre(self, relation: str, categories: Sequence[str] = ()) -> Tensor:
        """Mean latents of all products (D,), or of the products of each category (n, D).

        A category of fewer than `ENOUGH` products, or an unknown one, counts as all products.
        """
        latents = self.latents(relation)
        if not categories:
            return torch.from_numpy(latents.mean(axis=0))
        means = []
        for category in categories:
            own = self._categories == category
            means.append(latents[own if own.sum() >= ENOUGH else slice(None)].mean(axis=0))
        return torch.from_numpy(np.stack(means))

    def weights(self, relation: str, user: str | None = None) -> Tensor:
        """w (D,): ones, or one user's; `ConfigError` for an unknown user."""
        number = self.relation(relation)
        if user is None:
            return self.distances.weights()[number]
        if user not in self.catalogue.users:
            raise ConfigError(f"There is no user '{user}' in {self.catalogue.title}.")
        at = torch.tensor(self.catalogue.users.index(user))
        with torch.inference_mode():
            return self.distances.weights(at)[number]

    def head(self, relation: str, user: str | None = None) -> Head:
        """The distance that a relation and a user ask for."""
        return self.distances.head(self.relation(relation), self.weights(relation, user))

    def crosses(self, relation: str) -> bool:
        """Whether nearly all known pairs of the relation are of two categories."""
        if relation not in self._crossing:
            frame = self.catalogue.relations
            pairs = frame[frame[RELATION] == relation]
            same = self._categories[pairs[SOURCE]] == self._categories[pairs[TARGET]]
            self._crossing[relation] = bool(same.mean() < CROSSING)
        return self._crossing[relation]

    def known(self, query: Query, relation: str, row: int) -> bool:
        """Whether the catalogue itself relates the two."""
        if query.row is None:
            return False
        if relation not in self._pairs:
            frame = self.catalogue.relations
            of = frame[frame[RELATION] == relation]
            numbers = of[SOURCE].to_numpy(np.int64) * len(self.features) + of[TARGET]
            self._pairs[relation] = np.sort(numbers)
        low, high = sorted((query.row, row))
        pairs, number = self._pairs[relation], low * len(self.features) + high
        at = int(np.searchsorted(pairs, number))
        return at < len(pairs) and bool(pairs[at] == number)

    def recommend(
        self,
        query: Query,
        relation: str,
        user: str | None = None,
        n: int = 3,
        *,
        category: str | None = None,
        features: Tensor | None = None,
    ) -> list[Candidate]:
        """The n most probable products, most probable first, never the query itself.

        Args:
            query: what to start from.
            relation: which distance.
            user: whose weights; everybody's if not given.
            n: at most so many.
            category: only of this one; without it, of all, or of all but the query's where the
                relation is one between categories.
            features: (1, F) instead of the query's own, for "what if".
        """
        number = self.relation(relation)
        x = query.features if features is None else features
        with torch.inference_mode():
            y = self.distances.latents(x, number)[0].numpy()  # (D,)
        w = self.weights(relation, user).numpy()
        latents = self.latents(relation)
        among, given = self.among(query, relation, category), self.given(query, relation)
        if among is None and len(latents) > neighbours.EXACT_UP_TO:
            if number not in self._indexes:
                self._indexes[number] = neighbours.Index.build(latents)
            rows, d = self._indexes[number].nearest(y, w, n + 1, given)
        else:
            rows, d = neighbours.nearest(latents, y, w, n + 1, among, given)
        keep = rows != query.row if query.row is not None else np.ones(len(rows), dtype=np.bool_)
        g = float(self.distances.bias[number]) - d[keep][:n]
        p = 1 / (1 + np.exp(-g))
        return [
            Candidate(int(row), float(logit), float(chance))
            for row, logit, chance in zip(rows[keep][:n], g, p, strict=True)
        ]

    def among(self, query: Query, relation: str, category: str | None) -> Rows | None:
        """Rows that may be recommended, the query's own perhaps among them; None: all."""
        if category is not None:
            return np.flatnonzero(self._categories == category)
        if query.category and self.crosses(relation):
            return np.flatnonzero(self._categories != query.category)
        return None


@torch.inference_mode()
def latents_of(distances: Distances, features: Tensor, relation: int) -> Vectors:
    """y (N, D) of features (N, F), a part of the products at a time."""
    parts = torch.split(features, neighbours.CHUNK)
    return np.concatenate([distances.latents(part, relation).numpy() for part in parts])


def _finite(value: Tensor) -> bool:
    """Whether all of it are numbers, looked at by parts."""
    return all(bool(part.isfinite().all()) for part in torch.split(value.flatten(), 1 << 24))


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {n.removeprefix(prefix): v for n, v in tensors.items() if n.startswith(prefix)}
