"""Who decided about movies, content, user, movie or taste: the bars, and all of it in words."""

from __future__ import annotations

import html

import plotly.graph_objects as go

from dashboard.figures.audit import deletion_figure, judged
from dashboard.figures.palette import plain
from dashboard.figures.report import STYLE
from dashboard.figures.shares import Band, cut, share_bars
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
        Band(
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
        f"{named(audit.compared)}{some} taken instead: {test.after_random:.0%}, 95 % between "
        f"{test.low:.0%} and {test.high:.0%}."
    )


def named(groups: tuple[str, ...]) -> str:
    """Groups of inputs in plain words."""
    words = [GROUP_WORDS[group] for group in groups]
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def deciders_report(explanation: ExpertExplanation, figure: go.Figure) -> str:
    """The sentence, the bars, the proof and the table in one file without links."""
    audit, p = explanation.audit, explanation.provenance
    proof = deletion_figure(audit.deletion, EXCHANGED, "confidence")
    rows = "".join(
        f"<tr><td>{html.escape(expert_title(row['expert']))}</td>"
        f"<td>{html.escape(row['reads'])}</td>"
        f"<td>{row['probability']:.1%}</td><td>{row['attribution']:.1%}</td></tr>"
        for row in explanation.to_frame().to_dict("records")
    )
    sentence = html.escape(explanation.sentence())
    tested = f"{judged(audit.deletion, RESAMPLES)[1]}. {exchange_in_words(audit)}"
    return f"""<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>{sentence}</title><style>{STYLE}</style>
<h1>{sentence}</h1><h2>Who decided, movie by movie</h2>
{figure.to_html(full_html=False, include_plotlyjs=True)}
<h2>Do the contributions equal the score?</h2><p>Shares of all experts
{plain(audit.shares.features, 4)}; the experts' answers, each times its share,
{plain(audit.ledger.features, 4)}; predicted {plain(audit.ledger.score, 4)}.</p>
<h2>Does the confidence drop without its inputs?</h2><p>{html.escape(tested)}</p>
{proof.to_html(full_html=False, include_plotlyjs=False)}
<h2>Every expert</h2><table><tr><th>Expert</th><th>Reads</th><th>Alone it says yes</th>
<th>Share</th></tr>{rows}</table>
<footer>Data: {html.escape(p.dataset)} ({html.escape(p.licence)}). Model run:
{html.escape(p.run)}. Method: {html.escape(p.method)}. Made with RelRec {p.code_version}.</footer>
</html>"""
