"""Two explained cases beside each other: contributions joined by name, and what differs."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Generic, TypeVar

import pandas as pd
import plotly.graph_objects as go

from dashboard.figures.palette import exact, signed
from dashboard.figures.report import HALF
from dashboard.figures.still import still
from relrec_core.explanation import DeletionTest, Explanation, Ledger
from relrec_core.titles import unique_labels

Span = tuple[float, float]
"""What a picture's scale reaches over: ends of an axis, or the relevance of the full colours."""
NAMED = 2
"""Differences named in the sentence."""
ASKED = frozenset({"user", "relation", "removed", "donors"})
"""Parameters that say what was asked or tested, not how contributions are counted."""

CAUTION = (
    "The two are not counted in the same way: model, method or settings differ. Their numbers can "
    "be compared only with care."
)


@dataclass(frozen=True, eq=False)
class Case(ABC):
    """One explanation as it was shown, and the address where that view is found again."""

    explanation: Explanation
    link: str

    WING: ClassVar[str]
    OTHER: ClassVar[str]
    """What else could be chosen to compare with."""
    NOUNS: ClassVar[tuple[str, str]]
    """What the summed up contributions are of, and the single ones."""
    SHARES: ClassVar[bool] = False
    """Whether contributions are shares of 1 rather than points of the score."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """What was asked about: an item, a user; what two cases differ in tells them apart."""

    @abstractmethod
    def contributions(self, *, single: bool) -> dict[str, float]:
        """By name, summed up or every single one; either way all of the score."""

    @property
    @abstractmethod
    def tests(self) -> list[tuple[str, DeletionTest, str]]:
        """Titles of the deletion tests, the tests, and what passing means, as for `judged`."""

    @property
    @abstractmethod
    def ledgers(self) -> list[Ledger]:
        """What has to sum up."""

    @property
    @abstractmethod
    def span(self) -> Span:
        """What the picture's scale has to reach over."""

    @abstractmethod
    def still(self, span: Span) -> str:
        """The picture as SVG, on a scale over `span`."""

    @abstractmethod
    def scale_in_words(self, span: Span) -> str:
        """What pictures on a scale over `span` have in common."""

    @property
    def title(self) -> str:
        """What was asked about, in one line."""
        return ", ".join(self.names)

    @property
    def counted(self) -> tuple[object, ...]:
        """Cases that differ in this count in different ways."""
        p = self.explanation.provenance
        rest = [(k, v) for k, v in sorted(p.parameters.items()) if k not in ASKED]
        return (p.run, p.method, *rest)

    def said(self, value: float) -> str:
        """A contribution in words."""
        return f"{value:.0%}" if self.SHARES else signed(value)


class ChartCase(Case):
    """A case whose picture is a chart."""

    @abstractmethod
    def figure(self, span: Span) -> go.Figure:
        """The picture on an axis over `span`."""

    @property
    @abstractmethod
    def words(self) -> str:
        """The picture in words."""

    def still(self, span: Span) -> str:
        """The picture as SVG."""
        return still(self.figure(span), self.words, HALF)


def summed(parts: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Contributions by name; those of one name are one."""
    found: dict[str, float] = defaultdict(float)
    for name, value in parts:
        found[name] += value
    return dict(found)


def remainder(ledger: Ledger, bias: str = "Bias terms") -> list[tuple[str, float]]:
    """What of the score is no contribution; `bias` is what its biases are called."""
    terms = (bias, ledger.bias), ("Not attributed", ledger.epsilon)
    return [(name, value) for name, value in terms if value]


C_co = TypeVar("C_co", bound=Case, covariant=True)


@dataclass(frozen=True, eq=False)
class Pair(Generic[C_co]):
    """Two cases of one wing."""

    first: C_co
    second: C_co

    @property
    def cases(self) -> tuple[C_co, C_co]:
        """Both, in the order pinned."""
        return self.first, self.second

    @cached_property
    def names(self) -> tuple[str, str]:
        """What tells the two apart."""
        both = list(zip(self.first.names, self.second.names, strict=True))
        parts = [(one, other) for one, other in both if one != other] or both
        named = [", ".join(side) for side in zip(*parts, strict=True)]
        one, other = unique_labels(named, (1, 2))
        return one, other

    @property
    def span(self) -> Span:
        """One scale for both pictures."""
        spans = [case.span for case in self.cases]
        return min(low for low, _ in spans), max(high for _, high in spans)

    @property
    def alike(self) -> bool:
        """Whether both count their contributions in the same way."""
        return self.first.counted == self.second.counted

    @property
    def directions(self) -> str:
        """How to read the bars of the differences."""
        one, other = self.names
        unit = "percentage points" if self.first.SHARES else "points of the score"
        return f"In {unit}. To the right: more for {one}. To the left: more for {other}."

    def joined(self, *, single: bool) -> pd.DataFrame:
        """name, first, second, difference (first minus second); the largest difference first.

        What only one of the two has is missing in the other, and counts as 0.
        """
        ones, others = (case.contributions(single=single) for case in self.cases)
        rows = [
            (name, ones.get(name), others.get(name), ones.get(name, 0.0) - others.get(name, 0.0))
            for name in ones | others
        ]
        frame = pd.DataFrame(rows, columns=["name", "first", "second", "difference"])
        frame = frame.astype({"first": float, "second": float})
        return frame.sort_values(
            "difference", key=lambda d: -d.abs(), kind="stable", ignore_index=True
        )

    def sentence(self) -> str:
        """The largest differences in words."""
        frame = self.joined(single=False)
        told = [self._told(row) for row in frame[:NAMED].to_dict("records") if row["difference"]]
        if not told:
            return f"No contribution differs between {self.names[0]} and {self.names[1]}."
        return f"What differs most: {'; then '.join(told)}."

    def _told(self, row: Mapping[Hashable, float]) -> str:
        values = [0.0 if pd.isna(row[side]) else row[side] for side in ("first", "second")]
        names, size = list(self.names), abs(row["difference"])
        if row["difference"] < 0:
            names, values = names[::-1], values[::-1]
        much = f"{100 * size:.0f} percentage points" if self.first.SHARES else exact(size)
        one, other = map(self.first.said, values)
        return f"‘{row['name']}’, {much} more for {names[0]} ({one} against {other})"

    def to_json(self) -> str:
        """Both explanations with their links, and the joined contributions."""
        cases = [
            {
                "name": case.title,
                "sentence": case.explanation.sentence(),
                "link": case.link,
                "explanation": json.loads(case.explanation.to_json()),
            }
            for case in self.cases
        ]
        tables = {
            level: json.loads(self.joined(single=single).to_json(orient="records"))
            for level, single in zip(self.first.NOUNS, (False, True), strict=True)
        }
        told = {"sentence": self.sentence(), "cases": cases, "joined": tables}
        return json.dumps(told, ensure_ascii=False, indent=2)
