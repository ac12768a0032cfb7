"""Why each user's best movies: exact contributions of everything at once, as rows of a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
from pydantic import JsonValue
from scipy import sparse
from scipy.special import logsumexp

from relrec_core.batch.dataset import CONFIRMED, NOTE, field, origin
from relrec_core.errors import ConfigError
from relrec_core.movies import store
from relrec_core.movies.data import histories
from relrec_core.movies.data.features import Indices
from relrec_core.movies.data.interactions import ITEM
from relrec_core.movies.explanation.counterfactual import smallest_change
from relrec_core.movies.explanation.explain import proofs
from relrec_core.movies.explanation.people import Brought, Known, People
from relrec_core.movies.model.best import best
from relrec_core.movies.model.metrics import MOST_AT_ONCE
from relrec_core.movies.model.ranking import Recommender
from relrec_core.movies.model.relevance import Doubles
from relrec_core.movies.model.scorer import Factored
from relrec_core.movies.model.shortlist import CANDIDATES, MOST_SCORED, Shortlist, kept
from relrec_core.neighbours import QUESTIONS
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
            "softmax of the scores of all movies, where the model is one of the next movie and no "
            "shortlist was made",
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
        CONFIRMED,
    ]
)


def opened(run: Path, options: Mapping[str, JsonValue]) -> MovieBatch:
    """A run's model on its data.

    Args:
        run: its folder.
        options: `top` movies of each user (10), `strongest` contributions that are named (20),
            `counterfactual` and `audit` (False), `histories`, a file of other users, `shortlist`,
            how many movies of each user are scored (all, or `CANDIDATES` where there are more than
            `MOST_SCORED`).

    Raises:
        ConfigError: a shortlist is asked for that the model cannot make, or one that is too short.
    """
    found, asked = Run.open(run), {**DEFAULTS, **options}
    recommender, file = store.recommender(found), asked.pop("histories", "")
    asked["candidates"] = candidates_of(recommender, asked.pop("shortlist", None), asked["top"])
    people: People = Known(recommender)
    if file:
        movies = [str(item) for item in recommender.data.items[ITEM]]
        people = Brought(recommender, histories.opened(Path(str(file)), movies))
    return MovieBatch(recommender, found, people, **asked)


DEFAULTS: dict[str, Any] = {"top": 10, "strongest": 20, "counterfactual": False, "audit": False}


def candidates_of(of: Recommender, wanted: int | None, top: int) -> int:
    """How many movies a shortlist has, 0 without one."""
    able = isinstance(of.scorer, Factored)
    if wanted is None:
        return CANDIDATES if able and of.space.n_items > MOST_SCORED else 0
    if not able:
        raise ConfigError(
            f"{of.name} scores by {of.scorer.method}, and not by a vector of the movie times one "
            "of the user, so that no index finds its best movies; leave out --shortlist."
        )
    if wanted < top:
        raise ConfigError(f"--shortlist is at least --top, {top}, but {wanted} was asked for.")
    return wanted


@dataclass(frozen=True, eq=False)
class MovieBatch:
    """All users who have a profile, in parts; `candidates` are of a shortlist, 0 without one."""

    recommender: Recommender
    run: Run
    people: People
    top: int
    strongest: int
    counterfactual: bool
    audit: bool = False
    candidates: int = 0

    schema = SCHEMA
    unit = "users"

    @property
    def about(self) -> dict[str, JsonValue]:
        """Hashes of model and data."""
        data = self.recommender.data
        said = origin(self.run, data.title, data.content_hash, data.licence)
        return {**said, "users_hash": self.people.content_hash, **self._shortened}

    @property
    def _shortened(self) -> dict[str, JsonValue]:
        """Of the shortlist, if there is one, how many movies it has and what it finds."""
        of = self.shortlist
        if of is None:
            return {}
        return {
            "shortlist": {"candidates": of.candidates, "recall": of.recall, "users": of.users},
            NOTE: f"The best movies are chosen from {of.candidates:,} candidates of each user, "
            f"which hold {of.recall:.1%} of the true {self.top} best (measured with "
            f"{of.users:,} users, all {self.recommender.space.n_items:,} movies scored).",
        }

    @cached_property
    def shortlist(self) -> Shortlist | None:
        """Made for some users, evenly spaced, and kept; None where all movies are scored."""
        if not self.candidates or not len(self.people):
            return None
        some = np.unique(np.linspace(0, len(self.people) - 1, 2 * QUESTIONS).astype(int)).tolist()
        bags, seen = (
            sparse.vstack([of(k, k + 1) for k in some], "csr")
            for of in (self.people.bags, self.people.seen)
        )
        there = np.diff(bags.indptr) > 0
        scorer = cast(Factored, self.recommender.scorer)
        n = min(self.top, self.recommender.space.n_items)
        return kept(scorer, bags[there], seen[there], self.candidates, n) if any(there) else None

    @property
    def sizes(self) -> list[int]:
        """Users of each part."""
        n = len(self.people)
        return [min(PART, n - start) for start in range(0, n, PART)]

    def table(self, part: int) -> pa.Table:
        """The rows of one part."""
        end = min((part + 1) * PART, len(self.people))
        fitting = max(1, MOST_AT_ONCE // self.recommender.space.n_items)
        size = CHUNK if self.shortlist else min(CHUNK, fitting)
        starts = range(part * PART, end, size)
        return pa.concat_tables([self._chunk(at, min(at + size, end)) for at in starts])

    def _chunk(self, first: int, last: int) -> pa.Table:
        """Of users whose scores of all movies fit into memory at once."""
        of, bags = self.recommender, self.people.bags(first, last)
        seen, n = self.people.seen(first, last), min(self.top, of.space.n_items)
        whole = np.full(last - first, np.nan)  # (B,)
        if self.shortlist:
            items, logits = self.shortlist.best(bags, seen, n)
        else:
            scores = of.scorer.logits_of_all(bags)  # (B, V)
            whole = logsumexp(scores.astype(np.float64), axis=1)
            items, logits = best(scores, seen, n)
        columns = _Columns(self)
        for row, name in enumerate(self.people.names(first, last)):
            bag = bags.indices[bags.indptr[row] : bags.indptr[row + 1]].astype(np.int64)
            left = int(np.isfinite(logits[row]).sum())  # who has seen nearly all gets fewer
            if left and len(bag):
                user = _User(first + row, name, bag)
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

    def change(self, user: int, item: int) -> dict[str, Any] | None:
        """The counterfactual of a user's first movie; None where no set of liked movies does it."""
        found = smallest_change(self.recommender, self.people.profile(user), item, "first")
        if not found.found:
            return None
        ids, _ = self.items
        return {"items": [ids[k] for k in found.items], "at_least": found.at_least}


