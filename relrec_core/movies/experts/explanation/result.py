"""What an explanation by experts holds: films, who decided about each, and the proof of one."""

from __future__ import annotations

import pandas as pd

from relrec_core.experts.subsets import Family
from relrec_core.explanation import Decision, ExpertAudit, Explanation

YES = 0.5
"""Probability from which on the experts say yes."""
KNOWS = {
    "content": "only age, gender and occupation of the user, and genres and decade of the movie",
    "user": "the user’s own taste, but only genres and decade of the movie",
    "film": "this very movie, but only age, gender and occupation of the user",
    "taste": "the user’s own taste and this very movie",
}
"""What each expert reads, in plain words."""


def expert_title(expert: str) -> str:
    """What an expert is called on screen."""
    return "movie" if expert == "film" else expert


class JudgedFilm(Decision):
    """A film and what the experts say of it.

    `learnt` says that the viewer's rating of the film is among those that the experts learnt from.
    """

    item: int
    title: str
    learnt: bool

    @property
    def yes(self) -> bool:
        """Whether the answer is yes."""
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
        """The movie that is asked about."""
        return self.films[self.focus]

    def to_frame(self) -> pd.DataFrame:
        """One row an expert, of the focused film; `contribution` sums to the probability."""
        return self.focused.to_frame(self.family.experts)

    def to_table(self) -> pd.DataFrame:
        """One row a film, with the share of every expert."""
        rows = [
            {
                "movie": film.title,
                "probability": film.probability,
                "top expert": expert_title(film.top),
                **{
                    f"share of {expert_title(name)}": share
                    for name, share in film.attribution.items()
                },
                "learnt from it": film.learnt,
            }
            for film in self.films
        ]
        return pd.DataFrame(rows)

    def sentence(self) -> str:
        """The answer, and which expert made how much of the decision, in words."""
        film = self.focused
        answer, top = "yes" if film.yes else "no", expert_title(film.top)
        told = (
            f"The experts say {answer} to {film.title} for {self.viewer} (confidence "
            f"{film.sure:.0%}). {film.attribution[film.top]:.0%} of that decision is made by the "
            f"expert ‘{top}’, which knows {KNOWS[film.top]}."
        )
        if self.audit.deletion.confirmed is False:
            return f"{told} Not confirmed: the test finds no clear difference to other inputs."
        return told
