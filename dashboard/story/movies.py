"""Explanations of the movies page as slides."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from dashboard.figures.comparison import contributions_in_words
from dashboard.figures.deciders import RESAMPLES, deciders_in_words
from dashboard.figures.movie_words import (
    REASON_TESTS,
    STEP_BY_STEP,
    ledger_in_words,
    themes_in_words,
)
from dashboard.figures.palette import SUPPORT, plain, signed
from dashboard.figures.ranking_change import (
    QUIET,
    lines_in_words,
    ranking_change,
    ranking_change_in_words,
    ranking_lines,
)
from dashboard.figures.report import strongest
from dashboard.figures.shares import experts_in_rows, shares_in_words
from dashboard.figures.still import still
from dashboard.story.slide import Origin, Proof, Slide, Table
from relrec_core.explanation import Ledger
from relrec_core.movies.experts.explanation.result import ExpertExplanation, expert_title
from relrec_core.movies.explanation.comparison import Comparison
from relrec_core.movies.explanation.result import Counterfactual, Move, MovieExplanation, Shift
from relrec_core.movies.model.ranking import Recommender

RISEN = (SUPPORT, 3)
SHOWN = 9
"""Reasons in a table."""
WIDTH, LISTED = 620, 480
"""Of a picture, in pixels: of bars and flows, and of a list."""


def movie_slide(
    told: MovieExplanation, figure: go.Figure, words: str, view: str, model: str
) -> Slide:
    """Why a movie, or why it rather than another.

    Args:
        told: the explanation.
        figure: as the page drew it.
        words: the figure in words.
        view: parameters of the address.
        model: SHA-256 of the model's file.
    """
    audit = told.audit
    tests = {"Replaced": audit.replacement, "Removed": audit.deletion}
    proofs = [
        Proof.of_test(f"Strongest reasons {name.lower()}", test, REASON_TESTS[name].compared)
        for name, test in tests.items()
        if test is not None
    ]
    frame = told.to_frame()
    rows = strongest(([str(label)] for label in frame["label"]), frame["relevance"], SHOWN, 2)
    falls = figure.data[0].type != "sankey"
    base = told.reference == "average" and not falls
    rather = f", rather than {told.against}" if told.against else ""
    return Slide(
        page="movies",
        view=view,
        asked=f"{told.title}{rather}, for {told.viewer}",
        sentence=told.sentence(),
        picture=still(figure, words, 660),
        words=words,
        reading=STEP_BY_STEP if falls else themes_in_words(told) if base else "",
        table=Table(headings=("Reason", "Points"), rows=[*rows, ["Score", plain(told.score)]]),
        proofs=(Proof.of_sums(ledger_in_words(told), [audit.ledger]), *proofs),
        origin=Origin.of(told.provenance, model),
        value=json.loads(told.to_json()),
    )


def change_slide(told: Counterfactual, view: str, model: str) -> Slide:
    """The smallest change that changes the answer."""
    words = ranking_change_in_words(told)
    liked = "Liked as well" if told.aim == "into" else "Not liked any more"
    named = [[title, ""] for title in told.movies[:SHOWN]]
    if len(told.movies) > SHOWN:
        named.append([f"{len(told.movies) - SHOWN} more", ""])
    moves = [[f"Place of {told.title}", f"{told.place.before} → {told.place.after}"]]
    return Slide(
        page="movies",
        view=view,
        asked=f"{told.title}, for {told.viewer}: what would change the answer?",
        sentence=told.sentence(),
        picture=still(ranking_change(told), words, LISTED),
        words=words,
        reading="A line a movie: its place before the change on the left, after it on the right.",
        table=Table(headings=(liked, "Place"), rows=[*named, *moves]),
        proofs=(Proof(said=f"{told.standing()}. {told.means()}", passed=told.proven or None),),
        origin=Origin.of(told.provenance, model),
        value=json.loads(told.to_json()),
    )


def changed_slide(who: str, said: str, moves: Sequence[Move], origin: Origin, view: str) -> Slide:
    """The list of a user whose profile is changed by hand.

    Args:
        who: is recommended to.
        said: what is changed.
        moves: the new list, with each movie's place before.
        origin: where the model comes from.
        view: parameters of the address.
    """
    shifts = [Shift(item=m.item, title=m.title, before=m.before, after=m.after) for m in moves]
    words, first = lines_in_words(shifts), moves[0]
    was = f"place {first.before} before" if first.before else "not in the list before"
    same = "still stands first" if first.before == 1 else f"stands first ({was})"
    rows = [
        [m.title, "–" if m.before is None else f"{m.before}", f"{m.after}", plain(m.score)]
        for m in moves[: SHOWN + 3]
    ]
    return Slide(
        page="movies",
        view=view,
        asked=f"{who}: what if?",
        sentence=f"{said}, {first.title} {same}.",
        picture=still(
            ranking_lines(shifts, lambda shift: RISEN if _risen(shift) else QUIET), words, LISTED
        ),
        words=words,
        reading="A line a movie: its place before the change on the left, after it on the right; "
        "in colour what rises.",
        table=Table(headings=("Movie", "Before", "After", "Score"), rows=rows),
        proofs=(Proof(said="The profile was made again with this change.", passed=None),),
        origin=origin,
        value={"changed": said, "moves": [json.loads(move.to_json()) for move in moves]},
    )


def _risen(shift: Shift) -> bool:
    return shift.before is None or (shift.after is not None and shift.after < shift.before)


def comparison_slide(found: Comparison, figure: go.Figure, view: str, model: str) -> Slide:
    """Two recommenders for one user."""
    words = contributions_in_words(found, SHOWN)
    places = [
        [m.title, *("–" if place is None else f"{place:,}" for place in (m.first, m.second))]
        for m in found.movies[: SHOWN + 3]
    ]
    return Slide(
        page="movies",
        view=view,
        asked=f"{' and '.join(found.names)}, for {found.viewer}",
        sentence=found.sentence(),
        picture=still(figure, words, WIDTH),
        words=words,
        reading=f"Why {found.reasons[0].title}: what it gets from each reason, divided by the "
        "largest contribution of either recommender.",
        table=Table(headings=("Movie", *found.names), rows=places),
        proofs=tuple(
            Proof.of_sums(f"{name}: {ledger_in_words(told)}", [told.audit.ledger])
            for name, told in zip(found.names, found.reasons, strict=True)
        ),
        origin=Origin.of(found.provenance, model),
        value=json.loads(found.to_json()),
    )


def deciders_slide(told: ExpertExplanation, figure: go.Figure, view: str, model: str) -> Slide:
    """Which expert of the second model decided."""
    words = deciders_in_words(told)
    deciding = expert_title(told.focused.top)
    return Slide(
        page="movies",
        view=view,
        asked=f"{told.focused.title}, for {told.viewer}: which expert decided?",
        sentence=told.sentence(),
        picture=still(figure, words, WIDTH),
        words=words,
        reading="Each bar is one decision; its parts are the experts’ shares and add up to 100%.",
        table=Table(
            headings=("Expert", "Alone: yes", "Share"), rows=experts_in_rows(told, expert_title)
        ),
        proofs=(
            Proof.of_sums(shares_in_words(told.audit), [told.audit.shares, told.audit.ledger]),
            Proof.of_test(f"Inputs of ‘{deciding}’ replaced", told.audit.deletion, RESAMPLES),
        ),
        origin=Origin.of(told.provenance, model),
        value=json.loads(told.to_json()),
    )


def whole_slide(
    sentence: str,
    who: str,
    figure: go.Figure,
    parts: pd.Series,
    ledger: Ledger,
    origin: Origin,
    view: str,
) -> Slide:
    """What weighs in the recommendations to all users; `parts` are mean points by name."""
    words = "; ".join(f"{name} {signed(value)}" for name, value in parts.items())
    rows = [[str(name), signed(value)] for name, value in parts.items()]
    base = ["Base value, which anyone gets", signed(ledger.base)]
    return Slide(
        page="movies",
        view=view,
        asked=f"The recommender as a whole: {who}",
        sentence=sentence,
        picture=still(figure, words, WIDTH),
        words=f"Mean points of a recommended movie by part: {words}",
        reading="Mean points of a recommended movie beyond the base value, by part.",
        table=Table(
            headings=("Part", "Points, mean"),
            rows=[base, *rows[: SHOWN + 3], ["Mean score", plain(ledger.score)]],
        ),
        proofs=(
            Proof.of_sums(
                f"Base value {plain(ledger.base, 3)}, all parts {signed(ledger.features, 3)}. "
                f"Mean score {plain(ledger.score, 3)}.",
                [ledger],
            ),
        ),
        origin=origin,
        value={
            "users": who,
            "parts": {str(name): float(value) for name, value in parts.items()},
            "ledger": json.loads(ledger.to_json()),
        },
    )


def model_origin(recommender: Recommender, model: str, method: str) -> Origin:
    """Where an answer of the whole model comes from; `model` is the SHA-256 of its file."""
    return Origin.made(recommender.data, recommender.run, model, method)


def lime_slide(
    told: MovieExplanation,
    figure: go.Figure,
    measured: Sequence[tuple[str, str]],
    weights: pd.DataFrame,
    view: str,
    model: str,
) -> Slide:
    """LIME beside the exact contributions.

    Args:
        told: what LIME was asked about.
        figure: both weights of each reason.
        measured: what was found, with its numbers.
        weights: Reason, RelRec, LIME: all of them.
        view: parameters of the address.
        model: SHA-256 of the model's file.
    """
    numbers = dict(measured)
    words = "; ".join(f"{name} {value}" for name, value in measured)
    return Slide(
        page="movies",
        view=view,
        asked=f"{told.title}, for {told.viewer}: LIME beside the exact contributions",
        sentence=f"LIME and the exact contributions of {told.title} for {told.viewer}: "
        f"rank correlation {numbers['Rank correlation']}.",
        picture=still(figure, words, WIDTH),
        words=f"The strongest reasons by both methods. {words}",
        reading="Each method’s weights are divided by its largest one.",
        table=Table(headings=("Measured", "Value"), rows=[list(row) for row in measured]),
        proofs=(Proof.of_sums(ledger_in_words(told), [told.audit.ledger]),),
        origin=Origin.of(told.provenance, model),
        value={"measured": numbers, "weights": weights.to_dict("list")},
    )
