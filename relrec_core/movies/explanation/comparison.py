"""Two recommenders for one user: what both list, what only one does, and why."""

from __future__ import annotations

import pandas as pd
from scipy import stats

from relrec_core.explanation import Provenance, Value
from relrec_core.movies.data.features import FILM
from relrec_core.movies.explanation.result import MovieExplanation
from relrec_core.movies.explanation.sentences import listed, spoken

NAMED = 2
"""Movies of one list alone that the sentence names."""
ALIKE, UNLIKE = 0.7, 0.3
"""Rank correlations of contributions from which on the reasons are much the same, or others."""


class Placed(Value):
    """A movie of either list, with its place by both recommenders; None where it has none."""

    item: int
    title: str
    first: int | None
    second: int | None


class Comparison(Value):
    """Two lists of n movies for one user, and the reasons for one movie by both."""

    names: tuple[str, str]
    viewer: str
    n: int
    movies: tuple[Placed, ...]
    reasons: tuple[MovieExplanation, MovieExplanation]

    @property
    def provenance(self) -> Provenance:
        """Of both explanations in one."""
        first, second = (told.provenance for told in self.reasons)
        joined = {
            field: f"{getattr(first, field)}; {getattr(second, field)}"
            for field in ("run", "method")
        }
        return first.model_copy(update=joined)

    @property
    def both(self) -> tuple[Placed, ...]:
        """What stands in both lists."""
        return tuple(m for m in self.movies if _in(m.first, self.n) and _in(m.second, self.n))

    def only(self, number: int) -> tuple[Placed, ...]:
        """What stands in one list alone, 0 or 1, in its order."""
        mine = [
            (places[number], m)
            for m in self.movies
            if _in((places := (m.first, m.second))[number], self.n)
            and not _in(places[1 - number], self.n)
        ]
        return tuple(m for _, m in sorted(mine, key=lambda one: one[0] or 0))

    @property
    def agreement(self) -> float | None:
        """Spearman's rank correlation of what the liked movies contribute by both."""
        frame = self.contributions()
        liked = frame[frame["kind"] == FILM][list(self.names)].dropna()
        if len(liked) < 3 or (liked.nunique() < 2).any():
            return None
        return float(stats.spearmanr(liked.iloc[:, 0], liked.iloc[:, 1]).statistic)

    def contributions(self) -> pd.DataFrame:
        """One row a reason: label, kind, and what it contributes by either, strongest first.

        Each column is in the points of its own recommender; empty where one does not read it.
        """
        found = [
            pd.DataFrame(
                {name: [f.relevance for f in told.features]},
                index=pd.MultiIndex.from_tuples(
                    [(f.label, f.kind) for f in told.features], names=["label", "kind"]
                ),
            )
            for name, told in zip(self.names, self.reasons, strict=True)
        ]
        frame = found[0].join(found[1], how="outer").reset_index()
        largest = [frame[name].abs().max() or 1.0 for name in self.names]
        both = frame[list(self.names)].abs().fillna(0.0) / largest
        order = both.sum(axis=1).sort_values(ascending=False, kind="stable").index
        return frame.loc[order].reset_index(drop=True)

    def sentence(self) -> str:
        """What differs, in words."""
        parts = [f"{len(self.both)} of {self.n} movies stand in both lists for {self.viewer}"]
        for number, name in enumerate(self.names):
            alone = self.only(number)
            if alone:
                some = [m.title for m in alone[:NAMED]]
                rest = len(alone) - len(some)
                some += [f"{rest} more"] if rest else []
                parts.append(f"{name} alone has {listed(some)}")
        return f"{'; '.join(parts)}. {self._why()}"

    def _why(self) -> str:
        """Whether both name the same reasons for the movie asked about."""
        strongest = [told.supports[:1] for told in self.reasons]
        title, agreed = self.reasons[0].title, self.agreement
        if not all(strongest):
            return f"For {title} nothing raises the score by one of them."
        first, second = (spoken(found[0]) for found in strongest)
        said = (
            f"For {title} both count {first} most"
            if first == second
            else f"For {title} {self.names[0]} counts {first} most, {self.names[1]} {second}"
        )
        if agreed is None:
            return f"{said}."
        kind = "much the same" if agreed >= ALIKE else "partly the same"
        kind = "other" if agreed < UNLIKE else kind
        return f"{said}; the liked movies count in {kind} order (rank correlation {agreed:.2f})."


def _in(place: int | None, n: int) -> bool:
    return place is not None and place <= n
