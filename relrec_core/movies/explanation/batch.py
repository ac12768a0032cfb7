"""Why each user's best movies: exact contributions of everything at once, as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pydantic import JsonValue
from scipy.special import logsumexp

from relrec_core.batch.dataset import field, origin
from relrec_core.movies import store
from relrec_core.movies.data.features import Indices
from relrec_core.movies.data.interactions import ITEM, USER
from relrec_core.movies.explanation.counterfactual import smallest_change
from relrec_core.movies.model.best import best
from relrec_core.movies.model.ranking import Recommender
from relrec_core.movies.model.relevance import Doubles
from relrec_core.runs.directory import Run

PART, CHUNK = 2000, 256
"""Users in a part, and whose scores of all movies are held at once."""
NAMED = pa.struct(
    [("group", pa.string()), ("id", pa.string()), ("name", pa.string()), ("value", pa.float64())]
)
CHANGE = pa.struct([("items", pa.list_(pa.string())), ("at_least", pa.int32())])
SCHEMA = pa.schema(
    [
        field("user", pa.string(), "id of the user"),
        field("rank", pa.int32(), "place among the movies not yet seen, from 1"),
        field("item", pa.string(), "id of the movie"),
        field("title", pa.string(), "title and year"),
        field("score", pa.float64(), "logit: base + sum of all contributions + bias + epsilon"),
        field(
            "probability",
            pa.float64(),
            "softmax of the scores of all movies, where the model is one of the next movie",
        ),
        field("base", pa.float64(), "base value: the score that the average user gets"),
        field(
            "groups",
            pa.list_(pa.struct([("group", pa.string()), ("value", pa.float64())])),
            "sums of the contributions by group; with base, bias and epsilon they are the score",
        ),
        field("contributions", pa.list_(NAMED), "the strongest contributions, strongest first"),
        field("rest", pa.float64(), "sum of the contributions that are not named"),
        field("bias", pa.float64(), "what biases took (models with a hidden layer)"),
        field("epsilon", pa.float64(), "what the stabiliser took (models with a hidden layer)"),
        field(
            "counterfactual",
            CHANGE,
            "where asked for, of the first movie: the fewest liked movies without which another "
            "stands first, and how many are needed at the least",
        ),
    ]
)


def opened(run: Path, options: Mapping[str, JsonValue]) -> MovieBatch:
    """A run's model on its data.

    Args:
        run: its folder.
        options: `top` movies of each user (10), `strongest` contributions that are named (20),
            `counterfactual` (False).
    """
    found = Run.open(run)
    return MovieBatch(store.recommender(found), found, **{**DEFAULTS, **options})


DEFAULTS: dict[str, Any] = {"top": 10, "strongest": 20, "counterfactual": False}


@dataclass(frozen=True, eq=False)
class MovieBatch:
    """All users who have a profile, in parts."""

    recommender: Recommender
    run: Run
    top: int
    strongest: int
    counterfactual: bool

    schema = SCHEMA
    unit = "users"

    @property
    def about(self) -> dict[str, JsonValue]:
        """Hashes of model and data."""
        data = self.recommender.data
        return origin(self.run, data.title, data.content_hash, data.licence)

    @cached_property
    def _users(self) -> Indices:
        return np.flatnonzero(np.diff(self.recommender.bags.indptr) > 0).astype(np.int64)

    @property
    def sizes(self) -> list[int]:
        """Users of each part."""
        starts = range(0, len(self._users), PART)
        return [min(PART, len(self._users) - start) for start in starts]

    def table(self, part: int) -> pa.Table:
        """The rows of one part."""
        users = self._users[part * PART : (part + 1) * PART]
        chunks = [self._chunk(users[at : at + CHUNK]) for at in range(0, len(users), CHUNK)]
        return pa.concat_tables(chunks)

    def _chunk(self, users: Indices) -> pa.Table:
        """Of users whose scores of all movies fit into memory at once."""
        of = self.recommender
        scores = of.scorer.logits_of_all(of.bags[users])  # (B, V)
        whole = logsumexp(scores.astype(np.float64), axis=1)  # (B,)
        items, logits = best(scores, of.seen[users], min(self.top, of.space.n_items))
        columns = _Columns(self)
        for row, user in enumerate(users.tolist()):
            left = int(np.isfinite(logits[row]).sum())  # who has seen nearly all gets fewer
            if left:
                columns.add(user, items[row, :left], float(whole[row]))
        return columns.table()

    @cached_property
    def groups(self) -> tuple[tuple[str, ...], Doubles]:
        """Names of the groups (G,), and which each feature is in: (G, F), 0 or 1."""
        of = [self.recommender.group(k) for k in range(self.recommender.space.n_features)]
        names = tuple(dict.fromkeys(of))
        number = {name: g for g, name in enumerate(names)}
        member = np.zeros((len(names), len(of)))
        member[[number[name] for name in of], np.arange(len(of))] = 1
        return names, member

    @cached_property
    def names(self) -> dict[str, pa.Array]:
        """Of every feature: its group, its id (of a movie) or value, and what it is called."""
        of = self.recommender
        groups = [of.group(k) for k in range(of.space.n_features)]
        return {
            "group": pa.array(groups),
            "id": pa.array(of.space.values),
            "name": pa.array(of.labels),
        }

    @cached_property
    def items(self) -> tuple[list[str], list[str]]:
        """Ids and titles of all movies."""
        return [str(item) for item in self.recommender.data.items[ITEM]], self.recommender.titles

    @cached_property
    def users(self) -> list[str]:
        """Ids of all users."""
        return [str(user) for user in self.recommender.data.users[USER]]

    def change(self, user: int, item: int) -> dict[str, Any] | None:
        """The counterfactual of a user's first movie; None where no set of liked movies does it."""
        profile = self.recommender.profile(self.users[user])
        found = smallest_change(self.recommender, profile, item, "first")
        if not found.found:
            return None
        ids, _ = self.items
        return {"items": [ids[k] for k in found.items], "at_least": found.at_least}


