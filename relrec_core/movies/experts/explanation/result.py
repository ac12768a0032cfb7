"""What an explanation by experts holds: films, who decided about each, and the proof of one."""

from __future__ import annotations

import pandas as pd

from relrec_core.experts.subsets import Family
from relrec_core.explanation import Decision, ExpertAudit, Explanation

YES = 0.5
"""Probability from which on the experts say yes."""
KNOWS = {
    "content": "only what kind of person this is and what kind of film",
    "user": "this viewer’s own taste, but of the film only its kind",
    "film": "this very film, but of the viewer only what kind of person this is",
    "taste": "this viewer’s own taste and this very film",
}
"""What each expert reads, in plain words."""


class JudgedFilm(Decision):
    """A film and what the experts say of it.

    `learnt` says that the viewer's rating of the film is among those that the experts learnt from.
    """

    item: int
    title: str
    learnt: bool

    @property
    def yes(self) -> bool:
        return self.probability >= YES

    @property
    def sure(self) -> float:
        """Probability of the answer given."""
        return self.probability if self.yes else 1 - self.probability


class ExchangeAudit(ExpertAudit):
    """The deletion test exchanges inputs (`exchange.exchange_test`): the groups in `exchanged`
    against as many of those in `compared`."""

    exchanged: tuple[str, ...]
    compared: tuple[str, ...]


class ExpertExplanation(Explanation):
    """Who decided about each of some films; score and audit are of the one at `focus`."""

    viewer: str
    focus: int
    films: tuple[JudgedFilm, ...]
    family: Family
    audit: ExchangeAudit

    @property
    def focused(self) -> JudgedFilm:
        return self.films[self.focus]

    def to_frame(self) -> pd.DataFrame:
        """One row an expert, of the focused film; `contribution` sums to the probability."""
        return self.focused.to_frame(self.family.experts)

    def to_table(self) -> pd.DataFrame:
        """One row a film, with the share of every expert."""
        rows = [
            {
                "film": film.title,
                "probability": film.probability,
                "top expert": film.top,
                **{f"share of {name}": share for name, share in film.attribution.items()},
                "learnt from it": film.learnt,
            }
            for film in self.films
        ]
        return pd.DataFrame(rows)

    def sentence(self) -> str:
        film = self.focused
        answer = "yes" if film.yes else "no"
        return (
            f"The experts say {answer} to {film.title} for {self.viewer}, {film.sure:.0%} sure, "
            f"and {film.attribution[film.top]:.0%} of that decision is the {film.top} expert’s, "
            f"who knows {KNOWS[film.top]}."
        )