@dataclass(frozen=True, eq=False)
class _User:
    """Number among all, id, and the features (n,) of the profile."""

    number: int
    name: str
    bag: Indices


class _Columns:
    """Rows as they are found, column by column."""

    def __init__(self, of: MovieBatch) -> None:
        self._of = of
        self._flat: dict[str, list[Any]] = {name: [] for name in SCHEMA.names}
        self._named: list[Indices] = []
        self._values: list[Doubles] = []
        self._sums: list[Doubles] = []

    def add(self, user: _User, items: Indices, whole: float) -> None:
        """The movies of one user; `whole` is the logarithm of the sum of exp(score) of all.

        It is no number where not all were scored.
        """
        of, bag = self._of.recommender, user.bag
        parts = of.scorer.relevance(bag, items, of.average_user)
        shares = parts.features  # (n, C)
        total = shares.sum(axis=0)
        score = parts.base + total + parts.bias + parts.epsilon
        known = of.scorer.chances and np.isfinite(whole)
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
            "user": [user.name] * len(items),
            "rank": range(1, len(items) + 1),
            "item": [ids[item] for item in items],
            "title": [titles[item] for item in items],
            "score": score,
            "probability": np.exp(score - whole) if known else [None] * len(items),
            "base": parts.base,
            "rest": total - values.sum(axis=0),
            "bias": parts.bias,
            "epsilon": parts.epsilon,
            "counterfactual": self._changes(user.number, items),
            "confirmed": self._confirmed(bag, items, shares),
        }.items():
            self._flat[name].extend(column)

    def _changes(self, user: int, items: Indices) -> list[dict[str, Any] | None]:
        first = self._of.change(user, int(items[0])) if self._of.counterfactual else None
        return [first, *[None] * (len(items) - 1)]

    def _confirmed(self, bag: Indices, items: Indices, shares: Doubles) -> list[bool | None]:
        """Whether each movie's reasons (n, C) pass both tests of the page."""
        if not self._of.audit:
            return [None] * len(items)
        scorer, average = self._of.recommender.scorer, self._of.recommender.average_user
        return [
            all(test.confirmed for test in proofs(scorer, bag, [item], shares[:, k], average))
            for k, item in enumerate(items.tolist())
        ]

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