class _Columns:
    """Rows as they are found, column by column."""

    def __init__(self, of: MovieBatch) -> None:
        self._of = of
        self._flat: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}
        self._named: list[Indices] = []
        self._values: list[Doubles] = []
        self._sums: list[Doubles] = []

    def add(self, user: int, items: Indices, whole: float) -> None:
        """The movies of one user; `whole` is the logarithm of the sum of exp(score) of all."""
        of = self._of.recommender
        bag = of.bags.indices[of.bags.indptr[user] : of.bags.indptr[user + 1]].astype(np.int64)
        parts = of.scorer.relevance(bag, items, of.average_user)
        shares = parts.features  # (n, C)
        total = shares.sum(axis=0)
        score = parts.base + total + parts.bias + parts.epsilon
        k = min(self._of.strongest, len(bag))
        named = np.argpartition(-np.abs(shares), k - 1, axis=0)[:k]  # (k, C)
        order = np.argsort(-np.abs(np.take_along_axis(shares, named, 0)), axis=0, kind="stable")
        named = np.take_along_axis(named, order, 0)
        values = np.take_along_axis(shares, named, 0)
        self._named.append(bag[named].T)
        self._values.append(values.T)
        self._sums.append((self._of.groups[1][:, bag] @ shares).T)
        ids, titles = self._of.items
        for name, column in {
            "user": [self._of.users[user]] * len(items),
            "rank": range(1, len(items) + 1),
            "item": [ids[item] for item in items],
            "title": [titles[item] for item in items],
            "score": score,
            "probability": np.exp(score - whole) if of.scorer.chances else [None] * len(items),
            "base": parts.base,
            "rest": total - values.sum(axis=0),
            "bias": parts.bias,
            "epsilon": parts.epsilon,
            "counterfactual": self._changes(user, items),
        }.items():
            self._flat[name].extend(column)

    def _changes(self, user: int, items: Indices) -> list[dict[str, Any] | None]:
        first = self._of.change(user, int(items[0])) if self._of.counterfactual else None
        return [first, *[None] * (len(items) - 1)]

    def table(self) -> pa.Table:
        """All rows."""
        named = [row for of in self._named for row in of]
        offsets = np.concatenate([[0], np.cumsum([len(row) for row in named])]).astype(np.int32)
        at = pa.array(np.concatenate(named) if named else np.empty(0, np.int64))
        values = np.concatenate([row for of in self._values for row in of] or [np.empty(0)])
        columns = [self._of.names[name].take(at) for name in ("group", "id", "name")]
        built = {
            "contributions": pa.ListArray.from_arrays(
                offsets, pa.StructArray.from_arrays([*columns, pa.array(values)], fields=[*NAMED])
            ),
            "groups": self._groups(),
        }
        arrays = [
            built.get(f.name) if f.name in built else pa.array(self._flat[f.name], f.type)
            for f in SCHEMA
        ]
        return pa.table(arrays, schema=SCHEMA)

    def _groups(self) -> pa.Array:
        names, _ = self._of.groups
        sums = np.concatenate(self._sums) if self._sums else np.empty((0, len(names)))
        kind = SCHEMA.field("groups").type.value_type
        rows = np.tile(np.arange(len(names)), len(sums))
        offsets = np.arange(0, len(rows) + 1, max(len(names), 1), dtype=np.int32)
        of = [pa.array(list(names)).take(pa.array(rows)), pa.array(sums.ravel())]
        return pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays(of, fields=[*kind]))
