"""What another context, hour or day would have done to one prediction, in words."""

from __future__ import annotations

from collections.abc import Sequence

from relrec_core.explanation import Value
from relrec_core.sessions.model.metrics import THRESHOLD

PLAYED_FROM, TIME, WEEKDAY = "played from", "time", "day"
CALLED = {PLAYED_FROM: "context", TIME: "hour", WEEKDAY: "day"}
"""What an input is called where another value of it is spoken of."""
_EVERY = {
    PLAYED_FROM: "played from anywhere else",
    TIME: "at any other hour",
    WEEKDAY: "on any other day",
}
_WORDS = {PLAYED_FROM: "from {}", TIME: "at {}", WEEKDAY: "on {}"}

Named = dict[str, str]
"""Input -> its value, as people read both."""


def listed(names: Sequence[str], last: str = "and") -> str:
    """Names as one reads them out: "a, b and c"."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {last} {names[-1]}"


class Option(Value):
    """Inputs with other values than they had, and the probability of a skip with them."""

    values: Named
    probability: float


class Elsewhere(Value):
    """Every other context, hour and day that was tried for one track of the second half.

    `was` is what they were at the end of the first half, `before` the probability of a skip then.
    `least` is the number in `options` of the fewest changed inputs that turn the prediction, of
    equally few those that change the probability most; None where none turn it.
    """

    track: str
    was: Named
    before: float
    options: tuple[Option, ...]
    least: int | None

    @property
    def best(self) -> Option | None:
        """The smallest change that turns the prediction."""
        return None if self.least is None else self.options[self.least]

    def turns(self, option: Option) -> bool:
        """Whether these values turn the prediction."""
        return (option.probability >= THRESHOLD) != (self.before >= THRESHOLD)

    def sentence(self) -> str:
        """What would have had to be otherwise, in words."""
        said, other = "played", "skipped"
        if self.before >= THRESHOLD:
            said, other = other, said
        best = self.best
        if best is None:
            told = [_EVERY[name] for name in self.was]
            every = listed(told, "or")
            return f"{every[:1].upper()}{every[1:]}, ‘{self.track}’ would still be {said}."
        new = " ".join(_WORDS[name].format(value) for name, value in best.values.items())
        old = " ".join(_WORDS[name].format(self.was[name]) for name in best.values)
        begin = f"Played {new}" if PLAYED_FROM in best.values else new[:1].upper() + new[1:]
        return (
            f"{begin} instead of {old}, ‘{self.track}’ would be {other}: the probability "
            f"of a skip goes from {self.before:.0%} to {best.probability:.0%}."
        )

    def proof(self) -> str:
        """What was tried, and how often it turned the prediction, in words."""
        tried: dict[tuple[str, ...], list[bool]] = {}
        for option in self.options:
            tried.setdefault(tuple(option.values), []).append(self.turns(option))
        told = [
            f"{sum(found)} of {len(found)} {_kind(names)}"
            for names, found in sorted(tried.items(), key=lambda pair: len(pair[0]))
        ]
        return f"Proven by trying, all in one pass. It is turned by {listed(told)}."


def _kind(names: tuple[str, ...]) -> str:
    called = [CALLED[name] for name in names]
    return f"other {called[0]}s" if len(called) == 1 else f"pairs of another {listed(called)}"
