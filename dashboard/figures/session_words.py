"""What the pictures of a listening session say, in words."""

from __future__ import annotations

from relrec_core.explanation import DeletionTest
from relrec_core.sessions.explanation.result import Predicted, SessionAnswer
from relrec_core.sessions.explanation.result import lanes as lanes_of

LANE_WORDS = {
    "persistence": "Persistence",
    "context": "Context",
    "listener": "Habits",
    "track": "Track",
    "musical": "Sound",
}

LANE_MEANINGS = {
    "persistence": "what the listener did before",
    "context": "where and when",
    "listener": "favourites, popularity, earlier skips, the user",
    "track": "age, length, popularity",
    "musical": "the music itself",
}


def verdict(track: Predicted) -> str:
    """Prediction and truth in a few words."""
    said = "skip" if track.predicted else "play"
    sure = track.probability if track.predicted else 1 - track.probability
    mark = "✓" if track.predicted == track.skipped else "✗"
    return f"{said} {sure:.0%} · {'skipped' if track.skipped else 'played'} {mark}"


def flip_words(test: DeletionTest) -> tuple[str, str, str]:
    """The three rows of the flip test, from the bottom."""
    others = "others swapped" if test.repetitions else "nothing else to swap"
    return (f"its {test.removed} inputs swapped", others, "as it was")


def flip_in_words(test: DeletionTest) -> str:
    """The flip test in words."""
    if not test.repetitions:
        return (
            f"The answer given is {test.score:.0%} sure. With all inputs taken from other sessions "
            f"it is {test.after_top:.0%} sure on average. The expert reads everything, so there "
            "is nothing else to compare with."
        )
    return (
        f"The answer given is {test.score:.0%} sure. With the {test.removed} inputs of the "
        f"deciding expert taken from other sessions it is {test.after_top:.0%} sure, with inputs "
        f"drawn at random from the others {test.after_random:.0%} on average, 95 % between "
        f"{test.low:.0%} and {test.high:.0%}."
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
        parts.append(f"{track.position} mostly {LANE_WORDS[name].lower()}, {share:.0%}")
    return f"Stacked bars of who decided, track by track: {'; '.join(parts)}."


def lanes_in_words(answer: SessionAnswer) -> str:
    """What the summed-up parts of the bars mean."""
    lanes = lanes_of(answer.family)
    told = " ".join(f"{LANE_WORDS[name]}: {LANE_MEANINGS[name]}." for name in lanes)
    if len(lanes) == len(answer.family.names):
        return f"{told} "
    return (
        f"{told} Each sums up several experts, so it can be a little more than the share of the "
        "one expert that the sentence names. "
    )


def hasse_in_words(answer: SessionAnswer) -> str:
    """The Hasse diagram in words."""
    track = answer.focused
    edges = [
        f"{answer.family.names[j]} below {answer.family.names[i]}" for j, i in answer.family.covers
    ]
    return (
        f"Diagram of the {len(answer.family.names)} experts; {track.top} decided with "
        f"{track.attribution[track.top]:.0%}. {'; '.join(edges)}."
    )
