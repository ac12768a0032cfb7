"""Who decided about movies, content, user, movie or taste: the bars, and all of it in words."""

from __future__ import annotations

import plotly.graph_objects as go

from dashboard.figures.audit import deletion_figure, judged
from dashboard.figures.report import HALF, beside, page, paragraph, section, table
from dashboard.figures.shares import ShareBand, cut, experts_in_rows, share_bars, shares_in_words
from dashboard.figures.still import still
from relrec_core.movies.experts.explanation.result import (
    ExchangeAudit,
    ExpertExplanation,
    JudgedFilm,
    expert_title,
)

LOOKS = {
    "content": ("#8a8577", ""),
    "user": ("#4c9a6a", "/"),
    "film": ("#b04f7e", "."),
    "taste": ("#6b5bb5", "x"),
}
"""Colour and pattern of each expert."""

GROUP_WORDS = {
    "viewer content": "age, gender and occupation",
    "viewer taste": "the user’s own taste",
    "film content": "genres and decade",
    "film taste": "the movie itself",
}


def deciders(explanation: ExpertExplanation) -> go.Figure:
    """For every movie who decided: a stacked bar, all shares sum to 1."""
    films = explanation.films
    bands = [
        ShareBand(
            expert_title(name).capitalize(),
            *LOOKS[name],
            [film.attribution[name] for film in films],
        )
        for name in explanation.family.names
    ]
    return share_bars([(cut(f.title), verdict(f)) for f in films], bands, explanation.focus)


def verdict(film: JudgedFilm) -> str:
    """The answer and who gave it, in a few words."""
    return f"{'yes' if film.yes else 'no'} {film.sure:.0%} · {expert_title(film.top)}"


def deciders_in_words(explanation: ExpertExplanation) -> str:
    """The bars in words."""
    parts = [
        f"{f.title}, {'yes' if f.yes else 'no'}, mostly {expert_title(f.top)}, "
        f"{f.attribution[f.top]:.0%}"
        for f in explanation.films
    ]
    return f"Stacked bars of who decided, movie by movie: {'; '.join(parts)}."


EXCHANGED = ("its inputs replaced", "others replaced", "original")
RESAMPLES = "larger drop than other inputs in {} resamples"
"""The three rows of the exchange test, from the bottom."""


def exchange_in_words(audit: ExchangeAudit) -> str:
    """The exchange test in words."""
    test = audit.deletion
    some = "" if len(audit.compared) == test.removed else f" ({test.removed} of these)"
    return (
        f"Confidence in the answer: {test.score:.0%}. With {named(audit.exchanged)} taken from "
        f"another user or movie at random: {test.after_top:.0%} on average, with "
        f"{named(audit.compared)}{some} taken instead: {test.after_random:.0%}, 95% between "
        f"{test.low:.0%} and {test.high:.0%}."
    )


def named(groups: tuple[str, ...]) -> str:
    """Groups of inputs in plain words."""
    words = [GROUP_WORDS[group] for group in groups]
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def deciders_report(explanation: ExpertExplanation, figure: go.Figure, link: str) -> str:
    """The sentence, the bars, the proof and the table in one file."""
    audit = explanation.audit
    words = exchange_in_words(audit)
    proof = still(deletion_figure(audit.deletion, EXCHANGED, "confidence"), words, HALF)
    rows = experts_in_rows(explanation, expert_title)
    tested = paragraph(f"{judged(audit.deletion, RESAMPLES)[1]}. {words}")
    parts = (
        section("Who decided, movie by movie", still(figure, deciders_in_words(explanation))),
        section("Do the contributions equal the score?", paragraph(shares_in_words(audit))),
        section("Does the confidence drop without its inputs?", beside(proof, tested)),
        section("Every expert", table(("Expert", "Alone it says yes", "Share"), rows)),
    )
    return page(explanation, parts, link)
