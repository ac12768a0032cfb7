"""What weighs in the recommendations to all users at once: sums of exact contributions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from relrec_core.errors import ProfileError
from relrec_core.movies.data.features import FILM, Indices
from relrec_core.movies.model.best import rank_all
from relrec_core.movies.model.ranking import Recommender
from relrec_core.movies.model.relevance import Doubles
from relrec_core.movies.model.scorer import Linear, Reconet, Scores

EVERYONE = "Liked by everyone"
OTHER_THEME = "No genre known"
PART = 1024
"""Users whose contributions are held at once."""


def summed(recommender: Recommender) -> bool:
    """Whether sums over all users are exact: with a layer contributions are of each user's own
    network."""
    return recommender.scorer.proves or recommender.scorer.removal != "mean"


@dataclass(frozen=True, eq=False)
class AllUsers:
    """The first n movies of every user who has a profile and as many movies left to see.

    Args:
        recommender: the plain model; with a layer contributions are of each user's own network.
        users: (B,) rows of the users.
        items: (B, n) rows of the movies.
        scores: (B, n) their scores.
    """

    recommender: Recommender
    users: Indices
    items: Indices
    scores: Scores

    @classmethod
    def of(cls, recommender: Recommender, n: int = 10) -> AllUsers:
        """Rank for all users.

        Raises:
            ProfileError: the model has a hidden layer, or no user has a profile.
        """
        if not summed(recommender):
            raise ProfileError(
                "Sums over all users are exact for the plain model only; this one has a hidden "
                "layer. Choose another on the Training page."
            )
        users = np.flatnonzero(np.diff(recommender.bags.indptr) > 0)
        if len(users) == 0:
            raise ProfileError(
                "No user of this data has a liked movie, so there is nothing to sum."
            )
        n = min(n, recommender.space.n_items)
        items, scores = rank_all(
            recommender.scorer, recommender.bags[users], recommender.seen[users], n
        )
        made = cls if isinstance(recommender.scorer, Reconet) else ByEntries
        return made(recommender, users.astype(np.int64), items.astype(np.int64), scores)

    def only(self, rows: npt.NDArray[np.bool_]) -> AllUsers:
        """Some of the users, (B,)."""
        return type(self)(self.recommender, self.users[rows], self.items[rows], self.scores[rows])

    def recommended(self, item: int) -> Indices:
        """Rows of the users whose list has this movie, those first for whom it stands highest."""
        place = np.where(self.items == item, np.arange(self.items.shape[1]), self.items.shape[1])
        best = place.min(axis=1)
        order = np.argsort(best, kind="stable")
        return np.asarray(self.users[order[best[order] < self.items.shape[1]]], dtype=np.int64)

    @cached_property
    def _centred(self) -> Doubles:
        """(F, d) embeddings beyond the average user."""
        q = self.recommender.weights.embeddings.astype(np.float64)
        return np.asarray(q - self.recommender.average_user, dtype=np.float64)

    @cached_property
    def _shares(self) -> sparse.csr_matrix:
        """(B, F): one over the size of the profile where a feature is in it."""
        bags = self.recommender.bags[self.users].astype(np.float64)
        sizes = np.diff(bags.indptr)
        return sparse.csr_matrix(sparse.diags_array(1 / sizes) @ bags)

    def by_group(self) -> pd.Series:
        """Mean of the parts of a score over all users and movies: the base value, then the groups.

        They sum to the mean score.
        """
        kinds = [self.recommender.group(k) for k in range(self.recommender.space.n_features)]
        return self._means(dict.fromkeys(kinds), [{name: 1.0} for name in kinds])

    def by_theme(self) -> pd.Series:
        """The same, with what liked movies add split over their genres in equal parts."""
        recommender = self.recommender
        parts: list[dict[str, float]] = []
        for k in range(recommender.space.n_features):
            film = recommender.space.kinds[k] == FILM
            names = recommender.themes(k) or ((OTHER_THEME if film else recommender.group(k)),)
            parts.append(dict.fromkeys(names, 1 / len(names)))
        return self._means(dict.fromkeys(name for of in parts for name in of), parts)

    def _means(self, names: dict[str, None], parts: list[dict[str, float]]) -> pd.Series:
        """Means of the base value and of sums of contributions; `parts` (F,) says to which."""
        places = {name: column for column, name in enumerate(names)}
        rows, columns, values = zip(
            *((k, places[name], part) for k, of in enumerate(parts) for name, part in of.items()),
            strict=True,
        )
        split = sparse.csr_matrix((values, (rows, columns)), shape=(len(parts), len(places)))
        means = dict(zip(places, self._split(split), strict=True))
        return pd.Series({EVERYONE: float(self.recommender.base[self.items].mean()), **means})

    def _split(self, split: sparse.csr_matrix) -> list[float]:
        """Means over users and movies of contributions that are split (F, P) over parts: (P,)."""
        outputs = self.recommender.weights.outputs.astype(np.float64)
        read = outputs[self.items].mean(axis=1)  # (B, d): linear, so movies can be averaged first
        found = []
        for column in range(split.shape[1]):
            weighted = sparse.csr_matrix(self._shares.multiply(split[:, [column]].T))
            found.append(float(((weighted @ self._centred) * read).sum(axis=1).mean()))
        return found

    @cached_property
    def pushes(self) -> tuple[Indices, Doubles]:
        """Recommended movies (C,), and what each feature adds to each over all its users (C, F).

        The sum over the users of a movie c of [k in profile] W_c . (q_k - q_mean) / n.
        """
        movies, columns = np.unique(self.items, return_inverse=True)
        rows = np.repeat(np.arange(len(self.users)), self.items.shape[1])
        listed = sparse.csr_matrix(
            (np.ones(len(rows)), (columns.ravel(), rows)), shape=(len(movies), len(self.users))
        )
        held = np.asarray((listed @ self._shares).todense())  # (C, F)
        outputs = self.recommender.weights.outputs[movies].astype(np.float64)
        return movies.astype(np.int64), np.asarray(held * (outputs @ self._centred.T))

    def movies(self) -> pd.DataFrame:
        """One row a recommended movie, most recommended first.

        `item`, `users` that get it, `score`, `base` and `own` (their mean parts), and `feature`,
        what adds most to it over all of them.
        """
        movies, pushes = self.pushes
        places = np.searchsorted(movies, self.items)
        count = np.bincount(places.ravel(), minlength=len(movies))
        total = np.bincount(places.ravel(), weights=self.scores.ravel(), minlength=len(movies))
        base = self.recommender.base[movies]
        frame = pd.DataFrame(
            {
                "item": movies,
                "users": count,
                "score": total / count,
                "base": base,
                "own": total / count - base,
                "feature": pushes.argmax(axis=1),
            }
        )
        return frame.sort_values("users", ascending=False, kind="stable", ignore_index=True)

    def features(self) -> pd.DataFrame:
        """One row a feature that some profile has, strongest first.

        `feature`, `users` who have it, `adds` to all recommendations together, points a user, and
        `item`, the movie that it pushes most.
        """
        movies, pushes = self.pushes
        users = np.diff(sparse.csc_matrix(self._shares).indptr)
        frame = pd.DataFrame(
            {
                "feature": np.arange(pushes.shape[1]),
                "users": users,
                "adds": pushes.sum(axis=0) / len(self.users),
                "item": movies[pushes.argmax(axis=0)],
            }
        )
        frame = frame[frame["users"] > 0]
        order = frame["adds"].abs().sort_values(ascending=False, kind="stable").index
        return frame.loc[order].reset_index(drop=True)

    def brings(self, item: int) -> pd.DataFrame:
        """What brings a recommended movie: `feature` and what it `adds`, mean of the movie's users.

        Strongest first; with the base value the means sum to the movie's mean score.
        """
        movies, pushes = self.pushes
        row = int(np.searchsorted(movies, item))
        users = int((self.items == item).sum())
        return _strongest("feature", np.arange(pushes.shape[1]), pushes[row] / users)

    def pushed(self, feature: int) -> pd.DataFrame:
        """What a feature pushes: `item` and what it `adds` to it, summed over users, a user."""
        movies, pushes = self.pushes
        return _strongest("item", movies, pushes[:, feature] / len(self.users))

    def having(self, feature: int) -> Indices:
        """Rows of the users who have a feature in their profile."""
        held = sparse.csc_matrix(self.recommender.bags)[:, [feature]].indices
        return np.intersect1d(self.users, held).astype(np.int64)


def _strongest(name: str, rows: Indices, adds: Doubles) -> pd.DataFrame:
    """What adds or takes away most, without what does neither."""
    order = [k for k in np.argsort(-np.abs(adds), kind="stable") if adds[k]]
    return pd.DataFrame({name: rows[order], "adds": adds[order]})


class ByEntries(AllUsers):
    """The same of a recommender that sums over the liked movies, from the shares of all users."""

    @cached_property
    def pushes(self) -> tuple[Indices, Doubles]:
        """Recommended movies (C,), and what each feature adds to each over all its users (C, F)."""
        movies, places = np.unique(self.items, return_inverse=True)
        places = places.reshape(self.items.shape)
        found = np.zeros((len(movies), self.recommender.space.n_features))
        for at in range(0, len(self.users), PART):
            part = slice(at, at + PART)
            bags = self.recommender.bags[self.users[part]]
            rows = np.repeat(np.arange(bags.shape[0]), np.diff(bags.indptr))
            cells = places[part][rows] * found.shape[1] + bags.indices[:, None]  # (nnz, N)
            parts = self._parts(bags, self.items[part])
            found += np.bincount(cells.ravel(), parts.ravel(), found.size).reshape(found.shape)
        return movies.astype(np.int64), found

    def _parts(self, bags: sparse.csr_matrix, items: Indices) -> Doubles:
        """What the entries of profiles (B, F) contribute to the movies (B, N) listed: (nnz, N)."""
        recommender, sizes = self.recommender, np.diff(bags.indptr)
        assert isinstance(recommender.scorer, Linear)
        shares = recommender.scorer.shares_of_all(bags, items)
        return shares - np.repeat(recommender.base[items] / sizes[:, None], sizes, axis=0)

    def _split(self, split: sparse.csr_matrix) -> list[float]:
        """Means over users and movies of contributions that are split (F, P) over parts: (P,)."""
        carried = self.pushes[1].sum(axis=0) / self.items.size
        return [float(part) for part in np.asarray(carried @ split).ravel()]
