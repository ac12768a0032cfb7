"""Rank films for one profile or for all viewers at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy import sparse

from relrec_core.errors import CheckpointError, ProfileError
from relrec_core.movies.data.attributes import GENRE, GENRES, SEPARATOR, capital, heading, spoken
from relrec_core.movies.data.features import (
    FILM,
    FeatureSpace,
    Indices,
    feature_space,
    film_names,
    viewer_names,
)
from relrec_core.movies.data.interactions import ITEM, LIKED_FROM, RATING, USER, MovieData
from relrec_core.movies.data.split import split
from relrec_core.movies.model.clusters import alike
from relrec_core.movies.model.relevance import Doubles
from relrec_core.movies.model.scorer import Ranks, Reconet, Scorer, Scores
from relrec_core.movies.model.themes import LIKE
from relrec_core.movies.model.weights import Floats, Weights
from relrec_core.titles import unique_labels


@dataclass(frozen=True, eq=False)
class Profile:
    """One user as the model sees them: what their bag of features is made of.

    `liked` are movies (rows of items, which are their features, too) and bring their attributes;
    `own` are facts of the person, `added` and `removed` facts of either kind that were put in or
    taken away on purpose (features); `watched` and `hidden` are movies not to recommend, besides
    those liked.
    """

    name: str
    space: FeatureSpace
    liked: frozenset[int]
    own: frozenset[int]
    watched: frozenset[int]
    user: str | None = None
    added: frozenset[int] = frozenset()
    removed: frozenset[int] = frozenset()
    hidden: frozenset[int] = frozenset()

    @cached_property
    def features(self) -> Indices:
        """(n,) features in the bag, in order."""
        bag = self.space.bag(sorted(self.liked), sorted(self.own | self.added))
        return np.setdiff1d(bag, sorted(self.removed)).astype(np.int64)

    @cached_property
    def seen(self) -> Indices:
        """Movies that are not recommended (rows of items), in order."""
        return np.array(sorted(self.watched | self.liked | self.hidden), dtype=np.int64)

    def without(self, *features: int) -> Self:
        """Had these movies not been liked, and were these facts not known.

        The bag is made again: what only these movies brought goes with them.
        """
        films = frozenset(k for k in features if k < self.space.n_items)
        return replace(self, liked=self.liked - films).without_alone(*set(features) - films)

    def without_alone(self, *features: int) -> Self:
        """The same bag without these features alone; what a movie brought stays without it."""
        gone = frozenset(features)
        return replace(self, added=self.added - gone, removed=self.removed | gone)

    def hiding(self, *items: int) -> Self:
        """The same person, who does not want these movies recommended."""
        return replace(self, hidden=self.hidden | frozenset(items))

    def plus(self, *features: int) -> Self:
        """Had these movies been liked, too, with all they bring, and were these facts known."""
        films = frozenset(k for k in features if k < self.space.n_items)
        facts = frozenset(features)
        return replace(
            self,
            liked=self.liked | films,
            added=self.added | (facts - films),
            removed=self.removed - facts,
        )


@dataclass(frozen=True, eq=False)
class Ranking:
    """Films from best to worst for one profile: rows of items and their logits."""

    items: Indices
    scores: Scores


def rank(
    weights: Ranks, features: Indices, seen: Indices, n: int, base: Doubles | None = None
) -> Ranking:
    """The n films with the highest logits that were not seen; fewer if fewer are left.

    With `base` (V,) those whose logits are highest beyond it.
    """
    scores = weights.logits(features)
    value = scores.copy() if base is None else scores - base
    value[seen] = -np.inf
    n = min(n, len(scores) - len(seen))
    if n <= 0:
        raise ProfileError("This user has already seen every movie, so nothing is left to rank.")
    top = np.argpartition(value, -n)[-n:]
    top = top[np.argsort(-value[top], kind="stable")]
    return Ranking(items=top, scores=scores[top])


def genres_of(data: MovieData) -> list[tuple[str, ...]]:
    """The genres of every movie; none where the data knows of none."""
    if GENRES not in data.items.columns:
        return [()] * len(data.items)
    parts = [str(text).split(SEPARATOR) for text in data.items[GENRES]]
    return [tuple(dict.fromkeys(p.strip() for p in of if p.strip())) for of in parts]


@dataclass(frozen=True, eq=False)
class Recommender:
    """A model together with the data and the split it was trained on.

    `history` holds the liked films the model may know, `held_out` those it was never shown; `name`
    says what kind of model it is.
    """

    data: MovieData
    space: FeatureSpace
    scorer: Scorer
    history: sparse.csr_matrix
    held_out: sparse.csr_matrix
    run: str
    seed: int
    name: str = "RecoNet"

    @classmethod
    def of(
        cls, data: MovieData, weights: Weights, *, with_attributes: bool, split_seed: int, run: str
    ) -> Self:
        """Put a trained model on its data; raises `CheckpointError` if they do not belong."""
        space = feature_space(data, with_attributes)
        weights.check_belongs_to(data, space)
        parts = split(data, split_seed)
        name = "RecoNet" if weights.layer is None else "RecoNet + Layer"
        return cls(data, space, Reconet(weights), parts.known, parts.test, run, split_seed, name)

    @property
    def weights(self) -> Weights:
        """Of a RecoNet; raises `CheckpointError` where another recommender is shown."""
        if not isinstance(self.scorer, Reconet):
            raise CheckpointError(f"{self.run} is no RecoNet but {self.name}; choose a RecoNet.")
        return self.scorer.weights

    @cached_property
    def titles(self) -> list[str]:
        """Of all movies, with their years."""
        return film_names(self.data)

    @cached_property
    def viewers(self) -> list[str]:
        """Names of all users."""
        return viewer_names(self.data)

    @cached_property
    def labels(self) -> list[str]:
        """A readable name of every feature."""
        kinds, values, n = self.space.kinds, self.space.values, self.space.n_items
        attributes = [
            f"{capital(kind)}: {spoken(kind, value)}"
            for kind, value in zip(kinds[n:], values[n:], strict=True)
        ]
        return unique_labels(self.titles + attributes, range(len(kinds)))

    def group(self, feature: int) -> str:
        """The heading a feature stands under."""
        kind = self.space.kinds[feature]
        if kind == FILM:
            return "Liked movies"
        if kind in self.space.item_kinds:
            return heading(kind)
        own = [k for k in self.space.attribute_kinds if k not in self.space.item_kinds]
        return capital(", ".join(own))

    def themes(self, feature: int) -> tuple[str, ...]:
        """The genres that a movie's contribution is split over, or the genre that a feature is.

        Where the data knows of no genre a movie has one theme: those that the recommender sees
        alike, named by the one that most users liked.
        """
        if feature < self.space.n_items:
            return self._genres[feature]
        genre = self.space.kinds[feature] == GENRE
        return (self.space.values[feature],) if genre else ()

    @cached_property
    def _genres(self) -> list[tuple[str, ...]]:
        found = genres_of(self.data)
        if any(found) or not self.history.nnz:
            return found
        cluster, best = alike(self.scorer, self.history)
        names = [f"{LIKE}{self.titles[item]}" for item in best]
        return [(names[k],) for k in cluster]

    @cached_property
    def average_user(self) -> Doubles:
        """What the scorer knows of the average of all users: the reference of contributions."""
        return self.scorer.average(self.bags)

    @cached_property
    def base(self) -> Doubles:
        """The base value of every movie, the score that the average user gets: (V,)."""
        return self.scorer.base(self.average_user)

    @cached_property
    def bags(self) -> sparse.csr_matrix:
        """(B, F) features of each user, 0 or 1."""
        return self.space.bags(self.history)

    @cached_property
    def seen(self) -> sparse.csr_matrix:
        """(n_users, n_items), non-zero where a movie is not recommended again."""
        return sparse.csr_matrix(self.history + self._disliked)

    @cached_property
    def _disliked(self) -> sparse.csr_matrix:
        low = self.data.ratings[self.data.ratings[RATING] < LIKED_FROM]
        ones = np.ones(len(low), dtype=np.float32)
        return sparse.csr_matrix((ones, (low["user"], low["item"])), shape=self.history.shape)

    @cached_property
    def user_rows(self) -> dict[str, int]:
        """Id -> row of every user, in order."""
        return {str(user): row for row, user in enumerate(self.data.users[USER])}

    @cached_property
    def item_rows(self) -> dict[str, int]:
        """Id -> row of every movie, in order."""
        return {str(item): row for row, item in enumerate(self.data.items[ITEM])}

    def row(self, user_id: str) -> int:
        """Row of a viewer; raises `ProfileError` for an unknown one."""
        if user_id not in self.user_rows:
            raise ProfileError(f"There is no user '{user_id}' in {self.data.title}.")
        return self.user_rows[user_id]

    def profile(self, user_id: str) -> Profile:
        """A known viewer: history and attributes; disliked films count as seen, not as liked."""
        row = self.row(user_id)
        liked, own = self.history[row].indices, self.space.user_attributes[row].indices
        return Profile(
            f"User {user_id}",
            self.space,
            liked=frozenset(liked.tolist()),
            own=frozenset(own.tolist()),
            watched=frozenset(self._disliked[row].indices.tolist() + liked.tolist()),
            user=user_id,
        )

    def as_seen(self, profile: Profile) -> Profile:
        """The same person as this recommender sees them: another may know more or less of them."""
        theirs, index = profile.space, self.space.index

        def known(facts: frozenset[int]) -> frozenset[int]:
            pairs = ((theirs.kinds[k], theirs.values[k]) for k in facts)
            return frozenset(index[pair] for pair in pairs if pair in index)

        own = self.profile(profile.user).own if profile.user else known(profile.own)
        return replace(
            profile,
            space=self.space,
            own=own,
            added=known(profile.added),
            removed=known(profile.removed),
        )

    def new_profile(self, films: npt.ArrayLike, attributes: Sequence[int] = ()) -> Profile:
        """A viewer the model never met, from liked films (rows of items) and own attributes."""
        rows = frozenset(np.asarray(films, dtype=np.int64).tolist())
        own = frozenset(int(k) for k in attributes)
        return Profile("this user", self.space, liked=rows, own=own, watched=rows)

    def rank(self, profile: Profile, n: int = 10, *, beyond: bool = False) -> Ranking:
        """The n best unseen films, or those with most beyond the score of the average user.

        Raises:
            ProfileError: the profile is empty, or every movie was seen.
        """
        if len(profile.features) == 0:
            raise ProfileError(
                "This profile is empty, so there is nothing to base a recommendation on. "
                "Add a movie or put a removed one back."
            )
        base = self.base if beyond else None
        return rank(self.scorer, profile.features, profile.seen, n, base)

    def place(self, profile: Profile, item: int) -> int:
        """Where a movie stands among those that may be recommended, or would; from 1."""
        scores = self.scorer.logits(profile.features)
        better = scores > scores[item]
        better[profile.seen] = False
        return int(better.sum()) + 1

    def ratings(self, user_id: str) -> dict[int, float]:
        """What a known user rated: row of items -> rating."""
        row, users = self.row(user_id), self.data.ratings["user"].to_numpy()
        first, last = users.searchsorted(np.array([row, row + 1], dtype=users.dtype))
        rated = self.data.ratings.iloc[first:last]
        return dict(zip(rated["item"].tolist(), rated[RATING].astype(float).tolist(), strict=True))

    def excluded(self, profile: Profile, item: int) -> str | None:
        """Why a movie cannot be recommended: 'already watched, rated 5'; None where it can."""
        if item in profile.liked | profile.watched:
            rated = self.ratings(profile.user).get(item) if profile.user else None
            return "already watched" + ("" if rated is None else f", rated {rated:g}")
        return "hidden by you" if item in profile.hidden else None

    def probabilities(self, profile: Profile) -> Floats | None:
        """Softmax over all films, (V,): the model's estimate of the next film, where it is one."""
        if not self.scorer.chances:
            return None
        scores = self.scorer.logits(profile.features)
        odds = np.exp(scores - scores.max())
        return np.asarray(odds / odds.sum(), dtype=np.float32)
