"""An explanation as a waterfall: from the base value step by step to the score."""

from __future__ import annotations

from dataclasses import dataclass

import plotly.graph_objects as go

from dashboard import escape
from dashboard.figures.drawing import INK, Trace, drawn
from dashboard.figures.palette import NEUTRAL, faded, of, plain, signed
from dashboard.figures.sankey import shortened
from relrec_core.movies.explanation.result import MovieExplanation
from relrec_core.movies.explanation.sentences import everyone

STEPS, ROW_PIXELS = 10, 29
ROOM = 56
"""For the numbers beside the bars, in pixels."""


@dataclass(frozen=True)
class WaterfallStep:
    """A bar: its label, where it begins, and how far it goes."""

    label: str
    start: float
    change: float
    colour: str
    feature: int | None = None


def steps(explanation: MovieExplanation, shown: int = STEPS) -> list[WaterfallStep]:
    """Base value, the strongest contributions of either sign, the others as one, and the score.

    Each step begins where the one before ends, and the last of them ends at the score.
    """
    found: list[WaterfallStep] = []
    at = 0.0

    def add(label: str, change: float, colour: str, feature: int | None = None) -> None:
        nonlocal at
        found.append(WaterfallStep(label, at, change, colour, feature))
        at += change

    if explanation.reference == "average":
        add(everyone(explanation), explanation.base, NEUTRAL)
    ordered = sorted(explanation.features, key=lambda f: -abs(f.relevance))
    for f in ordered[:shown]:
        add(f.label, f.relevance, of(f.relevance), f.feature)
    rest = sum(f.relevance for f in ordered[shown:])
    if ordered[shown:]:
        add(f"{len(ordered) - shown} others together", rest, of(rest))
    ledger = explanation.audit.ledger
    for label, change in (("Bias terms", ledger.bias), ("Not attributed", ledger.epsilon)):
        if change:
            add(label, change, NEUTRAL)
    return [*found, WaterfallStep("Score", 0.0, explanation.score, NEUTRAL)]


def reach(made: list[WaterfallStep]) -> tuple[float, float]:
    """What the axis has to hold: zero, and the ends of all steps."""
    ends = [step.start + step.change for step in made]
    return min(0.0, *ends), max(0.0, *ends)


def waterfall(
    explanation: MovieExplanation,
    shown: int = STEPS,
    lit: int | None = None,
    span: tuple[float, float] | None = None,
) -> go.Figure:
    """Draw the steps from the top down, each bar where the one before ended.

    `span` holds the ends of the axis where not those of the steps.
    """
    made = steps(explanation, shown)
    places = list(range(len(made)))
    ends = [step.start + step.change for step in made]
    names = [shortened(step.label) for step in made]
    lit_at = [step.feature == lit and lit is not None for step in made]
    low, high = span or reach(made)
    bars = {
        "type": "bar",
        "orientation": "h",
        "y": places,
        "x": [step.change for step in made],
        "base": [step.start for step in made],
        "width": 0.68,
        "marker": {
            "color": [
                faded(step.colour, 1 if lit is None or on else 0.4)
                for step, on in zip(made, lit_at, strict=True)
            ],
            "line": {"width": 0},
        },
        "customdata": [
            f"{escape.plotly(step.label)}: {signed(step.change, 4)}, then {plain(end, 4)}"
            for step, end in zip(made, ends, strict=True)
        ],
        "hovertemplate": "%{customdata}<extra></extra>",
    }
    layout = {
        "shapes": [_joint(i, end) for i, end in enumerate(ends[:-1])],
        "height": 50 + ROW_PIXELS * len(made),
        "margin": {"l": 8, "r": ROOM, "t": 8, "b": 42},
        "showlegend": False,
        "yaxis": {
            "range": [len(made) - 0.5, -0.5],
            "tickvals": places,
            "ticktext": [f"<b>{n}</b>" if on else n for n, on in zip(names, lit_at, strict=True)],
            "ticksuffix": "  ",
            "showgrid": False,
            "zeroline": False,
        },
        "xaxis": {
            "range": [low, high],
            "title": {"text": "score"},
            "zeroline": False,
        },
    }
    return drawn([bars, _numbers(made, ends, explanation.digits)], layout)


def _numbers(made: list[WaterfallStep], ends: list[float], digits: int) -> Trace:
    """What each step adds, and the score at the last, on the right of the bars."""
    words = [signed(step.change, digits) for step in made[:-1]]
    words.append(f"<b>{plain(made[-1].change, digits)}</b>")
    return {
        "type": "scatter",
        "mode": "text",
        "x": [max(step.start, end) for step, end in zip(made, ends, strict=True)],
        "y": list(range(len(made))),
        "text": [f"  {text}" for text in words],
        "textposition": "middle right",
        "textfont": {"color": INK, "size": 12.5},
        "cliponaxis": False,
        "hoverinfo": "skip",
    }


def _joint(row: int, at: float) -> dict[str, object]:
    """From the end of a bar down to the next."""
    line = {"color": faded(NEUTRAL, 0.8), "width": 1}
    return {"type": "line", "x0": at, "x1": at, "y0": row, "y1": row + 1, "line": line}


def waterfall_in_words(explanation: MovieExplanation, shown: int = STEPS) -> str:
    """The waterfall in words."""
    told = "; ".join(f"{s.label} {signed(s.change)}" for s in steps(explanation, shown)[:-1])
    return f"Waterfall from the base value to the score: {told}. Score {plain(explanation.score)}."
