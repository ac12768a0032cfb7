"""What an explanation of one movie holds: every feature's contribution, themes and the proof."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from relrec_core.explanation import Audit, DeletionTest, Explanation, Value
from relrec_core.movies.explanation import sentences

Reference = Literal["average", "none"]
"""What contributions are measured from: the average user, or nothing, as in the paper."""


class FeatureRelevance(Value):
    """One feature of the profile and its signed contribution to the score.

    `themes` are the genres of a movie or the genre itself; other features stand under their
    `group` alone.
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
        return self.raises + self.lowers


class MovieAudit(Audit):
    """Two tests of the named reasons, with different zeros.

    `deletion` removes them, and the mean is taken over what is left: it asks whether a reason is
    more than the user's own mean. `replacement` puts the average user in their place: on the
    plain model the score falls by exactly their contributions beyond the base value.
    """

    replacement: DeletionTest | None = None


class MovieExplanation(Explanation):
    """Why one movie was recommended to one user or, with `against`, why rather than another."""

    audit: MovieAudit
    viewer: str
    item: int
    title: str
    rank: int
    probability: float
    against: str | None
    features: tuple[FeatureRelevance, ...]
    reference: Reference = "none"

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
        return sentences.sentence(self)


class Move(Value):
    """Where a film stood before a change of the profile, and where it stands after."""

    item: int
    title: str
    before: int | None
    after: int
    score: float
