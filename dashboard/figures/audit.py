"""The deletion test as a picture: where the score goes when reasons are taken away."""

from __future__ import annotations

import plotly.graph_objects as go

from dashboard.figures.drawing import Trace, drawn, vertical
from dashboard.figures.palette import NEUTRAL, SUPPORT, counted, faded, plain
from relrec_core.explanation import DeletionTest


def deletion_figure(
    test: DeletionTest, words: tuple[str, str, str] | None = None, axis: str = "score"
) -> go.Figure:
    """Score before, after the named reasons and after as many random ones, with its band.

    `words` name the three rows from the bottom: named reasons gone, random ones gone, untouched.
    """
    named, random, whole = words or (
        f"without the {test.removed} strongest",
        f"without {test.removed} at random",
        "original",
    )
    rows = (
        (named, test.after_top, SUPPORT, "diamond"),
        (random, test.after_random, NEUTRAL, "circle"),
        (whole, test.score, NEUTRAL, "circle"),
    )
    names = [f"{name}  <b>{plain(value)}</b>" for name, value, _, _ in rows]
    traces: list[Trace] = [
        {
            "type": "scatter",
            "x": [test.low, test.high],
            "y": [names[1]] * 2,
            "mode": "lines",
            "line": {"color": faded(NEUTRAL, 0.35), "width": 14},
            "hovertemplate": "95% of them: %{x:.3f}<extra></extra>",
        },
        {
            "type": "scatter",
            "x": [value for _, value, _, _ in rows],
            "y": names,
            "mode": "markers",
            "marker": {
                "color": [colour for _, _, colour, _ in rows],
                "symbol": [symbol for _, _, _, symbol in rows],
                "size": 13,
            },
            "cliponaxis": False,
            "hovertemplate": "%{y}<extra></extra>",
        },
    ]
    dotted = {"color": faded(NEUTRAL, 0.6), "width": 1, "dash": "dot"}
    layout = {
        "shapes": [vertical(test.score, dotted)],
        "height": 150,
        "margin": {"l": 4, "r": 16, "t": 4, "b": 8},
        "showlegend": False,
        "yaxis": {
            "categoryorder": "array",
            "categoryarray": names,
            "range": [-0.5, 2.5],
            "showgrid": False,
            "ticksuffix": "  ",
        },
        "xaxis": {"title": {"text": axis}, "zeroline": False, "nticks": 4, "tickangle": 0},
    }
    return drawn(traces, layout)


REMOVALS = "larger drop than {} random removals"


def judged(test: DeletionTest, compared: str = REMOVALS) -> tuple[bool | None, str]:
    """Whether the named reasons passed, and the words for it.

    Args:
        test: to be judged; its outcome is None where there was nothing to compare with.
        compared: what passing means; `{}` stands for how many random changes were beaten.
    """
    if not test.repetitions:
        if test.confirmed is None:
            return None, "Nothing to compare with"
        return False, "Not confirmed: the drop could be chance"
    if not test.falls:
        return False, "Not confirmed: it does not drop at all"
    beaten = round(test.beaten * test.repetitions)
    if beaten == test.repetitions:
        return True, f"Confirmed: {compared.format(f'all {beaten}')}"
    said = compared.format(f"{beaten} of {test.repetitions}")
    if test.confirmed:
        return True, f"Confirmed: {said}"
    return False, f"Not confirmed: {said} ({test.needed} needed)"


def deletion_in_words(test: DeletionTest) -> str:
    """The picture in words."""
    return (
        f"Score {plain(test.score)}; without the {counted(test.removed, 'strongest reason')} "
        f"{plain(test.after_top)}; without as many random ones {plain(test.after_random)} "
        f"on average, 95% between {plain(test.low)} and {plain(test.high)}."
    )
