"""What the pictures of a listening session say, in words."""

from __future__ import annotations

from dashboard.figures.palette import counted
from dashboard.glossary import meaning
from relrec_core.explanation import DeletionTest
from relrec_core.sessions.explanation.elsewhere import Elsewhere
from relrec_core.sessions.explanation.result import (
    LANE_TITLES,
    Predicted,
    SessionAnswer,
    expert_title,
)
from relrec_core.sessions.explanation.result import lanes as lanes_of

LANE_MEANINGS = {
    "persistence": meaning("earlier actions"),
    "context": meaning("context"),
    "listener": "Favourites, popularity, earlier skips, the user.",
    "track": meaning("track facts"),
    "musical": meaning("sound"),
}

SWAPS = "larger drop than {} random swaps"


def verdict(track: Predicted) -> str:
    """Prediction and truth in a few words."""
    said = "skip" if track.predicted else "play"
    sure = track.probability if track.predicted else 1 - track.probability
    mark = "✓" if track.predicted == track.skipped else "✗"
    return f"{said} {sure:.0%} · {'skipped' if track.skipped else 'played'} {mark}"


def flip_words(test: DeletionTest, title: str) -> tuple[str, str, str]:
    """The three rows of the flip test, from the bottom; `title` is of the deciding expert."""
    others = "other inputs swapped" if test.repetitions else "nothing else to swap"
    return (f"{title} swapped", others, "original")


def flip_in_words(test: DeletionTest, title: str) -> str:
    """What the flip test does and finds; `title` is of the deciding expert."""
    said = (
        f"The model got {title} ({counted(test.removed, 'input')}) of other sessions in place of "
        f"this one’s: its confidence in the answer, {test.score:.0%}, became {test.after_top:.0%} "
        "on average"
    )
    if not test.repetitions:
        return (
            f"{said}. That is all it reads, so there are no other inputs to compare with: the "
            "drop alone is judged against chance."
        )
    return (
        f"{said}. With as many of its other inputs swapped, drawn {test.repetitions} times at "
        f"random, it became {test.after_random:.0%}, 95% between {test.low:.0%} and "
        f"{test.high:.0%}."
    )


def circumstances_in_words(elsewhere: Elsewhere) -> str:
    """The picture of other contexts and hours in words."""
    was = ", ".join(f"{name} {value}" for name, value in elsewhere.was.items())
    return (
        f"The probability of a skip in every other context and at every other hour. It was {was}: "
        f"{elsewhere.before:.0%}. {elsewhere.proof()}"
    )


def timeline_in_words(answer: SessionAnswer) -> str:
    """The timeline in words."""
    before = "; ".join(f"{t.position} {'skipped' if t.skipped else 'played'}" for t in answer.given)
    after = "; ".join(f"{t.position} {verdict(t)}" for t in answer.predicted)
    return f"Timeline of the session. Given: {before}. Predicted and what happened: {after}."


def bars_in_words(answer: SessionAnswer) -> str:
    """The stacked bars in words."""
    parts = []
    for track in answer.predicted:
        name, share = max(answer.lanes(track).items(), key=lambda pair: pair[1])
        parts.append(f"{track.position} mostly {LANE_TITLES[name].lower()}, {share:.0%}")
    return f"Stacked bars of who decided, track by track: {'; '.join(parts)}."


def lanes_in_words(answer: SessionAnswer) -> str:
    """What the summed-up parts of the bars mean."""
    lanes = lanes_of(answer.family)
    told = " ".join(f"**{LANE_TITLES[name]}**: {LANE_MEANINGS[name]}" for name in lanes)
    if len(lanes) == len(answer.family.names):
        return f"{told} "
    return (
        f"{told} Each part is the sum of all experts whose most musical input is of that kind; "
        "the headline names the largest part and what its strongest expert reads. "
    )


def hasse_in_words(answer: SessionAnswer) -> str:
    """The Hasse diagram in words."""
    track = answer.focused
    names = [expert_title(name) for name in answer.family.names]
    edges = [f"{names[j]} below {names[i]}" for j, i in answer.family.covers]
    return (
        f"Diagram of the {len(names)} experts; ‘{expert_title(track.top)}’ decided with "
        f"{track.attribution[track.top]:.0%}. {'; '.join(edges)}."
    )
