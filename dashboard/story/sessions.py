"""Explanations of the sessions page as slides."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import pandas as pd
import plotly.graph_objects as go

from dashboard.figures.session_learnt import (
    NAMES,
    learnt_in_words,
    learnt_still,
    verdict_in_words,
)
from dashboard.figures.session_turns import turns
from dashboard.figures.session_words import (
    SWAPS,
    bars_in_words,
    circumstances_in_words,
    hasse_in_words,
)
from dashboard.figures.sessions import hasse, histogram
from dashboard.figures.shares import experts_in_rows, shares_in_words
from dashboard.figures.still import still
from dashboard.story.slide import ROWS, Origin, Proof, Slide, Table
from relrec_core.sessions.explanation.elsewhere import Elsewhere
from relrec_core.sessions.explanation.result import Change, SessionExplanation, expert_title
from relrec_core.sessions.model.comparison import Comparison

WIDTH = 620
"""Of a picture, in pixels."""
SHOWN = 12
"""Rows of a table."""


def _named(expert: str) -> str:
    """What an expert is called at the beginning of a row."""
    title = expert_title(expert)
    return title[:1].upper() + title[1:]


def session_slide(told: SessionExplanation, bars: go.Figure, view: str, model: str) -> Slide:
    """Who decided about a track, in the bars of the page.

    Args:
        told: the explanation.
        bars: as the page drew them.
        view: parameters of the address.
        model: SHA-256 of the model's file.
    """
    reading = "Each bar is one decision; its parts are the experts’ shares and add up to 100%."
    return _slide(
        told, still(bars, bars_in_words(told), WIDTH), bars_in_words(told), reading, view, model
    )


def experts_slide(told: SessionExplanation, view: str, model: str) -> Slide:
    """The diagram of the experts, the deciding one lit."""
    words = hasse_in_words(told)
    reading = (
        "An expert reads all that the experts below it on a line read. Simpler experts take "
        "precedence. Ringed: the one that decided."
    )
    return _slide(told, still(hasse(told), words, WIDTH), words, reading, view, model)


def _slide(
    told: SessionExplanation, picture: str, words: str, reading: str, view: str, model: str
) -> Slide:
    return Slide(
        page="sessions",
        view=view,
        asked=f"{told.title}, track {told.focused.position}",
        sentence=told.sentence(),
        picture=picture,
        words=words,
        reading=reading,
        table=_experts(told),
        proofs=(
            Proof.of_sums(shares_in_words(told.audit), [told.audit.shares, told.audit.ledger]),
            Proof.of_test(f"{_named(told.focused.top)} swapped", told.audit.deletion, SWAPS),
        ),
        origin=Origin.of(told.provenance, model),
        value=json.loads(told.to_json()),
    )


def _experts(told: SessionExplanation) -> Table:
    rows = experts_in_rows(told, _named)[:SHOWN]
    return Table(headings=("Expert", "Alone: skip", "Share"), rows=rows)


def turned_slide(
    told: SessionExplanation,
    said: tuple[str, str],
    changes: Sequence[Change],
    view: str,
    model: str,
) -> Slide:
    """What becomes of the second half where the first goes another way.

    Args:
        told: of the track that is asked about.
        said: the smallest change in words, and what is proven of it.
        changes: of all tracks of the second half.
        view: parameters of the address.
        model: SHA-256 of the model's file.
    """
    rows = [
        [f"{c.position}. {c.label}", f"{c.before:.0%}", f"{c.after:.0%}"] for c in changes[:SHOWN]
    ]
    words = "; ".join(f"{c.position} from {c.before:.0%} to {c.after:.0%}" for c in changes)
    return Slide(
        page="sessions",
        view=view,
        asked=f"{told.title}, track {told.focused.position}: what would change the answer?",
        sentence=said[0],
        picture=still(turns(changes, told.focused.position), words, WIDTH),
        words=f"The probability of a skip, track by track: {words}.",
        reading="The probability of a skip: rings before the change, points after it.",
        table=Table(headings=("Track", "Before", "After"), rows=rows),
        proofs=(Proof(said=said[1], passed=None),),
        origin=Origin.of(told.provenance, model),
        value={
            "explanation": json.loads(told.to_json()),
            "changes": [json.loads(change.to_json()) for change in changes],
        },
    )


def elsewhere_slide(
    told: SessionExplanation, elsewhere: Elsewhere, grid: go.Figure, view: str, model: str
) -> Slide:
    """What another context, hour or day would do.

    Args:
        told: of the track that is asked about.
        elsewhere: all that was tried for it.
        grid: as the page drew it.
        view: parameters of the address.
        model: SHA-256 of the model's file.
    """
    far = sorted(elsewhere.options, key=lambda o: -abs(o.probability - elsewhere.before))
    rows = [
        [", ".join(option.values.values()), f"{elsewhere.before:.0%}", f"{option.probability:.0%}"]
        for option in far[:SHOWN]
    ]
    words = circumstances_in_words(elsewhere)
    return Slide(
        page="sessions",
        view=view,
        asked=f"{told.title}, track {told.focused.position}: elsewhere or at another time?",
        sentence=elsewhere.sentence(),
        picture=still(grid, words, WIDTH),
        words=words,
        reading="Warm: it would be skipped; cool: played. Dotted: as it was. Framed: the smallest "
        "change that turns the answer, if it is one of these.",
        table=Table(headings=("Instead", "Skip before", "After"), rows=rows),
        proofs=(Proof(said=elsewhere.proof(), passed=None),),
        origin=Origin.of(told.provenance, model),
        value={
            "explanation": json.loads(told.to_json()),
            "elsewhere": json.loads(elsewhere.to_json()),
        },
    )


def learnt_slide(
    found: Comparison, decides: Mapping[str, float], conditions: str, origin: Origin, view: str
) -> Slide:
    """How well a network does that learnt from somebody's own sessions.

    Args:
        found: it beside both baselines.
        decides: the share of tracks that each expert decides.
        conditions: from how many sessions it learnt, and by how many it is judged.
        origin: where the sessions come from.
        view: parameters of the address.
    """
    rows = [
        [NAMES[name], f"{one.value:.1%}", f"{one.low:.1%} to {one.high:.1%}"]
        for name, one in found.accuracy.items()
    ]
    rows += [
        [f"decided by {expert_title(name)}", f"{share:.1%}", ""]
        for name, share in sorted(decides.items(), key=lambda pair: -pair[1])[: ROWS - len(rows)]
    ]
    return Slide(
        page="sessions",
        view=view,
        asked="A network learnt from one’s own sessions",
        sentence=verdict_in_words(found),
        picture=learnt_still(found, WIDTH),
        words=learnt_in_words(found),
        reading="A point a method, on its 95% interval.",
        table=Table(headings=("Of the last tracks", "Share", "95% between"), rows=rows),
        proofs=(Proof(said=conditions, passed=found.ahead.low > 0),),
        origin=origin,
        value={"comparison": asdict(found), "decides": dict(decides)},
    )


def many_slide(shares: pd.DataFrame, said: tuple[str, str], origin: Origin, view: str) -> Slide:
    """Who decides over many sessions.

    Args:
        shares: expert, mean, top; the largest first.
        said: which tracks these are, and how often the model is right.
        origin: where the model and the sessions come from.
        view: parameters of the address.
    """
    rows = [
        [_named(name), f"{mean:.1%}", f"{top:.1%}"]
        for name, mean, top in shares[["expert", "mean", "top"]].itertuples(index=False)
    ]
    first = shares.sort_values("mean", ascending=False).iloc[0]
    words = "; ".join(f"{row[0]} {row[1]}" for row in rows)
    return Slide(
        page="sessions",
        view=view,
        asked=f"The recommender as a whole: {said[0]}",
        sentence=f"Over {said[0]}, {expert_title(str(first['expert']))} has the largest share of "
        f"the decisions, {first['mean']:.0%} on average.",
        picture=still(histogram(shares), words, WIDTH),
        words=f"Each expert’s mean share: {words}.",
        table=Table(headings=("Expert", "Mean share", "Decides"), rows=rows[:SHOWN]),
        proofs=(Proof(said=said[1], passed=None),),
        origin=origin,
        value={"shares": shares.to_dict("list")},
    )
