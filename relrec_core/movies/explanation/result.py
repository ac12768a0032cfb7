"""What an explanation of one movie holds: every feature's contribution, themes and the proof."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from relrec_core.explanation import Audit, DeletionTest, Explanation, Provenance, Value
from relrec_core.movies.explanation import sentences
from relrec_core.movies.model.removal import Removal

Reference = Literal["average", "none"]
"""What contributions are measured from: the average user, or nothing, as in the paper."""
Aim = Literal["first", "top", "named", "into"]
"""What a change of the profile is to do: displace a movie from the first place, from the first n,
let a named other one pass it, or bring it into the first n."""


class FeatureRelevance(Value):
    """One feature of the profile and its signed contribution to the score.

    `themes` are the genres of a movie or the genre itself or, where no genres are known, the
    cluster of a movie; other features stand under their `group` alone.
    """

    feature: int
    kind: str
    value: str
    label: str
    group: str
    relevance: float
    themes: tuple[str, ...] = ()

    @property
    def parts(self) -> dict[str, float]:
        """The contribution split over its themes in equal parts."""
        themes = self.themes or (self.group,)
        return dict.fromkeys(themes, self.relevance / len(themes))


@dataclass(frozen=True)
class Theme:
    """All parts of contributions under one heading, those that raise and those that lower."""

    name: str
    genre: bool
    raises: float
    lowers: float

    @property
    def total(self) -> float:
        """What it adds to the score, in points."""
        return self.raises + self.lowers


class MovieAudit(Audit):
    """Two tests of the named reasons, with different zeros.

    `deletion` removes them, and the mean is taken over what is left: it asks whether a reason is
    more than the user's own mean. `replacement` puts the average user in their place: on the
    plain model the score falls by exactly their contributions beyond the base value.
    """

    replacement: DeletionTest | None = None


class MovieExplanation(Explanation):
    """Why one movie was recommended to one user or, with `against`, why rather than another.

    `rank` is its place, `listed` the length of the list that it may stand outside of, `excluded`
    why it cannot be recommended at all; `probability` is None where scores are no chances, and
    `removal` says what becomes of the other reasons when one leaves.
    """

    audit: MovieAudit
    viewer: str
    item: int
    title: str
    rank: int
    probability: float | None
    against: str | None
    features: tuple[FeatureRelevance, ...]
    reference: Reference = "none"
    removal: Removal = "mean"
    listed: int | None = None
    excluded: str | None = None

    @property
    def recommended(self) -> bool:
        """Whether the movie is among those that are recommended."""
        return self.excluded is None and (self.listed is None or self.rank <= self.listed)

    @property
    def digits(self) -> int:
        """Decimals that contributions are drawn with: more where scores are small numbers."""
        return 2 if self.probability is not None or abs(self.score) >= 2 else 3

    @property
    def base(self) -> float:
        """The base value: the score of the average user, 0 where none is the reference."""
        return self.audit.ledger.base

    def to_frame(self) -> pd.DataFrame:
        """One row a feature, strongest support first, after the base value where there is one."""
        columns = ["label", "group", "relevance", "kind", "value"]
        rows = [[getattr(f, c) for c in columns] for f in self.features]
        if self.reference == "average":
            rows.insert(0, [sentences.everyone(self), "Base value", self.base, "base", ""])
        return pd.DataFrame(rows, columns=columns)

    @property
    def supports(self) -> tuple[FeatureRelevance, ...]:
        """Features that raise the score, strongest first."""
        return tuple(f for f in self.features if f.relevance > 0)

    @property
    def opposition(self) -> tuple[FeatureRelevance, ...]:
        """Features that lower the score, strongest first."""
        return tuple(f for f in reversed(self.features) if f.relevance < 0)

    @property
    def themes(self) -> tuple[Theme, ...]:
        """Contributions summed by theme, the largest sum first; together all contributions."""
        raises: dict[str, float] = defaultdict(float)
        lowers: dict[str, float] = defaultdict(float)
        genres = {name for f in self.features for name in f.themes}
        for f in self.features:
            for name, part in f.parts.items():
                raises[name] += max(part, 0.0)
                lowers[name] += min(part, 0.0)
        found = [Theme(name, name in genres, raises[name], lowers[name]) for name in raises]
        return tuple(sorted(found, key=lambda theme: -theme.total))

    def sentence(self) -> str:
        """The strongest reasons in words."""
        return sentences.sentence(self)


class Move(Value):
    """Where a film stood before a change of the profile, and where it stands after."""

    item: int
    title: str
    before: int | None
    after: int
    score: float


class Shift(Value):
    """Where a movie stands before a change and after it; None where it is not in the list."""

    item: int
    title: str
    before: int | None
    after: int | None


class Counterfactual(Value):
    """The smallest change of the liked movies that changes the answer, verified on the new profile.

    `movies` are not liked any more or, where the aim is "into", liked as well; what only they
    bring is `along`. No set of fewer than `at_least` movies does it; None where that is not known,
    as for a model with a layer. `shifts` are the movies of both lists, in the new order.
    """

    aim: Aim
    viewer: str
    item: int
    title: str
    other: str | None
    n: int
    found: bool
    movies: tuple[str, ...]
    items: tuple[int, ...]
    along: tuple[str, ...]
    at_least: int | None
    limit: int
    seconds: float
    removal: Removal = "mean"
    shifts: tuple[Shift, ...]
    provenance: Provenance

    @property
    def place(self) -> Shift:
        """Of the movie that was asked about."""
        return next(s for s in self.shifts if s.item == self.item)

    @property
    def first(self) -> str:
        """What stands first afterwards."""
        return next(s.title for s in self.shifts if s.after == 1)

    @property
    def proven(self) -> bool:
        """Whether fewer movies, or any where none was found, are known not to do it."""
        needed = len(self.movies) if self.found else self.limit + 1
        return self.at_least is not None and self.at_least >= needed

    def standing(self) -> str:
        """What is proven of the set's size, in words."""
        return sentences.standing(self)

    def means(self) -> str:
        """How it was found, in words."""
        return sentences.means(self)

    def sentence(self) -> str:
        """Without or with which movies the answer would be another one, in words."""
        return sentences.changed(self)

    def to_frame(self) -> pd.DataFrame:
        """One row a movie: those that change, then both lists in the new order."""
        how = "liked, too" if self.aim == "into" else "not liked"
        columns = ["label", "change", "before", "after"]
        rows: list[tuple[str, str, int | None, int | None]] = [
            (title, how, None, None) for title in self.movies
        ]
        changed = set(self.items)
        rows += [(s.title, "", s.before, s.after) for s in self.shifts if s.item not in changed]
        frame = pd.DataFrame(rows, columns=columns)
        return frame.astype({"before": "Int64", "after": "Int64"})
