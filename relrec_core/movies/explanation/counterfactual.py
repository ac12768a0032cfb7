"""Counterfactuals: the smallest change of the liked movies that changes the answer.

Score times profile size is a sum over features, and the size is common to all movies, so that the
order of two movies is linear in what is taken away or added: exact on the plain model, and so is a
sum over the history. Attributes follow their movies. With a layer the search is by the gradient,
with a fold-in by what each change alone does; what is found is then verified. With a fold-in small
sets are tried one by one besides, as far as time allows; with a layer nothing is proven.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from relrec_core.errors import ProfileError
from relrec_core.explanation import Provenance
from relrec_core.movies.data.features import Indices
from relrec_core.movies.explanation.added import FEW, Entry, fewest_of_many
from relrec_core.movies.explanation.exhaustive import Lead, fewest_of_all
from relrec_core.movies.explanation.forms import adding, leaving, nearest, within_reach
from relrec_core.movies.explanation.result import Aim, Counterfactual, Shift
from relrec_core.movies.explanation.smallest import Bools, Form, fewest, greedy
from relrec_core.movies.model.item_vectors import AlsVectors
from relrec_core.movies.model.ranking import Profile, Recommender

SECONDS = 2.0
"""Time limit of the proof."""
GRADIENT = "greedy, by gradient"
FOLDED = "greedy and all small sets, by folding in again"
ADDED = 20
"""Most movies that are added to bring another into the list."""
MANY = 5_000
"""Of more rivals than these only those are looked at that can matter."""


def smallest_change(
    recommender: Recommender,
    profile: Profile,
    item: int,
    aim: Aim,
    *,
    other: int | None = None,
    n: int = 10,
    seconds: float = SECONDS,
) -> Counterfactual:
    """The fewest liked movies to leave out, or with "into" to add, until the aim is reached.

    Args:
        recommender: model and data.
        profile: the user.
        item: the movie that is displaced, passed or brought in (row of items).
        aim: what is to happen.
        other: the movie that passes it, for "named".
        n: length of the list.
        seconds: time limit of the proof.

    Raises:
        ProfileError: the profile is empty, or the aim is reached or has no meaning as it is.
    """
    _check(recommender, profile, item, aim, other, n)
    case = _Case(recommender, profile, item, aim, other, n)
    items, at_least = case.searched(seconds)
    found = items is not None
    items = items or []
    after = case.changed(items)
    gone = set(profile.features.tolist()) ^ set(after.features.tolist())
    along = sorted(k for k in gone if k >= recommender.space.n_items)
    titles = recommender.titles
    return Counterfactual(
        aim=aim,
        viewer=profile.name,
        item=int(item),
        title=titles[item],
        other=None if other is None else titles[other],
        n=n,
        found=found,
        movies=tuple(titles[k] for k in items),
        items=tuple(items),
        along=tuple(recommender.labels[k] for k in along),
        at_least=at_least,
        limit=case.limit,
        seconds=seconds,
        removal=recommender.scorer.removal,
        shifts=_shifts(recommender, profile, after, n, {item} if other is None else {item, other}),
        provenance=_provenance(recommender, seconds),
    )


@dataclass(frozen=True)
class _Case:
    """What is asked of whom."""

    recommender: Recommender
    profile: Profile
    item: int
    aim: Aim
    other: int | None
    n: int

    @cached_property
    def rivals(self) -> Indices:
        """Movies that pass, or that are passed."""
        if self.other is not None:
            return np.array([self.other])
        free = np.ones(self.recommender.space.n_items, dtype=bool)
        free[self.profile.seen] = free[self.item] = False
        return np.flatnonzero(free)

    @cached_property
    def moves(self) -> Indices:
        """Movies that may leave the liked ones, or come to them."""
        if self.aim == "into":
            return self.rivals
        return np.array(sorted(self.profile.liked), dtype=np.int64)

    @property
    def limit(self) -> int:
        """Most movies that change."""
        return min(ADDED, len(self.moves)) if self.aim == "into" else len(self.moves)

    def changed(self, items: list[int]) -> Profile:
        return self.profile.plus(*items) if self.aim == "into" else self.profile.without(*items)

    def searched(self, seconds: float) -> tuple[list[int] | None, int | None]:
        """The movies found, the strongest first, and how many are needed at the least."""
        need = {"first": 1, "top": self.n, "named": 1, "into": len(self.rivals) - self.n + 1}
        if need[self.aim] > len(self.rivals) or not len(self.moves):
            return None, self.limit + 1
        scorer, rivals, moves = self.recommender.scorer, self.rivals, self.moves
        needed, narrowed = need[self.aim], len(self.rivals) > MANY
        if narrowed and self.aim == "into":
            rivals, moves = nearest(self.recommender, self.profile, self.item, rivals, moves)
            needed = len(rivals) - self.n + 1
        elif narrowed and scorer.proves:
            rivals = within_reach(self.recommender, self.profile, self.item, rivals, moves, needed)
        made = adding if self.aim == "into" else leaving
        form = made(self.recommender, self.profile, self.item, rivals, moves)

        def enough(taken: Bools) -> bool:
            return self.holds(moves[taken].tolist())

        taken, at_least = None, None
        if scorer.proves:
            best = fewest(form, needed, self.limit, seconds)
            taken, at_least = best.taken, best.at_least
        if not scorer.proves or (taken is not None and not enough(taken)):  # a tie within rounding
            taken = greedy(form, needed, self.limit, enough)
        items = None if taken is None else [int(moves[k]) for k in _strongest(form, taken)]
        size, fewer = self.limit + 1 if items is None else len(items), None
        if isinstance(scorer, AlsVectors):
            lead = Lead(scorer, self.profile.features, self.item, rivals, needed)
            adds = self.aim == "into"
            fewer, at_least = fewest_of_all(lead, self.moves, size, self.holds, seconds, adds=adds)
        elif narrowed and self.aim == "into" and scorer.proves:
            entry = Entry(self.recommender, self.profile, self.item, rivals[:FEW], self.n)
            fewer, at_least = fewest_of_many(entry, self.moves, size, self.holds, seconds)
        return fewer or items, at_least

    def holds(self, items: list[int]) -> bool:
        """Whether the aim is reached with this change."""
        after = self.changed(items)
        return reached(self.recommender, after, self.item, self.aim, self.other, self.n)


def aims(recommender: Recommender, profile: Profile, item: int, n: int) -> tuple[Aim, ...]:
    """What can be asked about a movie, by its place; nothing where it may not be recommended."""
    if item in profile.seen:
        return ()
    place = recommender.place(profile, item)
    inside: tuple[Aim, ...] = ("first", "top", "named") if place == 1 else ("top", "named")
    return inside if place <= n else ("into", "named")


def _check(
    recommender: Recommender, profile: Profile, item: int, aim: Aim, other: int | None, n: int
) -> None:
    if len(profile.features) == 0:
        raise ProfileError("An empty profile has no liked movies to change. Add a movie to it.")
    title = recommender.titles[item]
    if aim not in aims(recommender, profile, item, n):
        raise ProfileError(
            f"{title} is not among the movies that can be recommended."
            if item in profile.seen
            else f"{title} stands at place {recommender.place(profile, item)}, so that this "
            "question does not arise."
        )
    if aim == "named":
        if other is None or other == item or other in profile.seen:
            raise ProfileError(f"Name another movie that may pass {title}.")
        if recommender.place(profile, other) < recommender.place(profile, item):
            raise ProfileError(f"{recommender.titles[other]} stands above {title} already.")


def reached(
    recommender: Recommender, after: Profile, item: int, aim: Aim, other: int | None, n: int
) -> bool:
    """Whether the profile, made again, ranks as it should."""
    if len(after.features) == 0:
        return False
    if other is not None:
        scores = recommender.scorer.logits(after.features)
        return bool(scores[other] > scores[item])
    place = recommender.place(after, item)
    return place <= n if aim == "into" else place > (1 if aim == "first" else n)


def _strongest(form: Form, taken: Bools) -> list[int]:
    """The moves taken, those first that gain most with the rivals on average."""
    near = np.argsort(np.abs(form.gaps))[:20]
    chosen = np.flatnonzero(taken)
    order = np.argsort(-form.gains[np.ix_(chosen, near)].mean(axis=1))
    return [int(k) for k in chosen[order]]


def _shifts(
    recommender: Recommender, before: Profile, after: Profile, n: int, named: Iterable[int]
) -> tuple[Shift, ...]:
    """The first n of both lists and the named movies: their places before and after."""
    size = recommender.space.n_items
    listed = [recommender.rank(p, n).items.tolist() for p in (before, after)]
    shown = {*listed[0], *listed[1], *named}
    old, new = (
        {i: places.index(i) + 1 if i in places else recommender.place(p, i) for i in shown}
        for p, places in zip((before, after), listed, strict=True)
    )
    for p, places in ((before, old), (after, new)):
        for item in shown & set(p.seen.tolist()):
            del places[item]
    return tuple(
        Shift(item=i, title=recommender.titles[i], before=old.get(i), after=new.get(i))
        for i in sorted(shown, key=lambda i: (new.get(i, size + 1), old.get(i, 0)))
    )


def _provenance(recommender: Recommender, seconds: float) -> Provenance:
    scorer = recommender.scorer
    searched = FOLDED if scorer.removal == "fold-in" else GRADIENT
    return Provenance.of(
        recommender.data,
        recommender.run,
        "smallest set, bounds and mixed-integer program" if scorer.proves else searched,
        {"seconds": seconds},
        recommender.seed,
    )
